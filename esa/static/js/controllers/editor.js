// The editor around a plain form: source and preview side by side, saving without leaving, and a journal for what is not
// saved yet. Its parts are in js/editor; the words come from the server.
import { ChangeSet } from "bundles/editor"
import { commands } from "editor/commands"
import { difference } from "editor/difference"
import { Journal } from "editor/journal"
import { createPreview } from "editor/preview"
import { createSaver } from "editor/saver"
import { linkScroll } from "editor/scroll"
import { createSource } from "editor/source"
import { composing, mac } from "lib/keys"
import { say } from "lib/live"

const number = new Intl.NumberFormat(document.documentElement.lang)
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" })
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "")

export default function editor(form, signal) {
  const part = (name) => document.querySelector(`[data-part="${name}"]`)
  const words = JSON.parse(form.querySelector('script[type="application/json"]').textContent)
  const { title, message, base_number: base, body_md: textarea } = form.elements
  const journal = new Journal(form.dataset, signal)
  let saved = { title: title.value, body: "touched" in form.dataset ? null : textarea.value }
  let typedSince = null, sentDoc = null, leaving = false, timer

  const text = () => ({ title: title.value, body_md: textarea.value, message: message.value, base_number: base.value })
  const dirty = () => textarea.value !== saved.body || title.value !== saved.title

  // --- Source and preview ---------------------------------------------------------------------------------------------

  const view = createSource(textarea, {
    words, label: form.dataset.label, hint: form.dataset.placeholder, completionsUrl: form.dataset.completionsUrl,
    upload: form.dataset.uploadUrl ? (files) => form.dispatchEvent(new CustomEvent("upload", { detail: { files, view } })) : null,
    refuse: () => notice(words.no_images),
    changed(update) {
      if (typedSince) typedSince = typedSince.compose(update.changes)
      changed()
      preview.soon(textarea.value)
    },
    save: () => save(true),
    ship: () => save(false),
  })
  const preview = createPreview(part("rendered"), {
    url: form.dataset.previewUrl,
    shown({ tasks_count: count, done_tasks_count: done, broken }) {
      part("nothing").hidden = Boolean(textarea.value.trim())
      part("rendered").classList.remove("is-stale")
      tasks = count ? fill(words.tasks, { done, count }) : ""
      missing = broken?.length ? fill(words.broken, { numbers: broken.map((each) => `#${each}`).join(", ") }) : ""
      showCounts()
      scroll.follow()
    },
    failed(problem) {
      part("rendered").classList.add("is-stale")
      part("rendered").title = problem ?? words.preview_failed
    },
  })
  const scroll = linkScroll(view, part("preview"), part("rendered"), signal)
  let tasks = ""
  let missing = ""

  function showCounts() {
    const count = textarea.value.length
    const limit = Number(form.dataset.limit)
    const length = fill(count > limit ? words.too_long : words.characters, { count: number.format(count), limit: number.format(limit) })
    part("counts").textContent = [missing, length, tasks].filter(Boolean).join(" · ")
    part("counts").classList.toggle("is-too-much", count > limit)
  }

  function changed() {
    showCounts()
    if (!dirty()) {
      receipt(lastReceipt, "saved", lastUrl)
      clearTimeout(timer)
      return journal.drop()
    }
    if (!saver.running) receipt(words.unsaved, "unsaved")
    clearTimeout(timer)
    timer = setTimeout(keep, 250)
  }
  const keep = () => dirty() && journal.keep({ ...text(), unanswered: [...saver.unanswered] })

  // --- The receipt ----------------------------------------------------------------------------------------------------

  let lastReceipt = "", lastUrl = ""
  function receipt(line, state = "", url = "") {
    const place = part("receipt")
    if (place.dataset.state === state && place.dataset.line === line) return
    Object.assign(place.dataset, { state, line })
    place.className = `receipt${state ? ` receipt--${state}` : ""}`
    place.textContent = line
    if (url) place.append(" ", Object.assign(document.createElement("a"), { href: url, textContent: words.view, className: "link" }))
  }
  function notice(line) {
    receipt(line, "unsaved")
    say(line)
  }
  function fail(line, { help, helpUrl, again = true } = {}) {
    part("failure-text").textContent = line
    part("retry").hidden = !again
    Object.assign(part("failure-help"), { hidden: !helpUrl, href: helpUrl || "#", textContent: help ?? "" })
    part("failure").hidden = false
    receipt(words.unsaved, "unsaved")
    busy(null)
  }
  function busy(wish) {
    for (const [name, wip] of [["save", true], ["ship", false]]) {
      wish?.wip === wip ? part(name).setAttribute("aria-busy", "true") : part(name).removeAttribute("aria-busy")
    }
  }

  // --- Saving ---------------------------------------------------------------------------------------------------------

  let shipped = form.dataset.shipped === "true", lastWish = { wip: true }
  const saver = createSaver({
    address: () => form.action,
    fields: text,
    before(wish) {
      lastWish = wish
      sentDoc = view.state.doc
      typedSince = ChangeSet.empty(sentDoc.length)
      receipt(wish.wip ? words.saving : words.shipping)
      busy(wish)
      keep()
    },
    done(told, sent, wish) {
      if (told.merged) takeOver(told.edits)
      typedSince = null
      base.value = told.revision
      if (title.value === sent.title) title.value = told.title
      if (message.value === sent.message) message.value = ""
      saved = { title: sent.title === title.value ? sent.title : told.title, body: told.merged ? told.body_md : sent.body_md.replace(/\r\n?/g, "\n") }
      shipped = !told.wip
      part("failure").hidden = true
      part("state").replaceChildren(...(told.wip ? [Object.assign(document.createElement("span"), { className: "badge badge--wip", textContent: "WIP" })] : []))
      journal.drop()
      journal.settle(told.number)
      if (form.action !== new URL(told.edit_url, location.href).href) {
        form.setAttribute("action", told.edit_url)
        history.replaceState(history.state, "", told.edit_url)
      }
      document.querySelector('[data-dialog="templates"]')?.remove()
      busy(null)
      ;[lastReceipt, lastUrl] = [told.receipt, told.url]
      if (!wish.wip && !dirty()) return leave(told)
      dirty() ? changed() : receipt(told.receipt, "saved", told.url)
    },
    refused(told, wish) {
      if (told.error !== "clash") return fail(told.message, { again: told.error !== "invalid", help: told.error === "gone" ? words.to_bin : words.sign_in, helpUrl: told.help_url })
      // Both texts come together on the server's page; the journal's entry goes there with them.
      sessionStorage.setItem("esa-draft", journal.id)
      leaving = true
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "wip", value: String(wish.wip) }))
      keep().then(() => HTMLFormElement.prototype.submit.call(form))
    },
    failed: (kind) => fail(words[kind]),
  })

  // What the server has already, in the state that is wanted, is not saved again.
  function save(wip) {
    if (dirty() || shipped === wip || !lastReceipt) saver.save({ wip })
  }
  // What others wrote comes in around the cursor and around what was typed meanwhile.
  function takeOver(edits) {
    const changes = edits.map(({ from, to, lines }) => {
      const atEnd = to >= sentDoc.lines
      const start = from < sentDoc.lines ? sentDoc.line(from + 1).from : sentDoc.length
      if (atEnd) {
        const before = from > 0 ? start - (from < sentDoc.lines ? 1 : 0) : 0
        return { from: before, to: sentDoc.length, insert: (from > 0 && lines.length ? "\n" : "") + lines.join("\n") }
      }
      return { from: start, to: sentDoc.line(to + 1).from, insert: lines.map((line) => `${line}\n`).join("") }
    })
    view.dispatch({ changes: ChangeSet.of(changes, sentDoc.length).map(typedSince), userEvent: "merge" })
  }
  function leave(told) {
    leaving = true
    part("ship").classList.add("is-shipped")
    part("ship").lastChild.textContent = ` ${words.shipped}`
    say(told.receipt)
    journal.after(() => setTimeout(() => location.assign(told.url), 450))
  }

  // --- Text from before -----------------------------------------------------------------------------------------------

  async function offer() {
    const entry = await journal.orphan()
    if (!entry || signal.aborted) return void (part("draft").hidden = true)
    if (entry.body_md === textarea.value && entry.title === title.value) return journal.drop(entry.id).then(offer)
    part("draft-text").textContent = fill(words.draft, { time: clock.format(entry.at) })
    part("draft").hidden = false
    part("draft-show").onclick = () => showDifference(entry)
    part("draft-take").onclick = async () => {
      part("draft").hidden = true
      Object.assign(title, { value: entry.title })
      Object.assign(message, { value: entry.message ?? "" })
      if (entry.base_number) base.value = entry.base_number
      saver.unanswered.push(...(entry.unanswered ?? []))
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: entry.body_md }, userEvent: "input.restore" })
      changed()
      await keep()
      journal.drop(entry.id)
      view.focus()
    }
    part("draft-drop").onclick = () => journal.drop(entry.id).then(offer)
  }
  function showDifference(entry) {
    const rows = difference(`${title.value}\n\n${textarea.value}`, `${entry.title}\n\n${entry.body_md}`)
    part("draft-diff").replaceChildren(...rows.map(({ sign, text, gap }) => {
      const row = document.createElement("tr")
      row.className = `diff__row${gap ? " diff__row--gap" : sign === "+" ? " diff__row--add" : sign === "-" ? " diff__row--del" : ""}`
      if (gap) row.insertCell().colSpan = 2
      else for (const [name, content] of [["sign", sign], ["text", text]]) Object.assign(row.insertCell(), { className: `diff__${name}`, textContent: content })
      if (gap) row.cells[0].textContent = "⋯"
      return row
    }))
    document.getElementById("draft").showModal()
  }

  // --- Keys, buttons, leaving -----------------------------------------------------------------------------------------

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    save(event.submitter?.value !== "false")
  }, { signal })
  part("retry").addEventListener("click", () => saver.save(lastWish), { signal })
  addEventListener("online", () => !part("failure").hidden && lastWish.wip && saver.save(lastWish), { signal })
  for (const type of ["input", "change"]) title.addEventListener(type, changed, { signal })

  document.addEventListener("keydown", (event) => {
    if (composing(event) || event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return
    const mod = mac ? event.metaKey : event.ctrlKey
    if (mod && event.key === "s") save(true)
    else if (mod && event.key === "Enter") save(false)
    else if (event.key === "Enter" && !mod && event.target === title) view.focus()
    else if (event.key === "Enter" && !mod && event.target === message) return event.preventDefault()
    else return
    event.preventDefault()
  }, { signal })

  const toolbar = form.querySelector(".toolbar")
  toolbar.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault(), { signal })
  toolbar.addEventListener("click", ({ target }) => {
    const button = target.closest("button")
    if (button?.dataset.view) show(button.dataset.view, true)
    else if (button) {
      commands[button.dataset.command](view, words)
      view.focus()
    }
  }, { signal })
  rove(toolbar, signal)

  const narrow = matchMedia("(width < 60rem)")
  function show(wanted, chosen) {
    const now = narrow.matches && wanted === "split" ? "source" : wanted
    form.dataset.view = now
    for (const button of toolbar.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === now))
    if (chosen && !narrow.matches) localStorage.setItem("editor-view", wanted)
    view.requestMeasure()
    scroll.lead()
    scroll.follow()
  }
  const usual = () => show(narrow.matches ? "source" : (localStorage.getItem("editor-view") ?? "split"))
  narrow.addEventListener("change", usual, { signal })

  addEventListener("beforeunload", (event) => {
    if (leaving || !dirty()) return
    keep()
    event.preventDefault()
  }, { signal })
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && !leaving && keep(), { signal })
  signal.addEventListener("abort", () => (saver.stop(), view.destroy()))

  if (mac) for (const each of form.querySelectorAll('[title*="Ctrl+"]')) each.title = each.title.replace("Ctrl+", "⌘").replace("Shift+", "⇧")
  usual()
  showCounts()
  preview.now(textarea.value)
  offer()
  if (dirty()) changed()
  if (document.activeElement === textarea || (!document.activeElement?.matches("input, button, a") && title.value)) view.focus()
  else if (title.value.endsWith("/")) title.setSelectionRange(title.value.length, title.value.length)
  form.dataset.ready = ""
}

// One stop for Tab; arrows move inside.
function rove(toolbar, signal) {
  const buttons = [...toolbar.querySelectorAll("button")]
  buttons.forEach((button, index) => (button.tabIndex = index ? -1 : 0))
  toolbar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const shown = buttons.filter((button) => button.checkVisibility())
    const from = shown.indexOf(document.activeElement)
    if (!step || from < 0) return
    event.preventDefault()
    const next = shown.at((from + step) % shown.length)
    buttons.forEach((button) => (button.tabIndex = button === next ? 0 : -1))
    next.focus()
  }, { signal })
}

// Settling a clash: a button puts one side, or both, in place of the marks in the text below. The text is journalled
// here, too, until the server has it.
import { Journal } from "editor/journal"
import { createSaver } from "editor/saver"

export default function conflict(form, signal) {
  const { title, message, base_number: base, body_md: textarea } = form.elements
  const left = form.querySelector('[data-part="left"]')
  const failure = form.querySelector('[data-part="failure"]')
  const places = [...form.querySelectorAll("[data-place]")].map((section) => {
    return { section, state: section.querySelector(".merge__state"), ...JSON.parse(section.querySelector("script").textContent) }
  })
  const journal = new Journal(form.dataset, signal)
  const earlier = sessionStorage.getItem("esa-draft") // of the editor that led here
  const text = () => ({ title: title.value, body_md: textarea.value, message: message.value, base_number: base.value })
  const keep = () => journal.keep(text())
  let leaving = false, timer

  function count() {
    const open = places.filter(({ block }) => textarea.value.includes(block)).length
    for (const { section, block, state } of places) {
      const settled = !textarea.value.includes(block)
      section.classList.toggle("is-settled", settled)
      state.textContent = settled ? (section.dataset.taken ? form.dataset.taken : form.dataset.edited) : ""
      section.querySelectorAll("[data-take]").forEach((button) => (button.disabled = settled))
    }
    left.textContent = open || !places.length ? "" : form.dataset.none
  }
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-take]")
    const place = button && places.find(({ section }) => section.contains(button))
    if (!place) return
    const chosen = { mine: [place.mine], theirs: [place.theirs], both: [place.mine, place.theirs] }[button.dataset.take].filter(Boolean).join("\n")
    const at = textarea.value.indexOf(place.block)
    if (at < 0) return
    const end = at + place.block.length + (chosen ? 0 : 1)
    textarea.setRangeText(chosen, at, end, "select")
    place.section.dataset.taken = "true"
    changed()
  }, { signal })
  function changed() {
    count()
    clearTimeout(timer)
    timer = setTimeout(keep, 250)
  }
  form.addEventListener("input", changed, { signal })

  const submit = (wip) => {
    leaving = true
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "wip", value: String(wip) }))
    keep().then(() => {
      sessionStorage.setItem("esa-draft", journal.id)
      HTMLFormElement.prototype.submit.call(form)
    })
  }
  const saver = createSaver({
    address: () => form.action,
    fields: () => ({ ...text(), resolving: "1", ...(form.elements.keep_marks?.checked && { keep_marks: "on" }) }),
    before: () => form.querySelectorAll("[name=wip]").forEach((button) => button.setAttribute("aria-busy", "true")),
    async done(told) {
      leaving = true
      sessionStorage.removeItem("esa-draft")
      await journal.drop()
      if (earlier) await journal.drop(earlier)
      location.assign(told.url)
    },
    // The server's page says what is wrong, or shows the next clash; it has the text.
    refused: (_told, { wip }) => submit(wip),
    failed() {
      failure.hidden = false
      form.querySelectorAll("[name=wip]").forEach((button) => button.removeAttribute("aria-busy"))
    },
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    saver.save({ wip: event.submitter?.value !== "false" })
  }, { signal })
  addEventListener("beforeunload", (event) => !leaving && event.preventDefault(), { signal })
  signal.addEventListener("abort", () => saver.stop())

  keep().then(() => earlier && journal.drop(earlier))
  count()
}

// Suggestions under a text field (listbox pattern): asks data-url?q=… and takes [{value, label, hint}] or [string].
// data-list of the same shape may be given in place of an address; data-submit sends the form when one is chosen.
import { get } from "lib/http"
import { composing } from "lib/keys"

export default function autocomplete(input, signal) {
  const list = document.createElement("ul")
  let options = [], active = -1, timer, asked
  Object.assign(list, { id: `${input.id || input.name}-options`, role: "listbox", className: "options", hidden: true })
  list.setAttribute("aria-label", input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent ?? "")
  for (const [name, value] of Object.entries({ role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value)
  input.after(list)

  const close = () => show([])
  function show(found) {
    options = found.map((each) => (typeof each === "string" ? { value: each } : each))
    list.replaceChildren(...options.map(option))
    list.hidden = !options.length
    input.setAttribute("aria-expanded", String(!list.hidden))
    mark(-1)
  }
  function mark(index) {
    active = index
    ;[...list.children].forEach((item, at) => item.setAttribute("aria-selected", at === index))
    list.children[index]?.scrollIntoView({ block: "nearest" })
    index < 0 ? input.removeAttribute("aria-activedescendant") : input.setAttribute("aria-activedescendant", list.children[index].id)
  }
  function choose(index) {
    input.value = options[index].value
    close()
    input.dispatchEvent(new Event("change", { bubbles: true }))
    if ("submit" in input.dataset) input.form.requestSubmit()
  }
  async function ask() {
    const q = input.value.trim()
    asked?.abort()
    asked = new AbortController()
    if (!q && !("empty" in input.dataset)) return close()
    const answer = await get(`${input.dataset.url}?${new URLSearchParams({ q })}`, { signal: asked.signal }).catch(() => null)
    if (answer?.ok && document.activeElement === input) show(await answer.json())
  }
  const option = ({ value, label, hint }, at) => {
    const item = Object.assign(document.createElement("li"), { id: `${list.id}-${at}`, role: "option", className: "options__item", textContent: label ?? value })
    if (hint) item.append(Object.assign(document.createElement("small"), { textContent: hint }))
    return item
  }
  const soon = () => (clearTimeout(timer), (timer = setTimeout(ask, 120)))
  input.addEventListener("input", (event) => !event.isComposing && soon(), { signal })
  input.addEventListener("compositionend", soon, { signal })
  input.addEventListener("blur", close, { signal })
  list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal })
  list.addEventListener("click", ({ target }) => choose([...list.children].indexOf(target.closest("li"))), { signal })
  input.addEventListener("keydown", (event) => {
    if (composing(event) || list.hidden) return
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (move) mark(active + move >= options.length ? -1 : active + move < -1 ? options.length - 1 : active + move)
    else if (event.key === "Enter" && active >= 0) choose(active)
    else if (event.key === "Escape") close()
    else return
    event.preventDefault()
  }, { signal })
}

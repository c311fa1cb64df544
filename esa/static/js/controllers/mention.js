// Names in a text field: after @ it suggests members (data-url?q=…, named by data-names), and puts the chosen one in.
import { get } from "lib/http"
import { composing } from "lib/keys"

const BEGUN = /(^|\s)@([\w-]{0,38})$/

export default function mention(field, signal) {
  const list = Object.assign(document.createElement("ul"), { id: `${field.id}-names`, className: "options", hidden: true })
  list.setAttribute("role", "listbox")
  list.setAttribute("aria-label", field.dataset.names)
  field.setAttribute("aria-controls", list.id)
  field.after(list)
  let options = [], active = 0, asked, timer

  const close = () => ((list.hidden = true), (options = []), field.removeAttribute("aria-activedescendant"))
  const mark = (at) => {
    active = at
    ;[...list.children].forEach((item, index) => item.setAttribute("aria-selected", index === at))
    field.setAttribute("aria-activedescendant", `${list.id}-${at}`)
  }
  async function ask() {
    const begun = BEGUN.exec(field.value.slice(0, field.selectionStart))
    asked?.abort()
    if (!begun) return close()
    asked = new AbortController()
    const answer = await get(`${field.dataset.url}?${new URLSearchParams({ q: begun[2] })}`, { signal: asked.signal }).catch(() => null)
    if (!answer?.ok || document.activeElement !== field) return
    options = await answer.json()
    list.replaceChildren(...options.map(({ label, hint }, at) => {
      const item = Object.assign(document.createElement("li"), { id: `${list.id}-${at}`, className: "options__item", textContent: label })
      item.setAttribute("role", "option")
      item.append(Object.assign(document.createElement("small"), { textContent: hint }))
      return item
    }))
    list.hidden = !options.length
    if (options.length) mark(0)
  }
  function choose(at) {
    const head = field.value.slice(0, field.selectionStart).replace(BEGUN, `$1${options[at].value} `)
    field.value = head + field.value.slice(field.selectionStart)
    field.setSelectionRange(head.length, head.length)
    close()
    field.dispatchEvent(new Event("input", { bubbles: true }))
  }
  field.addEventListener("input", () => (clearTimeout(timer), (timer = setTimeout(ask, 100))), { signal })
  field.addEventListener("blur", close, { signal })
  list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal })
  list.addEventListener("click", ({ target }) => choose([...list.children].indexOf(target.closest("li"))), { signal })
  field.addEventListener("keydown", (event) => {
    if (list.hidden || composing(event)) return
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (move) mark((active + move + options.length) % options.length)
    else if (event.key === "Enter" || event.key === "Tab") choose(active)
    else if (event.key === "Escape") close()
    else return
    event.preventDefault()
  }, { signal })
}

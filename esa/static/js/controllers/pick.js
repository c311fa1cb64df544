// Arrow keys in a field walk through the links of the element named by data-list, Enter follows the marked one. The
// list may be filled again at any time; its first link is marked then.
import { composing } from "lib/keys"

export default function pick(input, signal) {
  const list = document.getElementById(input.dataset.list)
  let at = 0
  const links = () => [...list.querySelectorAll("a")]
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "true", "aria-controls": list.id })) input.setAttribute(name, value)
  list.setAttribute("role", "listbox")

  function mark(index) {
    const all = links()
    at = all.length ? (index + all.length) % all.length : 0
    all.forEach((link, number) => {
      link.id ||= `${list.id}-${number}`
      link.tabIndex = -1
      link.setAttribute("role", "option")
      link.setAttribute("aria-selected", number === at)
    })
    all[at]?.scrollIntoView({ block: "nearest" })
    all.length ? input.setAttribute("aria-activedescendant", all[at].id) : input.removeAttribute("aria-activedescendant")
  }
  const filled = new MutationObserver(() => mark(0))
  filled.observe(list, { childList: true })
  signal.addEventListener("abort", () => filled.disconnect())
  input.addEventListener("keydown", (event) => {
    if (composing(event)) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) mark(at + step)
    else if (event.key === "Enter" && links()[at]) links()[at].click()
    else return
    event.preventDefault()
  }, { signal })
}

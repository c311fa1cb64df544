// Arrow keys in a field walk through the links of the element named by data-list, Enter follows the marked one. The
// list may be filled again at any time: the link that was walked to stays marked if it is there again, else the first is.
import { composing } from "lib/keys"

export default function pick(input, signal) {
  const list = document.getElementById(input.dataset.list)
  let at = 0, walkedTo = ""
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
  function walk(index) {
    mark(index)
    walkedTo = links()[at]?.href ?? ""
  }
  const filled = new MutationObserver(() => mark(Math.max(0, links().findIndex(({ href }) => href === walkedTo))))
  filled.observe(list, { childList: true })
  signal.addEventListener("abort", () => filled.disconnect())
  input.addEventListener("input", () => (walkedTo = ""), { signal })
  input.addEventListener("keydown", (event) => {
    if (composing(event)) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) walk(at + step)
    else if (event.key === "Enter" && links()[at]) links()[at].click()
    else return
    event.preventDefault()
  }, { signal })
}

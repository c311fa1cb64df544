// <details class="menu">: opens within the window; Escape and a click elsewhere close it, arrows move through its items.
import { composing } from "lib/keys"

export default function menu(element, signal) {
  const summary = element.querySelector("summary")
  const items = () => [...element.querySelectorAll(".menu__panel :is(a[href], button:not(:disabled), input)")]

  element.addEventListener("toggle", () => element.open && bringIntoWindow(element.querySelector(".menu__panel")), { signal })
  document.addEventListener("pointerdown", ({ target }) => element.open && !element.contains(target) && (element.open = false), { signal })
  element.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !element.contains(relatedTarget) && (element.open = false), { signal })
  element.addEventListener("keydown", (event) => {
    if (composing(event) || !element.open) return
    if (event.key === "Escape") {
      element.open = false
      summary.focus()
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = items()
      if (!all.length) return
      const step = event.key === "ArrowDown" ? 1 : -1
      const from = all.indexOf(document.activeElement)
      all.at(from < 0 ? (step > 0 ? 0 : -1) : (from + step) % all.length).focus()
      event.preventDefault()
    }
  }, { signal })
}

const MARGIN = 8

function bringIntoWindow(panel) {
  panel.style.translate = ""
  const { left, right } = panel.getBoundingClientRect()
  const over = Math.max(0, right - (document.documentElement.clientWidth - MARGIN))
  const shift = Math.max(MARGIN - left, -over)
  if (left < MARGIN || over) panel.style.translate = `${shift}px`
}

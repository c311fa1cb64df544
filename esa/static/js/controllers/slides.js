// One slide at a time: arrows, space and page keys move, f fills the screen, the address keeps the place. Without this
// the slides stand below each other.
import { composing } from "lib/keys"

export default function slides(element, signal) {
  const all = [...element.querySelectorAll(":scope > .slide")]
  const position = element.querySelector('[data-part="position"]')
  let now = 0

  function show(number, keep = true) {
    now = Math.max(0, Math.min(all.length - 1, number))
    all.forEach((slide, index) => (slide.hidden = index !== now))
    position.textContent = element.dataset.position.replace("{number}", now + 1).replace("{count}", all.length)
    if (keep) history.replaceState(history.state, "", `#slide-${now + 1}`)
    scrollTo(0, 0)
  }
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen?.())
  const asked = () => Number(location.hash.match(/^#slide-(\d+)$/)?.[1] ?? 1) - 1

  element.classList.add("is-live")
  element.addEventListener("click", ({ target }) => {
    const go = target.closest("[data-go]")?.dataset.go
    if (go) go === "full" ? full() : show(now + Number(go))
  }, { signal })
  addEventListener("keydown", (event) => {
    if (composing(event) || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return
    const { key } = event
    if (key === " " && event.target.closest("button, a, summary")) return
    if (["ArrowRight", "ArrowDown", "PageDown"].includes(key) || (key === " " && !event.shiftKey)) show(now + 1)
    else if (["ArrowLeft", "ArrowUp", "PageUp", " "].includes(key)) show(now - 1)
    else if (key === "Home") show(0)
    else if (key === "End") show(all.length - 1)
    else if (key === "f") full()
    else return
    event.preventDefault()
  }, { signal })
  addEventListener("hashchange", () => show(asked(), false), { signal })
  show(asked(), false)
}

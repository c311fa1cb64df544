// Fills an element with the fragment at data-url: when it is scrolled near, or when the <details> it is in opens.
import { get } from "lib/http"

export default function lazy(element, signal) {
  const load = async () => {
    element.setAttribute("aria-busy", "true")
    try {
      const answer = await get(element.dataset.url, { signal })
      if (answer.ok) element.innerHTML = await answer.text()
      else if (element.dataset.failed) element.textContent = element.dataset.failed
    } catch {
      if (!signal.aborted && element.dataset.failed) element.textContent = element.dataset.failed
    }
    element.removeAttribute("aria-busy")
  }
  const details = element.closest("details")
  if (details && !details.open) return details.addEventListener("toggle", load, { signal, once: true })
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return
    near.disconnect()
    load()
  }, { rootMargin: "200px" })
  near.observe(element)
  signal.addEventListener("abort", () => near.disconnect())
}

// A button that copies data-copy, or the text of the element that data-from names. data-done is said afterwards.
import { say } from "lib/live"

export default function copy(element, signal) {
  element.addEventListener("click", async () => {
    const { copy: text, from, done } = element.dataset
    const source = from && document.querySelector(from)
    await navigator.clipboard.writeText(text ?? source?.value ?? source?.textContent ?? "")
    element.classList.add("is-done")
    if (done) say(done)
    setTimeout(() => element.classList.remove("is-done"), 1600)
  }, { signal })
}

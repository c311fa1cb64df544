// A button that copies data-copy, the text of the element that data-from names, or what is at data-url. data-done is
// said afterwards.
import { get } from "lib/http"
import { say } from "lib/live"

async function textOf({ copy: text, from, url }) {
  if (text !== undefined) return text
  if (url) return (await get(url)).text()
  const source = document.querySelector(from)
  return source?.value ?? source?.textContent ?? ""
}

export default function copy(element, signal) {
  element.addEventListener("click", async () => {
    await navigator.clipboard.writeText(await textOf(element.dataset))
    element.classList.add("is-done")
    element.closest("details.menu")?.removeAttribute("open")
    if (element.dataset.done) say(element.dataset.done)
    setTimeout(() => element.classList.remove("is-done"), 1600)
  }, { signal })
}

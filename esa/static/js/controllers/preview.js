// A button that shows the text of field data-source as it will look, in data-target, and back; asks data-url.
import { send } from "lib/http"
import { say } from "lib/live"

export default function preview(button, signal) {
  const source = document.getElementById(button.dataset.source)
  const target = document.getElementById(button.dataset.target)
  const words = button.textContent
  button.addEventListener("click", async () => {
    if (!target.hidden) return flip(false)
    const answer = await send(button.dataset.url, { body: new URLSearchParams({ body_md: source.value, prefix: "preview-" }), signal }).catch(() => null)
    const told = await answer?.json().catch(() => null)
    if (!answer?.ok || !told) return told?.message && say(told.message)
    target.innerHTML = told.html
    flip(true)
  }, { signal })
  function flip(shown) {
    target.hidden = !shown
    source.hidden = shown
    button.textContent = shown ? button.dataset.write : words
    button.setAttribute("aria-pressed", shown)
    if (!shown) source.focus()
  }
}

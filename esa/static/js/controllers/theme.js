// The form that sets a member's theme: the page changes at once, the server keeps it.
import { send } from "lib/http"

export default function theme(form, signal) {
  form.addEventListener("submit", (event) => {
    const chosen = event.submitter?.value
    if (!chosen) return
    event.preventDefault()
    const body = new FormData(form, event.submitter)
    document.documentElement.dataset.theme = chosen
    for (const button of form.querySelectorAll("button[name=theme]")) button.setAttribute("aria-pressed", button.value === chosen)
    dispatchEvent(new CustomEvent("themechange"))
    send(form.action, { body })
  }, { signal })
}

// On the form that signs out: what was written in this browser and not saved goes, too.
import { forget as clear } from "editor/journal"

export default function forget(form, signal) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    await Promise.race([clear().catch(() => {}), new Promise((done) => setTimeout(done, 1000))])
    HTMLFormElement.prototype.submit.call(form)
  }, { signal })
}

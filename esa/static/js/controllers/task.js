// Check boxes of a task list in a rendered post. A click posts the revision the page shows to data-url/ordinal; when the
// server refuses, the box goes back and data-refused (or the server's own sentence) is said.
import { send } from "lib/http"
import { say } from "lib/live"

export default function task(element, signal) {
  const boxes = [...element.querySelectorAll('input[type="checkbox"][data-task]')]
  for (const box of boxes) box.disabled = false
  element.addEventListener("change", async ({ target: box }) => {
    if (!boxes.includes(box)) return
    const { url, refused } = element.dataset
    const body = new FormData()
    body.set("checked", box.checked ? "1" : "")
    body.set("revision", element.dataset.revision)
    boxes.forEach((each) => (each.disabled = true)) // one at a time: each answer carries the next revision
    let words = refused
    try {
      const answer = await send(`${url}/${box.dataset.task}`, { body, signal })
      const reply = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {}
      if (answer.ok) {
        element.dataset.revision = reply.revision ?? element.dataset.revision
        words = ""
      } else words = reply.message ?? refused
    } catch (error) {
      if (signal.aborted) return
    }
    if (words) {
      box.checked = !box.checked
      show(element, words)
    }
    boxes.forEach((each) => (each.disabled = false))
    box.focus()
  }, { signal })
}

function show(element, words) {
  say(words)
  const note = element.querySelector(".task-refused") ?? Object.assign(document.createElement("p"), { className: "task-refused" })
  note.textContent = words
  element.prepend(note)
}

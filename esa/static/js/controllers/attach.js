// A plain text field that takes files: pasted, dropped, or chosen with the form's button (data-part="attach"). They go to
// the form as an "upload" event (controllers/upload), with what has to be known of the field.
import { say } from "lib/live"

export default function attach(field, signal) {
  const offer = (files) => files.length && field.form.dispatchEvent(new CustomEvent("upload", { detail: { files: [...files], place: plain(field) } }))

  field.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData
    if (!files.length || types.includes("text/plain")) return // a cell of a spreadsheet comes as a picture, too
    event.preventDefault()
    offer(files)
  }, { signal })
  field.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault(), { signal })
  field.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return
    event.preventDefault()
    offer(event.dataTransfer.files)
  }, { signal })
  field.form.querySelector('[data-part="attach"]')?.addEventListener("click", () => {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true })
    input.addEventListener("change", () => offer(input.files))
    input.click()
  }, { signal })
  // What stands for a file is not sent as text while the file is on its way.
  field.form.addEventListener("submit", (event) => {
    const sending = field.form.querySelector('[data-part="uploads"]')
    if (sending.hidden) return
    event.preventDefault()
    event.stopImmediatePropagation()
    say(sending.textContent)
  }, { signal, capture: true })
}

function plain(field) {
  const changed = () => field.dispatchEvent(new Event("input", { bubbles: true }))
  return {
    text: () => field.value,
    insert(words) {
      const { selectionStart: from, selectionEnd: to, value } = field
      const begins = from === 0 || value[from - 1] === "\n"
      field.setRangeText(begins ? `${words}\n\n` : words, from, to, "end")
      changed()
    },
    replace(from, to, words) {
      field.setRangeText(words, from, to, "preserve")
      changed()
    },
    focus: () => field.focus(),
  }
}

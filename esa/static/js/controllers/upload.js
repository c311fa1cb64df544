// Files that were pasted, dropped or chosen in the editor: sent one after the other, each with its own place in the text.
// The place is held by a line that the server's answer replaces; undoing or deleting that line gives the file up.
import { say } from "lib/live"

const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "")

export default function upload(form, signal) {
  const { uploadUrl: url, uploading, uploaded, uploadFailed: failed, uploadTooLarge: tooLarge } = form.dataset
  const limit = Number(form.dataset.uploadLimit)
  const shown = document.querySelector('[data-part="uploads"]')
  let count = 0, line = Promise.resolve()

  form.addEventListener("upload", ({ detail: { files, view } }) => {
    for (const file of files) {
      if (file.size > limit) {
        problem(fill(tooLarge, { name: file.name }))
        continue
      }
      const name = file.name.replace(/[[\]()<>\\]/g, "") || "file"
      const place = `![${fill(uploading, { name })}](#${Date.now().toString(36)}${++count})`
      insert(view, place)
      line = line.then(() => send(file, view, place))
    }
    view.focus()
  }, { signal })

  function insert(view, place) {
    const { from, to } = view.state.selection.main
    // An image in HTML on a line of its own swallows the lines up to the next empty one.
    const text = view.state.doc.lineAt(from).from === from ? `${place}\n\n` : place
    view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, scrollIntoView: true, userEvent: "input.paste" })
  }

  function settle(view, place, text) {
    const from = view.state.doc.toString().indexOf(place)
    if (from < 0) return
    const end = from + place.length
    const to = !text && view.state.sliceDoc(end, end + 2) === "\n\n" ? end + 2 : end
    view.dispatch({ changes: { from, to, insert: text }, userEvent: "input.upload" })
  }

  function progress(name, percent) {
    shown.hidden = percent === null
    if (percent === null) return
    shown.querySelector("progress").value = percent
    shown.querySelector("span").textContent = fill(uploading, { name })
  }

  function problem(words) {
    document.querySelector('[data-part="upload-problem-text"]').textContent = words
    document.querySelector('[data-part="upload-problem"]').hidden = false
  }

  // XMLHttpRequest, because fetch does not tell how much of a request is sent.
  function send(file, view, place) {
    if (!view.state.doc.toString().includes(place)) return null
    return new Promise((resolve) => {
      const request = new XMLHttpRequest(), form = new FormData()
      form.append("file", file, file.name)
      request.open("POST", url)
      request.responseType = "json"
      request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]')?.content ?? "")
      request.setRequestHeader("Accept", "application/json")
      request.upload.onprogress = ({ loaded, total }) => progress(file.name, (100 * loaded) / total)
      request.onloadend = () => {
        progress(file.name, null)
        const ok = request.status === 201 && request.response?.markdown
        settle(view, place, ok ? request.response.markdown : "")
        ok ? say(fill(uploaded, { name: file.name })) : problem(request.response?.message ?? fill(failed, { name: file.name }))
        resolve()
      }
      signal.addEventListener("abort", () => request.abort(), { once: true })
      progress(file.name, 0)
      request.send(form)
    })
  }

  document.querySelector('[data-part="upload-close"]').addEventListener("click", () => {
    document.querySelector('[data-part="upload-problem"]').hidden = true
  }, { signal })
}

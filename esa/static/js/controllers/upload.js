// Files that were pasted, dropped or chosen for a text: sent one after the other, each with its own place in the text.
// The place is held by a line that the server's answer replaces; undoing or deleting that line gives the file up.
import { say } from "lib/live"

const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "")

export default function upload(form, signal) {
  const { uploadUrl: url, uploading, uploaded, uploadFailed: failed, uploadTooLarge: tooLarge } = form.dataset
  const limit = Number(form.dataset.uploadLimit)
  const part = (name) => form.querySelector(`[data-part="${name}"]`)
  const shown = part("uploads")
  let count = 0, line = Promise.resolve()

  form.addEventListener("upload", ({ detail: { files, view, place: text = inEditor(view) } }) => {
    for (const file of files) {
      if (file.size > limit) {
        problem(fill(tooLarge, { name: file.name }))
        continue
      }
      const name = file.name.replace(/[[\]()<>\\]/g, "") || "file"
      const place = `![${fill(uploading, { name })}](#${Date.now().toString(36)}${++count})`
      text.insert(place)
      line = line.then(() => send(file, text, place))
    }
    text.focus()
  }, { signal })

  function settle(text, place, words) {
    const from = text.text().indexOf(place)
    if (from < 0) return
    const end = from + place.length
    const to = !words && text.text().slice(end, end + 2) === "\n\n" ? end + 2 : end
    text.replace(from, to, words)
  }

  function progress(name, percent) {
    shown.hidden = percent === null
    if (percent === null) return
    shown.querySelector("progress").value = percent
    shown.querySelector("span").textContent = fill(uploading, { name })
  }

  function problem(words) {
    part("upload-problem-text").textContent = words
    part("upload-problem").hidden = false
  }

  // XMLHttpRequest, because fetch does not tell how much of a request is sent.
  function send(file, text, place) {
    if (!text.text().includes(place)) return null
    return new Promise((resolve) => {
      const request = new XMLHttpRequest(), content = new FormData()
      content.append("file", file, file.name)
      request.open("POST", url)
      request.responseType = "json"
      request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]')?.content ?? "")
      request.setRequestHeader("Accept", "application/json")
      request.upload.onprogress = ({ loaded, total }) => progress(file.name, (100 * loaded) / total)
      request.onloadend = () => {
        progress(file.name, null)
        const ok = request.status === 201 && request.response?.markdown
        settle(text, place, ok ? request.response.markdown : "")
        ok ? say(fill(uploaded, { name: file.name })) : problem(request.response?.message ?? fill(failed, { name: file.name }))
        resolve()
      }
      signal.addEventListener("abort", () => request.abort(), { once: true })
      progress(file.name, 0)
      request.send(content)
    })
  }

  part("upload-close").addEventListener("click", () => (part("upload-problem").hidden = true), { signal })
}

// An image in HTML on a line of its own swallows the lines up to the next empty one.
const inEditor = (view) => ({
  text: () => view.state.doc.toString(),
  insert(place) {
    const { from, to } = view.state.selection.main
    const words = view.state.doc.lineAt(from).from === from ? `${place}\n\n` : place
    view.dispatch({ changes: { from, to, insert: words }, selection: { anchor: from + words.length }, scrollIntoView: true, userEvent: "input.paste" })
  },
  replace: (from, to, words) => view.dispatch({ changes: { from, to, insert: words }, userEvent: "input.upload" }),
  focus: () => view.focus(),
})

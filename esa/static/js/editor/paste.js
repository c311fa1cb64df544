// What a paste becomes: an address over a selection a link, cells of a spreadsheet a table, anything else its plain text.
import { EditorSelection } from "bundles/editor"

export const paste = ({ upload, refuse }) => (event, view) => {
  const data = event.clipboardData
  if (!data) return false
  const text = data.getData("text/plain")
  const files = [...data.files]
  if (files.length && !text) {
    upload ? upload(files, view) : refuse()
    return true
  }
  const insert = asTable(data, text) ?? (view.state.selection.main.empty ? null : asLink(view, text))
  if (insert === null) return false // CodeMirror takes the plain text
  const range = view.state.selection.main
  view.dispatch({
    changes: { from: range.from, to: range.to, insert },
    selection: EditorSelection.cursor(range.from + insert.length),
    scrollIntoView: true,
    userEvent: "input.paste",
  })
  return true
}

function asLink(view, text) {
  const url = text.trim()
  const { from, to } = view.state.selection.main
  const words = view.state.sliceDoc(from, to)
  if (!/^(https?:\/\/|mailto:)\S+$/.test(url) || /^https?:/.test(words) || words.includes("\n")) return null
  return `[${words}](${url.replace(/[()]/g, (bracket) => (bracket === "(" ? "%28" : "%29"))})`
}

// Spreadsheets give an HTML table and the same as text with tabs; what only looks like it (code with tabs) has no table.
function asTable(data, text) {
  const html = data.getData("text/html")
  if (!/<table[\s>]/i.test(html) || !text.includes("\t")) return null
  const rows = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n").map((line) => line.split("\t"))
  const width = rows[0].length
  if (width < 2 || rows.some((row) => row.length !== width)) return null
  const cell = (words) => words.trim().replace(/^"([\s\S]*)"$/, "$1").replace(/\|/g, "\\|")
  const [head, ...body] = rows.map((row) => `| ${row.map(cell).join(" | ")} |`)
  return [head, `|${" --- |".repeat(width)}`, ...body].join("\n") + "\n"
}

// What the toolbar's buttons and their keys do to the text. Each command takes (view, words) and leaves one step to undo.
import { EditorSelection } from "bundles/editor"

// Puts marks around each selection, or takes them away where they stand already.
const around = (before, after, sample) => (view, words) => {
  view.dispatch(
    view.state.changeByRange(({ from, to }) => {
      const doc = view.state.doc
      const outside = doc.sliceString(from - before.length, from) === before && doc.sliceString(to, to + after.length) === after
      if (outside) {
        const changes = [{ from: from - before.length, to: from }, { from: to, to: to + after.length }]
        return { changes, range: EditorSelection.range(from - before.length, to - before.length) }
      }
      const text = doc.sliceString(from, to) || words[sample] || ""
      const at = from + before.length
      return { changes: { from, to, insert: before + text + after }, range: EditorSelection.range(at, at + text.length) }
    }),
    { scrollIntoView: true, userEvent: "input.format" },
  )
}

// Puts a mark before every selected line, or takes it away when all have it. `mark` may count: (number) => "1. ".
const lines = (mark, known) => (view) => {
  const { state } = view
  const chosen = new Map()
  for (const { from, to } of state.selection.ranges) {
    for (let at = from; at <= to; ) {
      const line = state.doc.lineAt(at)
      chosen.set(line.number, line)
      at = line.to + 1
    }
  }
  const all = [...chosen.values()]
  const some = all.filter((line) => line.text.trim() || all.length === 1)
  const every = some.every((line) => known.test(line.text.trimStart()))
  const changes = some.map((line, index) => {
    const indent = line.text.length - line.text.trimStart().length
    const from = line.from + indent
    const old = line.text.slice(indent).match(known)?.[0] ?? line.text.slice(indent).match(OTHER_MARK)?.[0] ?? ""
    return { from, to: from + old.length, insert: every ? "" : typeof mark === "function" ? mark(index + 1) : mark }
  })
  view.dispatch({ changes, scrollIntoView: true, userEvent: "input.format" })
}
const OTHER_MARK = /^(?:[-*+] \[[ xX]\] |[-*+] |\d+[.)] )/

// Puts a block on lines of its own and selects what in it is to be written first.
function block(view, text, chosen) {
  const { state } = view
  const { from, to } = state.selection.main
  const before = state.doc.lineAt(from), after = state.doc.lineAt(to)
  const lead = before.text.slice(0, from - before.from).trim() ? "\n\n" : ""
  const tail = after.text.slice(to - after.from).trim() ? "\n\n" : after.to === state.doc.length ? "\n" : ""
  const at = from + lead.length + Math.max(0, text.indexOf(chosen))
  view.dispatch({
    changes: { from, to, insert: lead + text + tail },
    selection: { anchor: at, head: at + chosen.length },
    scrollIntoView: true,
    userEvent: "input.format",
  })
}

const selected = ({ state }) => state.sliceDoc(state.selection.main.from, state.selection.main.to)

export const commands = {
  bold: around("**", "**", "bold"),
  italic: around("*", "*", "italic"),
  strike: around("~~", "~~", "strike"),
  bullets: lines("- ", /^[-*+] (?!\[[ xX]\] )/),
  numbers: lines((number) => `${number}. `, /^\d+[.)] /),
  tasks: lines("- [ ] ", /^[-*+] \[[ xX]\] /),
  quote: lines("> ", /^> ?/),

  // One level more with each press; after the third, plain again.
  heading(view) {
    const line = view.state.doc.lineAt(view.state.selection.main.head)
    const old = line.text.match(/^#{1,6} /)?.[0] ?? ""
    const insert = old.length > 3 ? "" : `${"#".repeat(Math.max(1, old.length))} `
    const changes = { from: line.from, to: line.from + old.length, insert }
    view.dispatch({ changes, scrollIntoView: true, userEvent: "input.format" })
  },
  link(view, words) {
    const { from, to } = view.state.selection.main
    const text = selected(view)
    const url = /^https?:\/\/\S+$/.test(text)
    const insert = url ? `[${words.link}](${text})` : `[${text || words.link}](https://)`
    const start = url || !text ? from + 1 : from + insert.length - 1
    const end = url || !text ? start + words.link.length : start
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: start, head: end }, scrollIntoView: true, userEvent: "input.format" })
  },
  code(view, words) {
    const text = selected(view)
    if (!text.includes("\n")) return around("`", "`", "code")(view, words)
    const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)))
    block(view, `${fence}\n${text.replace(/\n$/, "")}\n${fence}`, text.replace(/\n$/, ""))
  },
  table(view, { cell }) {
    block(view, `| ${cell} 1 | ${cell} 2 |\n| --- | --- |\n|  |  |`, `${cell} 1`)
  },
  alert(view) {
    const text = selected(view) || " "
    block(view, `> [!NOTE]\n${text.split("\n").map((line) => `> ${line.trim()}`).join("\n")}`, text.trim() || "NOTE")
  },
  details(view, words) {
    block(view, `<details><summary>${words.details}</summary>\n\n${selected(view) || words.details_body}\n\n</details>`, words.details)
  },
  math(view) {
    const text = selected(view)
    if (text && !text.includes("\n")) return around("$", "$", "")(view, {})
    block(view, `\`\`\`math\n${text || "x^2"}\n\`\`\``, text || "x^2")
  },
  upload(view) {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true })
    input.addEventListener("change", () => view.dom.closest("form").dispatchEvent(new CustomEvent("upload", { detail: { files: [...input.files], view } })))
    input.click()
  },
  image(view, words) {
    const { from, to } = view.state.selection.main
    const text = selected(view)
    const url = /^https?:\/\/\S+$/.test(text) ? text : "https://"
    const alt = url === text || !text ? words.image : text
    const insert = `![${alt}](${url})`
    const at = from + insert.length - 1 - url.length
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: at, head: at + url.length }, scrollIntoView: true, userEvent: "input.format" })
  },
}

export const keys = (words) =>
  Object.entries({
    bold: "Mod-b", italic: "Mod-i", strike: "Mod-Shift-x", link: "Mod-k", code: "Mod-e",
    numbers: "Mod-Shift-7", bullets: "Mod-Shift-8", tasks: "Mod-Shift-9", quote: "Mod-Shift-.",
  }).map(([name, key]) => ({ key, preventDefault: true, run: (view) => (commands[name](view, words), true) }))

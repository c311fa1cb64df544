// Tab means something in lists, in code and over several lines; anywhere else it goes on to the next thing on the page.
import { syntaxTree } from "bundles/editor"

const listed = /^\s*(?:[-*+]|\d+[.)]) /
const numbered = /^(\s*)(\d+)([.)]) /

export const indents = (command) => (view) => {
  const { state } = view
  const { from, to, head } = state.selection.main
  const several = state.doc.lineAt(from).number !== state.doc.lineAt(to).number
  let code = false
  for (let node = syntaxTree(state).resolveInner(head, -1); node; node = node.parent) code ||= node.name === "FencedCode" || node.name === "CodeBlock"
  if (several || code) return command(view)
  if (!listed.test(state.doc.lineAt(head).text)) return false
  return command({ state, dispatch: (moved) => view.dispatch(counted(state, moved)) })
}

// An item that went to another level counts on from the one above it there, or from 1.
function counted(state, moved) {
  const doc = moved.newDoc
  const line = doc.lineAt(moved.newSelection.main.head)
  const [, indent, number, mark] = line.text.match(numbered) ?? []
  if (!number) return moved
  let insert = "1"
  for (let above = line.number - 1; above > 0; above--) {
    const { text } = doc.line(above)
    const depth = text.search(/\S/)
    if (depth < 0 || depth > indent.length) continue
    const [, , before, same] = (depth === indent.length && text.match(numbered)) || []
    if (same === mark) insert = String(Number(before) + 1)
    break
  }
  if (insert === number) return moved
  const from = line.from + indent.length
  const { changes, newSelection: selection } = moved
  return state.update({ changes, selection }, { changes: { from, to: from + number.length, insert }, sequential: true, scrollIntoView: true, userEvent: "input.indent" })
}

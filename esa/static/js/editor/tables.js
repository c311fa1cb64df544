// Keys inside a Markdown table: Tab and Shift-Tab go from cell to cell, Enter at the end of a row adds one.

const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/
const isRow = (text) => /(^|[^\\])\|/.test(text)

// The table around a position: its lines and which of them it is; null outside of one.
export function tableAt(doc, at) {
  const here = doc.lineAt(at)
  if (!isRow(here.text)) return null
  let first = here.number, last = here.number
  while (first > 1 && isRow(doc.line(first - 1).text)) first--
  while (last < doc.lines && isRow(doc.line(last + 1).text)) last++
  if (last === first || !DELIMITERS.test(doc.line(first + 1).text)) return null
  return { first, last, here }
}

// Where the cells of a row begin and end, without the spaces at either side; a \| belongs to its cell.
export function cells(line) {
  const found = []
  const text = line.text
  let start = text.search(/\S/)
  if (text[start] === "|") start++
  for (let at = start; at <= text.length; at++) {
    if (text[at] === "\\") { at++; continue }
    if (at < text.length && text[at] !== "|") continue
    if (at === text.length && !text.slice(start).trim()) break
    const inner = text.slice(start, at)
    const lead = inner.trim() ? inner.length - inner.trimStart().length : Math.min(1, inner.length)
    found.push({ from: line.from + start + lead, to: line.from + start + lead + inner.trim().length, end: line.from + at })
    start = at + 1
  }
  return found
}

const emptyRow = (count) => `|${"  |".repeat(count)}`

export const moveCell = (step) => (view) => {
  const { state } = view
  const table = tableAt(state.doc, state.selection.main.head)
  if (!table) return false
  let number = table.here.number
  let row = cells(table.here)
  const now = row.findIndex((cell) => state.selection.main.head <= cell.end)
  let wanted = (now < 0 ? row.length - 1 : now) + step
  while (wanted < 0 || wanted >= row.length) {
    number += step
    if (number === table.first + 1) number += step // the line of dashes
    if (number < table.first) return true
    if (number > table.last) return addRow(view, table, state.doc.line(table.last))
    row = cells(state.doc.line(number))
    wanted = step > 0 ? 0 : row.length - 1
  }
  view.dispatch({ selection: { anchor: row[wanted].from, head: row[wanted].to }, scrollIntoView: true, userEvent: "select" })
  return true
}

// Enter at the end of a row. In an empty last row it leaves the table; behind a first row it makes the table.
export function enterRow(view) {
  const { state } = view
  const { empty, head } = state.selection.main
  if (!empty) return false
  const line = state.doc.lineAt(head)
  if (state.sliceDoc(head, line.to).replace("|", "").trim()) return false
  const table = tableAt(state.doc, head)
  if (!table) return beginTable(view, line)
  const row = cells(line)
  if (line.number > table.first + 1 && row.every((cell) => cell.from === cell.to)) {
    view.dispatch({ changes: { from: line.from, to: line.to }, selection: { anchor: line.from }, userEvent: "delete" })
    return true
  }
  return addRow(view, table, line.number === table.first ? state.doc.line(table.first + 1) : line)
}

function addRow(view, table, after) {
  const row = emptyRow(cells(view.state.doc.line(table.first)).length)
  view.dispatch({ changes: { from: after.to, insert: `\n${row}` }, selection: { anchor: after.to + 3 }, scrollIntoView: true, userEvent: "input" })
  return true
}

function beginTable(view, line) {
  const { doc } = view.state
  const next = line.number < doc.lines ? doc.line(line.number + 1).text : ""
  const before = line.number > 1 ? doc.line(line.number - 1).text : ""
  if (!/^\s*\|.*[^\\|\s].*\|\s*$/.test(line.text) || isRow(next) || isRow(before)) return false
  const count = cells(line).length
  const dashes = `|${" --- |".repeat(count)}`
  const insert = `\n${dashes}\n${emptyRow(count)}`
  view.dispatch({ changes: { from: line.to, insert }, selection: { anchor: line.to + dashes.length + 4 }, scrollIntoView: true, userEvent: "input" })
  return true
}

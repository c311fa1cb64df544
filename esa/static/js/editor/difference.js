// Which lines two texts do not share: [{sign: "-" | "+" | " ", text}], and {gap} where unchanged lines are left out.
const AROUND = 2
const LARGE = 4_000_000 // beyond this many comparisons the middle counts as replaced

export function difference(before, after) {
  const a = before.split("\n"), b = after.split("\n")
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const all = [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ]
  return shortened(all)
}

const same = (lines) => lines.map((text) => ({ sign: " ", text }))

function middle(a, b) {
  if (a.length * b.length > LARGE) return [...a.map((text) => ({ sign: "-", text })), ...b.map((text) => ({ sign: "+", text }))]
  const best = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1])
  }
  const rows = []
  let i = 0, j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) rows.push({ sign: " ", text: a[i++] }), j++
    else if (j >= b.length || (i < a.length && best[i + 1][j] >= best[i][j + 1])) rows.push({ sign: "-", text: a[i++] })
    else rows.push({ sign: "+", text: b[j++] })
  }
  return rows
}

function shortened(rows) {
  const near = (index) => rows.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ sign }) => sign !== " ")
  return rows.reduce((shown, row, index) => {
    if (near(index)) shown.push(row)
    else if (shown.length && !shown.at(-1).gap) shown.push({ gap: true })
    return shown
  }, [])
}

// Keeps the two panes at the same place of the text. Whichever pane one touches leads; what the other does by following
// is not taken for a wish.

export function linkScroll(view, pane, rendered, signal) {
  const source = view.scrollDOM
  let leader = source
  let frame = 0

  // [line, offset in the preview], rising in both; what lies between is interpolated.
  function anchors() {
    const top = pane.getBoundingClientRect().top - pane.scrollTop
    const found = [[1, 0]]
    for (const block of rendered.querySelectorAll("[data-line]")) {
      if (!block.offsetParent) continue
      const at = [Number(block.dataset.line), block.getBoundingClientRect().top - top]
      const last = found.at(-1)
      if (at[0] > last[0] && at[1] >= last[1]) found.push(at)
    }
    found.push([view.state.doc.lines + 1, rendered.getBoundingClientRect().bottom - top])
    return found
  }

  function between(pairs, value, from, to) {
    let index = pairs.findIndex((pair) => pair[from] > value)
    if (index < 0) index = pairs.length - 1
    const [a, b] = [pairs[Math.max(0, index - 1)], pairs[index]]
    const span = b[from] - a[from]
    return a[to] + (span > 0 ? (value - a[from]) / span : 0) * (b[to] - a[to])
  }

  const inset = () => view.documentPadding.top
  function lineAtTop() {
    const block = view.lineBlockAtHeight(Math.max(0, source.scrollTop - inset()))
    const part = block.height ? (source.scrollTop - inset() - block.top) / block.height : 0
    return view.state.doc.lineAt(block.from).number + Math.min(1, Math.max(0, part))
  }
  function heightOf(line) {
    const number = Math.min(view.state.doc.lines, Math.max(1, Math.floor(line)))
    const block = view.lineBlockAt(view.state.doc.line(number).from)
    return block.top + (line - number) * block.height + inset()
  }
  const atEnd = (element) => element.scrollTop > 0 && element.scrollTop + element.clientHeight >= element.scrollHeight - 2

  function follow() {
    frame = 0
    if (!pane.offsetParent || !source.offsetParent) return
    if (leader === source) pane.scrollTop = source.scrollTop < 2 ? 0 : atEnd(source) ? pane.scrollHeight : between(anchors(), lineAtTop(), 0, 1)
    else source.scrollTop = pane.scrollTop < 2 ? 0 : heightOf(between(anchors(), pane.scrollTop, 1, 0))
  }
  const soon = () => (frame ||= requestAnimationFrame(follow))

  for (const element of [source, pane]) {
    for (const type of ["wheel", "touchstart", "pointerdown", "keydown"]) {
      element.addEventListener(type, () => (leader = element), { passive: true, signal })
    }
    element.addEventListener("scroll", () => leader === element && soon(), { passive: true, signal })
  }
  signal.addEventListener("abort", () => cancelAnimationFrame(frame))
  return { follow: soon, lead: () => (leader = source) }
}

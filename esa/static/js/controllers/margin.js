// Notes about passages of the text data-text: each [data-quote] inside says the passage it is about. Where there is room,
// notes stand beside their passage; where there is none, a small button (data-label) behind the passage opens its note. A
// note whose passage is not found, or changed since, stays where it was. The parent of the text is what the column is beside.
const SKIPPED = "button, script, style, svg, [aria-hidden=true], [hidden], .visually-hidden, .note"
const INSIDE = "li, td, th, dd"
const BLOCK = `${INSIDE}, p, h1, h2, h3, h4, h5, h6, pre, figure, dt, summary`
const ROOM = 120, GAP = 20, BETWEEN = 10
const bare = (text) => text.replace(/\s+/gu, "")

export default function margin(element, signal) {
  const text = document.getElementById(element.dataset.text)
  const sheet = text?.parentElement
  if (!sheet) return
  const notes = [...element.querySelectorAll("[data-quote]")].map((note) => ({ note, range: null, home: document.createComment("") }))
  const column = Object.assign(document.createElement("aside"), { className: "margin", hidden: true })
  column.setAttribute("aria-label", element.getAttribute("aria-label") ?? "")
  notes.forEach(({ note, home }) => note.before(home))

  /** Where each character that is not a space stands: passages are compared without spaces, for blocks end in none. */
  function letters() {
    const found = { string: "", places: [] }
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest(SKIPPED) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT)
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      for (let at = 0; at < node.data.length; at++)
        if (node.data[at].trim()) (found.string += node.data[at]), found.places.push([node, at])
    return found
  }
  function find() {
    const { string, places } = letters()
    for (const each of notes) {
      const words = bare(each.note.querySelector("[data-words]").textContent)
      const at = words ? string.indexOf(words) : -1
      each.range = null
      if (at < 0) continue
      const [[first, from], [last, to]] = [places[at], places[at + words.length - 1]]
      each.range = new Range()
      each.range.setStart(first, from)
      each.range.setEnd(last, to + 1)
    }
  }
  const found = () => notes.filter(({ range }) => range)
  function tint(name, ranges) {
    if (window.Highlight) CSS.highlights.set(name, new Highlight(...ranges))
  }

  function beside(room) {
    if (!column.isConnected) sheet.append(column)
    column.hidden = false
    column.style.width = `${Math.min(room, 300)}px`
    const top = sheet.getBoundingClientRect().top
    const placed = found().map((each) => ({ ...each, at: each.range.getBoundingClientRect().top - top })).sort((a, b) => a.range.compareBoundaryPoints(Range.START_TO_START, b.range))
    let free = 0
    for (const { note, at } of placed) {
      if (note.parentElement !== column) column.append(note)
      note.hidden = false
      note.style.top = `${Math.max(at, free)}px`
      free = Math.max(at, free) + note.offsetHeight + BETWEEN
    }
    column.style.height = `${Math.max(0, free - BETWEEN)}px`
  }
  function behind() {
    column.remove()
    for (const each of found()) {
      if (each.mark?.isConnected) continue
      const { note, range } = each
      each.mark = Object.assign(document.createElement("button"), { type: "button", className: "note-mark" })
      each.mark.dataset.count = note.dataset.count
      each.mark.setAttribute("aria-label", note.dataset.label)
      each.mark.setAttribute("aria-expanded", "false")
      each.mark.addEventListener("click", () => {
        note.hidden = !note.hidden
        each.mark.setAttribute("aria-expanded", String(!note.hidden))
      })
      const end = range.endContainer, block = end.parentElement.closest(BLOCK) ?? end.parentElement
      const closed = end.parentElement.closest("a, code, pre, summary")
      note.style.top = ""
      note.hidden = true
      if (closed && text.contains(closed)) closed.after(each.mark)
      else end.splitText(range.endOffset).before(each.mark)
      block.matches(INSIDE) ? block.append(note) : block.after(note)
    }
  }
  function home() {
    for (const each of notes) {
      each.mark?.remove()
      each.note.hidden = false
      each.note.style.top = ""
      if (each.home.nextSibling !== each.note) each.home.after(each.note)
    }
  }

  let wide = null
  function lay() {
    const frame = sheet.parentElement.getBoundingClientRect()
    const room = frame.right - sheet.getBoundingClientRect().right - GAP
    if (wide !== room >= ROOM) {
      wide = room >= ROOM
      home()
      find()
      tint("noted", found().map(({ range }) => range))
      if (!wide) behind()
    }
    if (wide) beside(room)
    element.hidden = !element.querySelector("[data-quote]")
  }
  const seen = new ResizeObserver(() => requestAnimationFrame(() => !signal.aborted && lay()))
  seen.observe(text)
  seen.observe(sheet.parentElement)
  signal.addEventListener("abort", () => {
    seen.disconnect()
    column.remove()
    if (window.Highlight) ["noted", "noted-now"].forEach((name) => CSS.highlights.delete(name))
  })
  for (const each of notes) {
    each.note.addEventListener("pointerenter", () => tint("noted-now", each.range ? [each.range] : []), { signal })
    each.note.addEventListener("pointerleave", () => tint("noted-now", []), { signal })
  }
}

// Select a passage of the text: the form data-form appears beside it and sends the passage as `body`.
export default function quote(element, signal) {
  const form = document.getElementById(element.dataset.form)
  if (!form) return
  const field = form.elements.body
  const look = () => {
    const selection = document.getSelection()
    const text = selection.toString().trim()
    const inside = selection.rangeCount && element.contains(selection.anchorNode) && element.contains(selection.focusNode)
    if (form.contains(document.activeElement)) return
    form.hidden = !inside || !text || text.length > 1000
    if (form.hidden) return
    field.value = text
    const box = selection.getRangeAt(0).getBoundingClientRect()
    const frame = (form.offsetParent ?? document.body).getBoundingClientRect()
    form.style.insetBlockStart = `${box.bottom - frame.top + 6}px`
    form.style.insetInlineStart = `${Math.max(0, Math.min(box.left - frame.left, frame.width - form.offsetWidth))}px`
  }
  let timer
  document.addEventListener("selectionchange", () => (clearTimeout(timer), (timer = setTimeout(look, 200))), { signal })
  form.addEventListener("pointerdown", (event) => event.preventDefault(), { signal }) // the selection stays
  form.addEventListener("keydown", ({ key }) => key === "Escape" && (form.hidden = true), { signal })
}

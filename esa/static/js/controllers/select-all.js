// On a field: a click or focus selects the whole of it (invitation links). On a checkbox: ticks all boxes named data-for.
export default function selectAll(element, signal) {
  if (element.type !== "checkbox") {
    element.addEventListener("focus", () => element.select(), { signal })
    return
  }
  const boxes = () => [...document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(element.dataset.for)}"]`)]
  element.addEventListener("change", () => boxes().forEach((box) => (box.checked = element.checked)), { signal })
  document.addEventListener("change", ({ target }) => {
    if (target === element || target.name !== element.dataset.for) return
    const on = boxes().filter((box) => box.checked).length
    element.checked = on > 0 && on === boxes().length
    element.indeterminate = on > 0 && !element.checked
  }, { signal })
}

// A button that opens the <dialog> named by data-dialog; a click on the backdrop closes it.
export default function dialog(element, signal) {
  const target = document.getElementById(element.dataset.dialog)
  if (!target) return
  element.setAttribute("aria-haspopup", "dialog")
  element.addEventListener("click", (event) => {
    event.preventDefault()
    element.closest("details.menu")?.removeAttribute("open")
    target.showModal()
    target.querySelector("[autofocus]")?.focus()
  }, { signal })
  target.addEventListener("click", ({ target: hit }) => hit === target && target.close(), { signal })
}

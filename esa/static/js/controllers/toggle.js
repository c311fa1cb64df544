// A button that shows or hides the element named by aria-controls.
export default function toggle(element, signal) {
  const target = document.getElementById(element.getAttribute("aria-controls"))
  if (!target) return
  const show = (open) => {
    target.hidden = !open
    element.setAttribute("aria-expanded", open)
  }
  show(!target.hidden)
  element.addEventListener("click", () => show(target.hidden), { signal })
}

// A message that can be sent away; a success leaves by itself once it has surely been read.
export default function flash(element, signal) {
  const leave = () => {
    element.classList.add("flash--leaving")
    setTimeout(() => element.remove(), 220)
  }
  element.querySelector("[data-dismiss]")?.addEventListener("click", leave, { signal })
  if (element.matches(".flash--success")) {
    let timer = setTimeout(leave, 8000)
    element.addEventListener("pointerenter", () => clearTimeout(timer), { signal })
    element.addEventListener("focusin", () => clearTimeout(timer), { signal })
    signal.addEventListener("abort", () => clearTimeout(timer))
  }
}

// A form whose second click does nothing. The buttons stay enabled until the form is on its way, so that their value goes along.
export default function submitOnce(form, signal) {
  let gone = false
  form.addEventListener("submit", (event) => {
    if (gone) return event.preventDefault()
    setTimeout(() => {
      if (event.defaultPrevented) return // another behaviour stopped it
      gone = true
      event.submitter?.setAttribute("aria-busy", "true")
    })
  }, { signal })
  addEventListener("pageshow", () => {
    gone = false
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy")
  }, { signal })
}

// A button that prints the page.
export default function printer(button, signal) {
  button.addEventListener("click", () => {
    button.closest("details.menu")?.removeAttribute("open")
    print()
  }, { signal })
}

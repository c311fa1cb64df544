// Draws a Mermaid source in a sandboxed frame with its own policy: the source goes in by message, the size comes out.
// The frame's page (templates/diagram_frame.html) has no origin, no cookies and no network.
export default function diagram(element, signal) {
  const source = (element.querySelector("code") ?? element).textContent
  const frame = document.createElement("iframe")
  const dark = () => getComputedStyle(document.documentElement).colorScheme.startsWith("dark") || (document.documentElement.dataset.theme !== "light" && document.documentElement.dataset.theme !== "dark" && matchMedia("(prefers-color-scheme: dark)").matches)
  const draw = () => frame.contentWindow?.postMessage({ source, theme: dark() ? "dark" : "light" }, "*")

  frame.className = "diagram__frame"
  frame.title = element.dataset.title ?? "Mermaid"
  frame.setAttribute("sandbox", "allow-scripts")
  frame.src = element.dataset.frame ?? "/diagram-frame"
  frame.hidden = true
  element.after(frame)

  addEventListener("message", ({ source: from, data }) => {
    if (from !== frame.contentWindow) return
    if (data.ready) draw()
    else if (data.error) fail(element, frame, data.error)
    else if (data.height) {
      frame.style.blockSize = `${Math.min(data.height, 4000)}px`
      frame.hidden = false
      element.hidden = true
    }
  }, { signal })
  addEventListener("themechange", draw, { signal })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal })
  signal.addEventListener("abort", () => frame.remove())
}

function fail(element, frame, words) {
  frame.hidden = true
  element.hidden = false
  const note = element.querySelector(".diagram__error") ?? Object.assign(document.createElement("p"), { className: "diagram__error" })
  note.textContent = String(words).slice(0, 500)
  element.append(note)
}

// Draws a Mermaid source in a sandboxed frame with its own policy: the source goes in by message, the size comes out.
// The frame's page (templates/diagram_frame.html) has no origin, no cookies and no network.
import { dark } from "lib/theme"

export default function diagram(element, signal) {
  const address = document.querySelector('meta[name="diagram-frame"]')?.content
  if (!address) return
  const source = element.textContent
  const frame = document.createElement("iframe")
  const draw = () => frame.contentWindow?.postMessage({ source, dark: dark() }, "*")

  frame.className = "diagram__frame"
  frame.title = source.trim().split("\n", 1)[0]
  frame.setAttribute("sandbox", "allow-scripts")
  frame.src = address
  frame.style.blockSize = "0"
  element.after(frame)

  addEventListener("message", ({ source: from, data }) => {
    if (from !== frame.contentWindow || typeof data !== "object") return
    if (data.ready) draw()
    else if (data.error) fail(element, frame, data.error)
    else if (data.height > 0) {
      frame.style.blockSize = `${Math.min(data.height, 4000)}px`
      element.hidden = true
    }
  }, { signal })
  addEventListener("themechange", draw, { signal })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal })
  signal.addEventListener("abort", () => frame.remove())
}

function fail(element, frame, words) {
  frame.style.blockSize = "0"
  element.hidden = false
  const note = element.querySelector(".diagram__error") ?? Object.assign(document.createElement("p"), { className: "diagram__error" })
  note.textContent = String(words).slice(0, 500)
  element.append(note)
}

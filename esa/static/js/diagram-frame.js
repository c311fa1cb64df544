// Inside the sandboxed frame: draws what the page sends, tells how tall it became.
const tell = (message) => parent.postMessage(message, "*")
const stage = document.getElementById("stage")
let library, turn = 0

// The colours of colors.css in the notation that Mermaid reads.
const LIGHT = { background: "#fdfcfa", primaryColor: "#edf1fc", primaryBorderColor: "#6a80bd", primaryTextColor: "#222733", secondaryColor: "#faf3dd", tertiaryColor: "#f2f0eb", lineColor: "#666c79", edgeLabelBackground: "#fdfcfa", noteBkgColor: "#faf3dd", noteBorderColor: "#d9b65a", noteTextColor: "#222733" }
const DARK = { darkMode: true, background: "#191c23", primaryColor: "#27314c", primaryBorderColor: "#7f97d8", primaryTextColor: "#e3e1db", secondaryColor: "#39311c", tertiaryColor: "#23262e", lineColor: "#a0a5b1", edgeLabelBackground: "#191c23", noteBkgColor: "#39311c", noteBorderColor: "#a1843c", noteTextColor: "#e3e1db" }

async function draw({ source, dark }) {
  const mine = ++turn
  const mermaid = await (library ??= import("bundles/mermaid").then((module) => module.default ?? module))
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: "base", look: "classic", htmlLabels: false, themeVariables: { ...(dark ? DARK : LIGHT), fontFamily: getComputedStyle(document.body).fontFamily } })
  try {
    const { svg } = await mermaid.render(`drawing-${mine}`, source)
    if (mine !== turn) return
    stage.innerHTML = svg
    tell({ height: Math.ceil(stage.getBoundingClientRect().height) + 2 })
  } catch (error) {
    document.getElementById(`ddrawing-${mine}`)?.remove()
    tell({ error: error.message ?? String(error) })
  }
}

addEventListener("message", ({ source, data }) => source === parent && typeof data?.source === "string" && draw(data))
new ResizeObserver(() => stage.firstChild && tell({ height: Math.ceil(stage.getBoundingClientRect().height) + 2 })).observe(stage)
tell({ ready: true })

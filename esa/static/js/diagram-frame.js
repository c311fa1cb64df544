// Inside the sandboxed frame: draws what the page sends, tells how tall it became.
const tell = (message) => parent.postMessage(message, "*")
const stage = document.getElementById("stage")
let library, turn = 0

async function draw({ source, dark }) {
  const mine = ++turn
  const mermaid = await (library ??= import("bundles/mermaid").then((module) => module.default ?? module))
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "neutral", fontFamily: getComputedStyle(document.body).fontFamily, htmlLabels: false })
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

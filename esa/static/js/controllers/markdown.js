// Gives rendered text its behaviour, also when a preview replaces it: the server's HTML carries no data-controller of its
// own, because authors could write one.
const BEHAVIOUR = {
  ".math": "math",
  'pre.diagram[data-diagram="mermaid"]': "diagram",
  ".embed[data-embed]": "embed",
}

export default function markdown(element, signal) {
  const dress = () => {
    for (const box of element.querySelectorAll(".task-list-item-checkbox:not([aria-label])")) box.setAttribute("aria-label", wordsOf(box))
    for (const [selector, name] of Object.entries(BEHAVIOUR)) {
      for (const each of element.querySelectorAll(`${selector}:not([data-controller])`)) each.dataset.controller = name
    }
    if (element.dataset.copy) for (const block of element.querySelectorAll(".code-block:not(:has(> .copy))")) block.append(copyButton(element.dataset, block))
  }
  dress()
  const watch = new MutationObserver(dress)
  watch.observe(element, { childList: true, subtree: true })
  signal.addEventListener("abort", () => watch.disconnect())
}

// A box has no <label> in Markdown; what its line says is its name.
function wordsOf(box) {
  const line = box.closest("li").cloneNode(true)
  line.querySelectorAll("ul, ol").forEach((nested) => nested.remove())
  return line.textContent.trim().slice(0, 200) || "…"
}

function copyButton({ copy, copied }, block) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button button--small copy", textContent: copy })
  Object.assign(button.dataset, { controller: "copy", copy: block.querySelector("pre").textContent.replace(/\n$/, ""), done: copied ?? "" })
  return button
}

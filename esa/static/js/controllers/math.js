// Sets one formula: TeX in, KaTeX out. The library and its style sheet come only to pages that have a formula.
let library

async function load() {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: import.meta.resolve("bundles/katex.css") })
  const styled = new Promise((done) => style.addEventListener("load", done, { once: true }))
  document.head.append(style)
  const [katex] = await Promise.all([import("bundles/katex"), styled])
  return katex
}

export default async function math(element, signal) {
  const source = element.textContent
  const katex = await (library ??= load())
  if (signal.aborted) return
  try {
    katex.render(source, element, { displayMode: element.dataset.math === "display", throwOnError: true, trust: false, maxSize: 20, maxExpand: 500 })
  } catch (error) {
    element.textContent = source // KaTeX has emptied it by now
    element.classList.add("math--failed")
    element.title = error.message
  }
  element.dataset.done = ""
  await document.fonts.ready
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0 // a formula that scrolls must be reachable by keyboard
}

// Sets the TeX of .math elements inside this one; the library comes only to pages that have any.
export default async function math(element, signal) {
  const found = element.matches(".math") ? [element] : [...element.querySelectorAll(".math")]
  if (!found.length) return
  const { default: katex } = await import("bundles/katex")
  for (const each of found) {
    if (signal.aborted || each.dataset.done) continue
    const displayMode = each.matches(".math--display, .math-display, pre, div, [data-math-style=display]")
    const source = each.textContent
    try {
      katex.render(source, each, { displayMode, throwOnError: true, trust: false, maxSize: 20, maxExpand: 500 })
    } catch (error) {
      each.classList.add("math--failed")
      each.title = error.message
    }
    each.dataset.done = "1"
  }
}

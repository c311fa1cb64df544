// A film or page of somebody else's, loaded only when asked for: <a class="embed" href="…" data-src="https://…">.
export default function embed(element, signal) {
  element.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    const frame = document.createElement("iframe")
    frame.className = "embed__frame"
    frame.src = element.dataset.src
    frame.title = element.dataset.title ?? element.textContent.trim()
    frame.allow = "fullscreen; encrypted-media; picture-in-picture"
    frame.referrerPolicy = "strict-origin-when-cross-origin"
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-presentation")
    element.replaceWith(frame)
    frame.focus()
  }, { signal })
}

// A video of somebody else's, loaded only when it is asked for.
export default function embed(element, signal) {
  element.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    const { id, start, label } = element.dataset
    const frame = document.createElement("iframe")
    frame.className = "embed__frame"
    frame.src = `https://www.youtube-nocookie.com/embed/${encodeURIComponent(id)}?${new URLSearchParams({ autoplay: "1", ...(start && { start }) })}`
    frame.title = label ?? element.textContent.trim()
    frame.allow = "autoplay; fullscreen; encrypted-media; picture-in-picture"
    frame.referrerPolicy = "strict-origin-when-cross-origin"
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-presentation")
    element.replaceChildren(frame)
    frame.focus()
  }, { signal, once: true })
}

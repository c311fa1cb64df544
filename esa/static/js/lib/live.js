// Says something to those who cannot see it happen.
export function say(text) {
  const live = document.getElementById("live")
  if (!live) return
  live.textContent = ""
  requestAnimationFrame(() => (live.textContent = text))
}

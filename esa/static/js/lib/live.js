// A short sentence at the foot of the page, read out as well: "Copied", "Not saved".
let timer

export function say(text) {
  const live = document.getElementById("live")
  if (!live) return
  clearTimeout(timer)
  live.textContent = ""
  requestAnimationFrame(() => (live.textContent = text)) // the same words twice are still two messages
  timer = setTimeout(() => (live.textContent = ""), 4000)
}

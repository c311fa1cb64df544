// <details> that are as the reader left them. The key is data-key, or the id.
export default function persist(element, signal) {
  const key = `details:${element.dataset.key ?? element.id}`
  const kept = localStorage.getItem(key)
  if (kept !== null) element.open = kept === "1"
  element.addEventListener("toggle", () => localStorage.setItem(key, element.open ? "1" : "0"), { signal })
}

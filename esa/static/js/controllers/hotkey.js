// data-hotkey="c", "g p" or "mod+Enter": clicks a link or button, focuses a field. Plain keys are left alone while
// somebody writes, and every key while an input method composes or a dialog is open.
import { composing, mac, typing } from "lib/keys"

let pending = ""
let timer

function pressed(event) {
  const mod = mac ? event.metaKey : event.ctrlKey
  if (event.altKey || (mac ? event.ctrlKey : event.metaKey)) return ""
  return `${mod ? "mod+" : ""}${mod && event.shiftKey ? "shift+" : ""}${event.key}`
}

export default function hotkey(element, signal) {
  const wanted = element.dataset.hotkey
  if (!wanted.includes(" ")) element.setAttribute("aria-keyshortcuts", wanted.replace("mod", mac ? "Meta" : "Control"))
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || composing(event) || document.querySelector("dialog[open]")) return
    const key = pressed(event)
    if (!key || (!key.startsWith("mod+") && typing(event.target))) return
    const first = wanted.split(" ")[0]
    if (key === wanted && !pending) run(element, event)
    else if (pending && `${pending} ${key}` === wanted) run(element, event)
    else if (wanted !== first && key === first && !pending) wait(first)
  }, { signal })
}

function wait(first) {
  clearTimeout(timer)
  queueMicrotask(() => (pending = first)) // every listener sees this key press as the first of two
  timer = setTimeout(() => (pending = ""), 1200)
}

function run(element, event) {
  if (!element.checkVisibility?.({ visibilityProperty: true })) return
  event.preventDefault()
  pending = ""
  if (element.matches("input:not([type=checkbox], [type=submit]), textarea, select")) {
    element.focus()
    element.select?.()
  } else element.click()
}

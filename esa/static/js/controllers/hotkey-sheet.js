// The dialog behind "?": lists whatever on this page has data-hotkey and data-hotkey-label.
import { composing, mac, typing } from "lib/keys"

const NAMES = { mod: mac ? "⌘" : "Ctrl", shift: "⇧", Enter: "↵" }

export default function sheet(dialog, signal) {
  const list = dialog.querySelector("[data-sheet]")
  const open = () => {
    list.querySelectorAll("[data-found]").forEach((row) => row.remove())
    const seen = new Set()
    for (const { dataset } of document.querySelectorAll("[data-hotkey][data-hotkey-label]")) {
      if (!seen.has(dataset.hotkey)) list.append(row(dataset.hotkeyLabel, dataset.hotkey))
      seen.add(dataset.hotkey)
    }
    dialog.showModal()
  }
  const listen = { signal }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || composing(event) || typing(event.target) || document.querySelector("dialog[open]")) return
    event.preventDefault()
    open()
  }, listen)
  for (const button of document.querySelectorAll(`[data-dialog="${dialog.id}"]`)) button.addEventListener("click", (event) => {
    event.stopImmediatePropagation()
    button.closest("details.menu")?.removeAttribute("open")
    open()
  }, { signal, capture: true })
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close(), listen)
}

function row(label, keys) {
  const [line, name, value] = ["div", "dt", "dd"].map((tag) => document.createElement(tag))
  line.dataset.found = ""
  name.textContent = label
  for (const part of keys.split(/[ +]/)) {
    const key = document.createElement("kbd")
    key.textContent = NAMES[part] ?? part
    value.append(key)
  }
  line.append(name, value)
  return line
}

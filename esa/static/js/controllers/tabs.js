// role="tablist" of buttons with aria-controls: one panel shows, arrows move. The chosen tab is told as a "tabchange" event.
export default function tabs(element, signal) {
  const all = [...element.querySelectorAll("[role=tab]")]
  const choose = (tab, focus) => {
    for (const each of all) {
      const on = each === tab
      each.setAttribute("aria-selected", on)
      each.tabIndex = on ? 0 : -1
      const panel = document.getElementById(each.getAttribute("aria-controls"))
      if (panel) panel.hidden = !on
    }
    if (focus) tab.focus()
    element.dispatchEvent(new CustomEvent("tabchange", { bubbles: true, detail: { tab } }))
  }
  choose(all.find((tab) => tab.getAttribute("aria-selected") === "true") ?? all[0])
  element.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]")
    if (tab) choose(tab)
  }, { signal })
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const from = all.indexOf(document.activeElement)
    if (!step || from < 0) return
    event.preventDefault()
    choose(all.at((from + step) % all.length), true)
  }, { signal })
}

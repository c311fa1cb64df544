// A card beside a link that the mouse rests on or the keyboard reaches. Links inside whose path fits data-pages are asked
// for at their path + data-fragment, once; what is refused shows nothing. Escape and scrolling hide it; a finger opens none.
import { get } from "lib/http"

const PAUSE = 350, GRACE = 200, GAP = 8
const known = new Map()
let last = 0

export default function glimpse(element, signal) {
  const pages = new RegExp(element.dataset.pages)
  const card = Object.assign(document.createElement("div"), { className: "glimpse", id: `glimpse-${++last}`, hidden: true })
  card.setAttribute("role", "tooltip")
  signal.addEventListener("abort", () => (card.remove(), clearTimeout(timer)))
  let timer, shown, asked

  const later = (deed, pause) => (clearTimeout(timer), (timer = setTimeout(deed, pause)))
  const linkAt = (target) => {
    const link = target.closest?.("a[href]")
    if (!link || !element.contains(link) || link.origin !== location.origin || link.pathname === location.pathname) return null
    return pages.test(link.pathname) ? link : null
  }
  function hide() {
    clearTimeout(timer)
    asked?.abort()
    shown?.removeAttribute("aria-describedby")
    shown = null
    card.hidden = true
  }
  async function show(link, at) {
    hide()
    shown = link
    asked = new AbortController()
    const address = link.pathname + element.dataset.fragment
    if (!known.has(address)) {
      const answer = await get(address, { signal: asked.signal }).catch(() => null)
      if (!answer) return
      known.set(address, answer.ok ? await answer.text().catch(() => "") : "")
    }
    if (shown !== link || !link.isConnected || !known.get(address)) return
    if (!card.isConnected) (element.closest("main") ?? document.body).append(card) // many texts on a page never need theirs
    card.innerHTML = known.get(address)
    card.hidden = false
    link.setAttribute("aria-describedby", card.id)
    place(link, at)
  }
  function place(link, at) {
    const lines = [...link.getClientRects()]
    const line = lines.find(({ top, bottom }) => at && at.y >= top && at.y <= bottom) ?? lines[0]
    const { clientWidth, clientHeight } = document.documentElement
    const above = line.bottom + GAP + card.offsetHeight > clientHeight && line.top > card.offsetHeight + GAP
    card.style.top = `${above ? line.top - GAP - card.offsetHeight : line.bottom + GAP}px`
    card.style.left = `${Math.max(GAP, Math.min(at ? at.x - 24 : line.left, clientWidth - card.offsetWidth - GAP))}px`
  }

  element.addEventListener("pointerover", ({ target, pointerType, clientX: x, clientY: y }) => {
    const link = pointerType !== "touch" && linkAt(target)
    if (link && link === shown) clearTimeout(timer)
    else if (link) later(() => show(link, { x, y }), PAUSE)
  }, { signal })
  element.addEventListener("pointerout", ({ target }) => linkAt(target) && later(hide, GRACE), { signal })
  card.addEventListener("pointerenter", () => clearTimeout(timer), { signal })
  card.addEventListener("pointerleave", () => later(hide, GRACE), { signal })
  element.addEventListener("focusin", ({ target }) => {
    const link = target.matches(":focus-visible") && linkAt(target)
    if (link) later(() => show(link), PAUSE)
  }, { signal })
  element.addEventListener("focusout", hide, { signal })
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide(), { signal })
  document.addEventListener("scroll", () => !card.hidden && hide(), { signal, passive: true, capture: true })
}

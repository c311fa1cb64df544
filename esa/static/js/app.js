// Attaches behaviour to markup: data-controller="menu copy" imports controllers/menu and controllers/copy when such an
// element first appears, also in fragments that htmx swaps in. A controller is one function (element, signal); the
// signal aborts when the element leaves the page, so listeners given { signal } need no clean-up.

const lives = new WeakMap()

async function attach(element) {
  const mine = lives.get(element) ?? new Map()
  lives.set(element, mine)
  for (const name of element.dataset.controller.split(/\s+/)) {
    if (!name || mine.has(name)) continue
    const life = new AbortController()
    mine.set(name, life)
    try {
      const { default: connect } = await import(`controllers/${name}`)
      if (!life.signal.aborted) connect(element, life.signal)
    } catch (error) {
      console.error(`controller "${name}" did not start`, error)
    }
  }
}

function detach(element) {
  for (const life of lives.get(element)?.values() ?? []) life.abort()
  lives.delete(element)
}

function within(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return []
  const inner = [...node.querySelectorAll("[data-controller]")]
  return node.matches("[data-controller]") ? [node, ...inner] : inner
}

new MutationObserver((changes) => {
  for (const { type, target, addedNodes, removedNodes } of changes) {
    if (type === "attributes" && target.dataset.controller) attach(target)
    for (const node of removedNodes) for (const element of within(node)) if (!element.isConnected) detach(element)
    for (const node of addedNodes) within(node).forEach(attach)
  }
}).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["data-controller"] })

document.documentElement.classList.add("js")
within(document.documentElement).forEach(attach)

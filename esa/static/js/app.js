// Attaches behaviour to markup: data-controller="menu copy" imports controllers/menu and controllers/copy when such an
// element first appears, also in fragments that htmx swaps in. A controller is one function (element, signal); the
// signal aborts when the element leaves the page, so listeners given { signal } need no clean-up.

const lives = new WeakMap()
const pending = new Set()

// Where they are bundled, one file has them all.
const behaviours = bundled("bundles/behaviours") ? import("bundles/behaviours").then((module) => module.default) : {}
const controller = async (name) => (await behaviours)[name]?.() ?? import(`controllers/${name}`)

function bundled(name) {
  try {
    return import.meta.resolve(name)
  } catch {
    return ""
  }
}

// Resolves when everything that is on the page behaves.
export const settled = async () => {
  while (pending.size) await Promise.all(pending)
}

function begin(element) {
  const attaching = attach(element).finally(() => pending.delete(attaching))
  pending.add(attaching)
}

async function attach(element) {
  const mine = lives.get(element) ?? new Map()
  lives.set(element, mine)
  for (const name of element.dataset.controller.split(/\s+/)) {
    if (!name || mine.has(name)) continue
    const life = new AbortController()
    mine.set(name, life)
    try {
      const { default: connect } = await controller(name)
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
    if (type === "attributes" && target.dataset.controller) begin(target)
    for (const node of removedNodes) for (const element of within(node)) if (!element.isConnected) detach(element)
    for (const node of addedNodes) within(node).forEach(begin)
  }
}).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["data-controller"] })

document.documentElement.classList.add("js")
within(document.documentElement).forEach(begin)

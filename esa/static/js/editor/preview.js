// The right pane: asks the server for the HTML of the text as it is, and puts in only the blocks that changed, so that
// diagrams, formulas and the place one reads stay still. Answers that were overtaken are dropped.
import { send } from "lib/http"

const WAIT = 100

export function createPreview(rendered, { url, shown, failed }) {
  let timer, running, wanted = 0
  let blocks = []

  async function ask(text) {
    running?.abort()
    running = new AbortController()
    const mine = ++wanted
    const answer = await send(url, { body: new URLSearchParams({ body_md: text }), signal: running.signal }).catch((error) => {
      if (error.name !== "AbortError" && mine === wanted) failed()
    })
    if (!answer || mine !== wanted) return
    const told = await answer.json().catch(() => null)
    if (mine !== wanted) return
    if (!answer.ok || !told) return failed(told?.message)
    blocks = morph(rendered, blocks, told.html)
    shown(told)
  }

  return {
    now: (text) => (clearTimeout(timer), ask(text)),
    soon(text) {
      clearTimeout(timer)
      timer = setTimeout(ask, WAIT, text)
    },
  }
}

// A block is what the server sent at the top level; a frame that a controller put behind it goes where it goes.
function morph(parent, old, html) {
  const template = document.createElement("template")
  template.innerHTML = html
  const fresh = [...template.content.childNodes]
    .filter((node) => node.nodeType === Node.ELEMENT_NODE || node.textContent.trim())
    .map((node) => ({ node, key: keyOf(node) }))
  let start = 0
  while (start < old.length && start < fresh.length && old[start].key === fresh[start].key) start++
  let end = 0
  while (end < old.length - start && end < fresh.length - start && old.at(-1 - end).key === fresh.at(-1 - end).key) end++

  const kept = old.slice(0, start)
  const rest = old.slice(old.length - end)
  const gone = old.slice(start, old.length - end)
  const place = rest[0]?.node ?? null
  const middle = []
  for (const block of fresh.slice(start, fresh.length - end)) {
    const at = gone.findIndex(({ key }) => key === block.key)
    if (at < 0) {
      parent.insertBefore(block.node, gone[0]?.node ?? place)
      middle.push(block)
      continue
    }
    gone.splice(0, at).forEach(({ node }) => node.remove())
    middle.push(gone.shift())
  }
  gone.forEach(({ node }) => node.remove())
  const blocks = [...kept, ...middle, ...rest]
  blocks.forEach(({ node }, index) => renumber(node, fresh[index].node))
  return blocks
}

// The same block on another line is the same block.
const keyOf = (node) => (node.outerHTML ?? node.textContent).replace(/ data-line="\d+"/g, "")

function renumber(node, fresh) {
  if (node === fresh || node.nodeType !== Node.ELEMENT_NODE) return
  if (fresh.dataset.line) node.dataset.line = fresh.dataset.line
  const lines = fresh.querySelectorAll("[data-line]")
  node.querySelectorAll("[data-line]").forEach((each, index) => lines[index] && (each.dataset.line = lines[index].dataset.line))
}

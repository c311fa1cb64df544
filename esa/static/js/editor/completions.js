// @ names a member, : brings an emoji, # links a post: offered while one writes, and never inside code.
import { autocompletion, syntaxTree } from "bundles/editor"
import { get } from "lib/http"

const KINDS = [
  { kind: "members", pattern: /(?<![\w@/.])@[\w-]{0,39}$/, tail: " " },
  { kind: "emoji", pattern: /(?<![\w:]):@?[\w+-]{1,40}$/, tail: " " },
  { kind: "posts", pattern: /(?<![\w#&/])(?<!^)#[^\s#()[\]{}<>!-/:-@`~|]{0,40}$|^#[^\s#()[\]{}<>`~|]{1,40}$/, tail: " " },
]
const CODE = new Set(["FencedCode", "CodeBlock", "InlineCode", "CodeText", "URL", "HTMLBlock", "HTMLTag"])

function inCode(state, at) {
  for (let node = syntaxTree(state).resolveInner(at, -1); node; node = node.parent) if (CODE.has(node.name)) return true
  return false
}

const source = (address, { kind, pattern, tail }) => async (context) => {
  const line = context.state.doc.lineAt(context.pos)
  const before = line.text.slice(0, context.pos - line.from)
  const found = pattern.exec(before)?.[0]
  if (!found || inCode(context.state, context.pos)) return null
  const asked = new AbortController()
  context.addEventListener("abort", () => asked.abort(), { onDocChange: true })
  const url = `${address.replace("KIND", kind)}?${new URLSearchParams({ q: found.slice(1) })}`
  const answer = await get(url, { signal: asked.signal }).catch(() => null)
  if (!answer?.ok || context.aborted) return null
  const options = (await answer.json()).map(({ value, label, hint }) => ({ label, detail: hint, apply: value + tail }))
  return options.length ? { from: context.pos - found.length, options, filter: false } : null
}

export const completions = (address) =>
  autocompletion({ override: KINDS.map((each) => source(address, each)), icons: false, activateOnTypingDelay: 80, maxRenderedOptions: 30 })

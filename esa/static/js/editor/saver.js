// One save at a time, and only the server's answer counts as saved. Attempts that got no answer are named to the next
// one, so that a lost answer makes neither a second post nor a clash with oneself (posts/attempts.py).
import { send } from "lib/http"

const PATIENCE = [3, 6, 12, 30, 60]

async function renewToken() {
  const page = await fetch(location.href, { credentials: "same-origin" }).then((answer) => answer.text())
  const token = new DOMParser().parseFromString(page, "text/html").querySelector('meta[name="csrf-token"]')?.content
  const meta = document.querySelector('meta[name="csrf-token"]')
  if (!token || !meta || meta.content === token) return false
  meta.content = token
  return true
}

export function createSaver({ address, fields, before, done, refused, failed }) {
  const unanswered = []
  let running = false, queued = null, timer, failures = 0

  async function save(wish) {
    clearTimeout(timer)
    if (running) return void (queued = wish)
    running = true
    const attempt = crypto.randomUUID?.() ?? ""
    const sent = fields()
    before(wish)
    const body = () => new URLSearchParams({ ...sent, wip: String(wish.wip), attempt, unanswered: unanswered.slice(-10).join(",") })
    const ask = () => send(address(), { body: body(), signal: AbortSignal.timeout(30_000) }).catch(() => null)
    let answer = await ask()
    if (answer?.status === 403 && !isJson(answer) && (await renewToken().catch(() => false))) answer = await ask()
    const told = isJson(answer) ? await answer.json().catch(() => null) : null
    running = false
    if (answer && answer.status < 500) unanswered.length = 0
    else if (attempt) unanswered.push(attempt)

    if (answer?.ok && told) {
      failures = 0
      done(told, sent, wish)
      const next = queued
      queued = null
      if (next) save(next)
    } else if (told && answer.status < 500) {
      queued = null
      refused(told, wish)
    } else {
      queued = null
      failed(answer ? (answer.status < 500 ? "refused" : "failed") : "offline", wish)
      // A draft goes on trying by itself; shipping waits for a hand.
      if (wish.wip && (!answer || answer.status >= 500)) timer = setTimeout(save, PATIENCE[Math.min(failures++, PATIENCE.length - 1)] * 1000, wish)
    }
  }
  return { save, unanswered, stop: () => clearTimeout(timer), get running() { return running } }
}

const isJson = (answer) => answer?.headers.get("Content-Type")?.startsWith("application/json") ?? false

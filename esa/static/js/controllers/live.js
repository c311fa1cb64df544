// The bell asks data-url now and then: how much is unread and, on the page of a post (#live-post), whether the post has
// changed, who else is here, and which comments came, changed or went. Hidden pages do not ask; when nothing answers, it asks
// less often.
import { get } from "lib/http"

const EVERY = 8000
const SELDOM = 120000

export default function live(bell, signal) {
  const post = document.getElementById("live-post")
  let timer, pause = EVERY, asking = false, again = false

  async function ask() {
    clearTimeout(timer)
    if (document.hidden) return
    if (asking) return void (again = true) // what is on its way may have been answered before
    asking = true
    try {
      const answer = await get(address(bell.dataset.url, post), { signal })
      if (!answer.ok) throw new Error(answer.status)
      const told = await answer.json()
      ring(bell, told.unread)
      if (post) await show(post, told.post, signal)
      pause = EVERY
    } catch {
      pause = Math.min(pause * 2, SELDOM)
    }
    asking = false
    if (!signal.aborted) timer = setTimeout(ask, again ? 0 : pause)
    again = false
  }
  document.addEventListener("visibilitychange", ask, { signal })
  window.addEventListener("focus", ask, { signal })
  signal.addEventListener("abort", () => clearTimeout(timer))
  timer = setTimeout(ask, post ? 500 : EVERY)
}

function address(url, post) {
  if (!post) return url
  const { post: number, revision, editing } = post.dataset
  return `${url}?${new URLSearchParams({ post: number, revision, ...(editing && { editing }) })}`
}

function ring(bell, unread) {
  const count = bell.querySelector(".count--unread")
  count.textContent = unread
  count.hidden = !unread
}

async function show(element, told, signal) {
  const { reading, writing, changed, gone, revision } = element.dataset
  const here = element.querySelector(".live__here")
  const note = element.querySelector(".live__changed")
  const words = told ? told.here.map(({ name, editing }) => (editing ? writing : reading).replace("%s", name)).join(" · ") : ""
  if (here.textContent !== words) here.textContent = words
  here.hidden = !words
  const news = !told ? gone : told.revision > Number(revision) && (!told.mine || !element.dataset.editing) ? changed.replace("%s", told.by) : ""
  if (note.firstElementChild.textContent !== news) note.firstElementChild.textContent = news
  note.hidden = !news
  if (told) await comments(told, signal)
}

const number = ({ id }) => Number(id.replace("comment-", ""))

async function comments(told, signal) {
  const list = document.getElementById("comments-list")
  if (!list) return
  const shown = [...list.querySelectorAll(".comment[id]")]
  const last = Math.max(0, ...shown.map(number))
  const version = Math.max(0, ...shown.map((comment) => comment.dataset.version))
  const counted = Number(list.dataset.counted ?? shown.length)
  if (told.comment <= last && told.version <= version && told.comments === counted) return
  const answer = await get(`${list.dataset.url}?${new URLSearchParams({ after: last, version })}`, { signal })
  if (!answer.ok) return
  const fragment = document.createElement("template")
  fragment.innerHTML = await answer.text()
  const news = fragment.content.querySelector("[data-there]")
  if (!news) return // of a server that is older than this page
  const there = new Set(news.dataset.there.trim().split(" ").map(Number))
  for (const comment of shown) if (!there.has(number(comment))) comment.remove()
  for (const comment of [...news.children]) put(list, comment)
  list.dataset.counted = told.comments
  window.htmx?.process(list)
  document.getElementById("comments-count").textContent = told.comments
}

/** In its place: that of what it was before, or before those that are younger. */
function put(list, comment) {
  const before = document.getElementById(comment.id)
  const at = before?.contains(document.activeElement) && document.activeElement.id
  if (before) before.replaceWith(comment)
  else list.insertBefore(comment, [...list.children].find((each) => number(each) > number(comment)) ?? null)
  if (at) document.getElementById(at)?.focus({ preventScroll: true })
}

// The bell asks data-url now and then: how much is unread and, on the page of a post (#live-post), whether the post has
// changed, who else is here, and which comments are new. Hidden pages do not ask; when nothing answers, it asks less often.
import { get } from "lib/http"

const EVERY = 8000
const SELDOM = 120000

export default function live(bell, signal) {
  const post = document.getElementById("live-post")
  let timer, pause = EVERY, asking = false

  async function ask() {
    clearTimeout(timer)
    if (document.hidden || asking) return
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
    if (!signal.aborted) timer = setTimeout(ask, pause)
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

async function comments(told, signal) {
  const list = document.getElementById("comments-list")
  if (!list) return
  const shown = [...list.querySelectorAll(".comment[id]")].map(({ id }) => Number(id.replace("comment-", "")))
  const last = Math.max(0, ...shown)
  if (told.comment <= last) return
  const answer = await get(`${list.dataset.url}?after=${last}`, { signal })
  if (!answer.ok) return
  const fragment = document.createElement("template")
  fragment.innerHTML = await answer.text()
  for (const comment of fragment.content.querySelectorAll(".comment")) if (!document.getElementById(comment.id)) list.append(comment)
  window.htmx?.process(list)
  document.getElementById("comments-count").textContent = told.comments
}

// A form with one text: what is typed is kept in this browser until the server has it (editor/journal), and put back
// when the page comes again with nothing in the field. data-member and data-place say whose and where.
import { Journal } from "editor/journal"
import { say } from "lib/live"

const SENT = "esa-comment-sent"

export default async function draft(form, signal) {
  const field = form.querySelector("textarea")
  const journal = new Journal({ member: form.dataset.member, number: form.dataset.place }, signal)
  const before = field.defaultValue
  const keep = async () => {
    delete form.dataset.kept
    await (field.value === before ? journal.drop() : journal.keep({ body_md: field.value }))
    form.dataset.kept = ""
  }
  field.addEventListener("input", keep, { signal })
  if (field.value !== before) keep() // somebody was faster than this script
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, JSON.stringify({ id: journal.id, text: field.value })), { signal })

  // The server answered with the comment's own address: it has the text.
  const sent = JSON.parse(sessionStorage.getItem(SENT) ?? "null")
  sessionStorage.removeItem(SENT)
  if (sent && location.hash.startsWith("#comment-")) await journal.drop(sent.id)
  const entry = await journal.orphan()
  if (!entry || signal.aborted || field.value !== before) return
  journal.drop(entry.id)
  if (entry.body_md === before) return
  field.value = entry.body_md
  journal.keep({ body_md: field.value })
  say(form.dataset.restored)
}

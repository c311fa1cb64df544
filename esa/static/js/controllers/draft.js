// A form with one text: what is typed is kept in this browser until the server has it (editor/journal), and put back
// when the page comes again with nothing in the field. data-member and data-place say whose and where. The text that was
// begun with (base_body) is kept along, so that what somebody else saved since is not overwritten. data-settling: the
// field has what was kept already, together with somebody else's text.
import { Journal } from "editor/journal"
import { say } from "lib/live"

const SENT = "esa-comment-sent"

export default async function draft(form, signal) {
  const field = form.querySelector("textarea")
  const journal = new Journal({ member: form.dataset.member, number: form.dataset.place }, signal)
  const base = form.elements.base_body
  const before = field.defaultValue
  const text = () => ({ body_md: field.value, ...(base && { base_body: base.value }) })
  let latest = 0
  const keep = async () => {
    const mine = ++latest
    delete form.dataset.kept
    await (field.value === before ? journal.drop() : journal.keep(text()))
    if (mine === latest) form.dataset.kept = ""
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
  if ("settling" in form.dataset) return journal.keep(text())
  if (entry.body_md === before) return
  field.value = entry.body_md
  if (base && entry.base_body !== undefined) base.value = entry.base_body
  journal.keep(text())
  say(form.dataset.restored)
}

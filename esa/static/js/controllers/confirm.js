// A form that asks before it acts: data-confirm is the question, data-confirm-yes the word on the button.
export default function confirm(form, signal) {
  let sure = false
  form.addEventListener("submit", (event) => {
    if (sure) return
    event.preventDefault()
    const submitter = event.submitter
    const dialog = build(form.dataset)
    document.body.append(dialog)
    dialog.addEventListener("close", () => {
      dialog.remove()
      if (dialog.returnValue !== "yes") return
      sure = true
      form.requestSubmit(submitter)
      sure = false
    })
    dialog.showModal()
  }, { signal })
}

function build({ confirm: question, confirmYes, confirmNo }) {
  const dialog = document.createElement("dialog")
  dialog.className = "dialog"
  dialog.setAttribute("aria-label", question)
  const form = Object.assign(document.createElement("form"), { method: "dialog" })
  const text = Object.assign(document.createElement("p"), { className: "dialog__body", textContent: question })
  const foot = Object.assign(document.createElement("div"), { className: "dialog__foot" })
  const no = Object.assign(document.createElement("button"), { className: "button", value: "", textContent: confirmNo ?? "×" })
  const yes = Object.assign(document.createElement("button"), { className: "button button--danger", value: "yes", textContent: confirmYes ?? "OK" })
  foot.append(no, yes)
  form.append(text, foot)
  dialog.append(form)
  return dialog
}

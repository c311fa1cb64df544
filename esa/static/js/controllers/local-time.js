// <time> as the reader's clock has it: relative words that stay true while the page is open, the whole moment on hover.
// People who are signed in have a zone (data-time-zone on <html>); the browser's own is taken for everybody else.
const lang = document.documentElement.lang || "en"
const timeZone = document.querySelector('meta[name="csrf-token"]') ? document.documentElement.dataset.timeZone : undefined
const formats = {
  date: new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeZone }),
  datetime: new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short", timeZone }),
}
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "always" })
const WEEK = 7 * 86400

export default function localTime(element, signal) {
  const when = new Date(element.dateTime)
  if (Number.isNaN(when.getTime())) return
  const style = element.dataset.style ?? "relative"
  const show = () => {
    const text = style === "relative" ? ago(when, element) : formats[style].format(when)
    if (text && text !== element.textContent) element.textContent = text
  }
  element.title = formats.datetime.format(when)
  show()
  if (style !== "relative") return
  const timer = setInterval(show, 60_000)
  signal.addEventListener("abort", () => clearInterval(timer))
}

function ago(when, element) {
  const passed = (Date.now() - when) / 1000
  if (passed < 60) return element.textContent // the server's "just now"
  if (passed >= WEEK) return formats.date.format(when)
  for (const [unit, seconds] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (passed >= seconds) return relative.format(-Math.floor(passed / seconds), unit)
  }
}

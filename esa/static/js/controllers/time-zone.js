// A hidden field that tells the server the browser's time zone, once, while nothing else is in it.
export default function timeZone(input) {
  input.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""
}

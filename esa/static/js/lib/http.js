// fetch with what our server wants to see: the CSRF token, and that a script asks.

export async function send(url, { method = "POST", body, signal } = {}) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? ""
  const headers = { "X-CSRFToken": token, "X-Requested-With": "fetch", Accept: "application/json, text/html;q=0.9" }
  return fetch(url, { method, body, signal, headers, credentials: "same-origin" })
}

export async function get(url, { signal } = {}) {
  return fetch(url, { signal, headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" })
}

// Text that the server has not confirmed yet, kept in this browser (IndexedDB) per post and tab. An entry whose tab is
// gone is offered back; it goes away when the server has the text, when it is thrown away, and at signing out.

const STORE = "drafts"
const NAME = "esa-journal"

function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("place", "place")
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
}

async function run(mode, work) {
  const db = await database()
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, mode, { durability: "strict" })
      const request = work(transaction.objectStore(STORE))
      transaction.oncomplete = () => resolve(request?.result)
      transaction.onerror = transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    db.close()
  }
}

// Nothing is written behind the back of somebody who signs out, not even by the page that goes away.
let forgotten = false
export function forget() {
  forgotten = true
  setTimeout(() => (forgotten = false), 3000) // they stayed after all
  return run("readwrite", (store) => store.clear())
}

export class Journal {
  // `place` is the post, or "new", of one member: nobody is offered what another person wrote in this browser.
  constructor({ member, number }, signal) {
    this.member = member
    this.id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
    this.settle(number)
    // Held as long as this tab lives, also through a crash of the tab; other tabs see by it that the entry is not theirs.
    navigator.locks?.request(this.lock(this.id), { signal }, () => new Promise((done) => signal.addEventListener("abort", done))).catch(() => {})
    this.queue = Promise.resolve()
  }

  lock = (id) => `esa-draft-${id}`
  settle(number) {
    this.place = `${this.member}:${number || "new"}`
  }
  // Writes and removals one after the other, so that a late write cannot bring back what was confirmed.
  after(work) {
    return (this.queue = this.queue.then(work).catch((error) => console.warn("the journal could not be written", error)))
  }
  keep(text) {
    return this.after(() => forgotten || run("readwrite", (store) => store.put({ ...text, id: this.id, place: this.place, at: Date.now() })))
  }
  drop(id = this.id) {
    return this.after(() => run("readwrite", (store) => store.delete(id)))
  }
  // The newest entry of this place that no living tab writes.
  async orphan() {
    const entries = await run("readonly", (store) => store.index("place").getAll(this.place)).catch(() => [])
    const held = new Set(((await navigator.locks?.query())?.held ?? []).map(({ name }) => name))
    return entries.filter(({ id }) => id !== this.id && !held.has(this.lock(id))).sort((a, b) => b.at - a.at)[0]
  }
}

// Old addresses keep their place behind a hash, #path=%2Ffoo%2Fbar: goes to data-url, its last part replaced by the path.
export default function hashPath(element, signal) {
  const go = () => {
    const path = new URLSearchParams(location.hash.slice(1)).get("path")?.split("/").filter(Boolean)
    if (path?.length) location.replace(element.dataset.url.replace(/[^/]*$/, path.map(encodeURIComponent).join("/")))
  }
  addEventListener("hashchange", go, { signal })
  go()
}

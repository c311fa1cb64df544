// Bundles every entry point beside this file into esa/static/bundles: `npm run build`.
import { readdir, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = fileURLToPath(new URL(".", import.meta.url))
const out = fileURLToPath(new URL("../static/bundles/", import.meta.url))
const entries = (await readdir(here)).filter((name) => name.endsWith(".js") || name.endsWith(".css")).sort()

await rm(out, { recursive: true, force: true })
await build({
  entryPoints: entries.map((name) => here + name),
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: false,
  charset: "utf8",
  legalComments: "linked",
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  // Every browser that runs ES2022 reads woff2; the older formats of a font are never asked for.
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
  logLevel: "warning",
})

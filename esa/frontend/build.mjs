// Bundles every entry point beside this file, and the behaviours of our own, into esa/static/bundles: `npm run build`.
import { existsSync } from "node:fs"
import { readdir, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = fileURLToPath(new URL(".", import.meta.url))
const out = fileURLToPath(new URL("../static/bundles/", import.meta.url))
const entries = (await readdir(here)).filter((name) => name.endsWith(".js") || name.endsWith(".css")).sort()

const usual = {
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
  logLevel: "warning",
}

await rm(out, { recursive: true, force: true })
await build({
  ...usual,
  entryPoints: entries.map((name) => here + name),
  assetNames: "assets/[name]-[hash]",
  // Every browser that runs ES2022 reads woff2; the older formats of a font are never asked for.
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
})

// A page has a dozen behaviours or two, which would be a request each. They are small, so one file has them all; what
// the editor needs is kept apart, and packages stay the bundles above. In development app.js takes the single modules.
const ours = fileURLToPath(new URL("../static/js/", import.meta.url))
const apart = ["editor"]
const names = (await readdir(`${ours}controllers`)).map((name) => name.replace(/\.js$/, "")).sort()
const together = names.filter((name) => !apart.includes(name))
await build({
  ...usual,
  stdin: {
    contents: [
      ...together.map((name, number) => `import * as _${number} from "controllers/${name}"`),
      "export default {",
      ...together.map((name, number) => `  "${name}": () => _${number},`),
      ...apart.map((name) => `  "${name}": () => import("controllers/${name}"),`),
      "}",
    ].join("\n"),
    resolveDir: ours,
    sourcefile: "behaviours.js",
  },
  // The names of the import map (esa/templatetags/esa.py).
  plugins: [{
    name: "import map",
    setup(build) {
      build.onResolve({ filter: /^bundles\// }, ({ path }) => ({ path, external: true }))
      build.onResolve({ filter: /^[a-z]/ }, ({ path }) => existsSync(`${ours}${path}.js`) ? { path: `${ours}${path}.js` } : undefined)
    },
  }],
  entryNames: "behaviours",
})

// Math: loaded by pages that show some. The style sheet beside it is katex.css.
export { default as katex, render, renderToString } from "katex"

// Diagrams: loaded by the sandboxed page that draws them.
export { default } from "mermaid"

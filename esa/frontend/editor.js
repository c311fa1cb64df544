// CodeMirror for Markdown: what the editor's controller builds a view from.
export { EditorState, Compartment, EditorSelection, Prec, Transaction } from "@codemirror/state"
export {
  EditorView,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  placeholder,
} from "@codemirror/view"
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands"
export { HighlightStyle, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language"
export { insertNewlineContinueMarkup, markdown, markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown"
export { languages } from "@codemirror/language-data"
export { search, searchKeymap } from "@codemirror/search"
export { autocompletion, closeBrackets, completionKeymap, startCompletion } from "@codemirror/autocomplete"
export { tags } from "@lezer/highlight"

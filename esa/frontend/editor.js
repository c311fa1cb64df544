// CodeMirror for Markdown: what the modules under js/editor build the editor from.
export { ChangeSet, Compartment, EditorSelection, EditorState, Prec, Transaction } from "@codemirror/state"
export {
  EditorView,
  drawSelection,
  dropCursor,
  highlightSpecialChars,
  keymap,
  placeholder,
} from "@codemirror/view"
export { defaultKeymap, history, historyKeymap, indentLess, indentMore, isolateHistory } from "@codemirror/commands"
export { HighlightStyle, LanguageDescription, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language"
export { deleteMarkupBackward, insertNewlineContinueMarkup, markdown, markdownLanguage } from "@codemirror/lang-markdown"
export { languages } from "@codemirror/language-data"
export { search, searchKeymap } from "@codemirror/search"
export { acceptCompletion, autocompletion, completionStatus } from "@codemirror/autocomplete"
export { tags } from "@lezer/highlight"

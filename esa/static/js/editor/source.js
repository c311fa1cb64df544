// The left pane: CodeMirror in place of the textarea, which stays in the form and always holds the same text.
import {
  EditorState, EditorView, HighlightStyle, LanguageDescription, Prec,
  acceptCompletion, completionStatus, defaultKeymap, deleteMarkupBackward, drawSelection, dropCursor, highlightSpecialChars, history, historyKeymap,
  indentLess, indentMore, indentUnit, insertNewlineContinueMarkup, keymap, languages, markdown, markdownLanguage, placeholder, search, searchKeymap,
  syntaxHighlighting, tags,
} from "bundles/editor"
import { keys } from "editor/commands"
import { completions } from "editor/completions"
import { indents } from "editor/lists"
import { paste } from "editor/paste"
import { enterRow, moveCell } from "editor/tables"

// Roles of our own style sheet; `cm-` classes come from highlight.css's tokens where code is shown.
const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "700", color: "var(--color-ink)" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.meta, tags.comment], color: "var(--color-ink-faint)" },
  { tag: [tags.link, tags.url], color: "var(--color-link)" },
  { tag: tags.quote, color: "var(--color-ink-soft)" },
  { tag: [tags.monospace, tags.string, tags.special(tags.string)], color: "var(--color-success)" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.tagName, tags.atom], color: "var(--color-important)" },
  { tag: [tags.number, tags.bool, tags.attributeName, tags.labelName], color: "var(--color-wip)" },
  { tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.typeName, tags.className], color: "var(--color-accent)" },
  { tag: tags.invalid, color: "var(--color-danger)" },
])

const theme = EditorView.theme({
  "&": { color: "var(--color-ink)", backgroundColor: "transparent", fontSize: "var(--editor-size, 0.9375rem)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.8", overflow: "auto" },
  ".cm-content": { padding: "var(--space-4) var(--space-5) 40vh", caretColor: "var(--color-accent)" },
  ".cm-line": { padding: "0" },
  ".cm-placeholder": { color: "var(--color-ink-faint)", whiteSpace: "pre-wrap" },
  ".cm-cursor": { borderLeftColor: "var(--color-accent)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--color-accent-wash)" },
  ".cm-tooltip": { zIndex: "50", color: "var(--color-ink)", backgroundColor: "var(--color-raised)", border: "1px solid var(--color-line)", borderRadius: "var(--radius-l)", boxShadow: "var(--shadow-high)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-sans)", fontSize: "var(--text-m)", minWidth: "16rem", maxWidth: "min(32rem, 90vw)", maxHeight: "18rem", padding: "var(--space-1)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", gap: "0.8em", alignItems: "center", minHeight: "var(--control)", padding: "0.25em var(--space-3)", borderRadius: "var(--radius-m)", lineHeight: "1.4" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--color-accent-wash)", color: "var(--color-accent-strong)" },
  ".cm-completionLabel": { overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionDetail": { flex: "0 9 auto", minWidth: "4em", textAlign: "end", overflow: "hidden", textOverflow: "ellipsis", marginLeft: "auto", fontStyle: "normal", fontSize: "var(--text-s)", color: "var(--color-ink-faint)" },
  ".cm-panels": { color: "var(--color-ink)", backgroundColor: "var(--color-well)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--color-line)" },
  ".cm-panel.cm-search": { padding: "var(--space-2) var(--space-6) var(--space-2) var(--space-3)", fontFamily: "var(--font-sans)", fontSize: "var(--text-s)" },
  ".cm-textfield": { padding: "0.35em 0.6em", fontSize: "var(--text-s)", color: "var(--color-ink)", backgroundColor: "var(--color-raised)", border: "1px solid var(--color-edge)", borderRadius: "var(--radius-m)" },
  ".cm-button": { padding: "0.3em 0.7em", fontSize: "var(--text-s)", color: "var(--color-ink)", background: "var(--color-raised)", border: "1px solid var(--color-line)", borderRadius: "var(--radius-m)", cursor: "pointer" },
  ".cm-panel.cm-search [name=close]": { inset: "var(--space-2) var(--space-2) auto auto", padding: "0 0.4em", fontSize: "1.2rem", color: "var(--color-ink-soft)", cursor: "pointer" },
  ".cm-searchMatch": { backgroundColor: "var(--color-mark)" },
  ".cm-searchMatch-selected": { outline: "2px solid var(--color-focus)" },
})

const language = (info) => LanguageDescription.matchLanguageName(languages, info.split(/[:\s{]/, 1)[0], false)

export function createSource(textarea, { words, label, hint, completionsUrl, upload, refuse, changed, save, ship }) {
  const nonce = document.querySelector("script[nonce]")?.nonce ?? ""
  const view = new EditorView({
    parent: textarea.parentElement,
    state: EditorState.create({
      doc: textarea.value,
      extensions: [
        EditorView.cspNonce.of(nonce),
        Prec.highest(keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => (save(), true) },
          { key: "Mod-Enter", preventDefault: true, run: () => (ship(), true) },
        ])),
        keymap.of([
          { key: "Tab", run: (view) => completionStatus(view.state) === "active" && acceptCompletion(view) },
          { key: "Tab", run: moveCell(1), shift: moveCell(-1) },
          { key: "Tab", run: indents(indentMore), shift: indents(indentLess) },
          { key: "Enter", run: enterRow },
          { key: "Enter", run: insertNewlineContinueMarkup },
          { key: "Backspace", run: deleteMarkupBackward },
          ...keys(words),
          ...searchKeymap.filter(({ key }) => key !== "Mod-Alt-g"),
          ...historyKeymap,
          ...defaultKeymap.filter(({ key }) => !["Mod-Enter", "Mod-i", "Mod-k"].includes(key)),
        ]),
        history(),
        search({ top: true }),
        drawSelection(),
        dropCursor(),
        highlightSpecialChars(),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        EditorState.phrases.of(words.phrases),
        EditorState.allowMultipleSelections.of(true),
        markdown({ base: markdownLanguage, codeLanguages: language, addKeymap: false, pasteURLAsLink: false }),
        syntaxHighlighting(colours),
        completions(completionsUrl),
        placeholder(hint),
        theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", "aria-multiline": "true", spellcheck: "true", autocapitalize: "sentences" }),
        EditorView.domEventHandlers({
          paste: paste({ upload, refuse }),
          drop(event, view) {
            const files = [...(event.dataTransfer?.files ?? [])]
            if (!files.length) return false
            event.preventDefault()
            upload ? upload(files, view) : refuse()
            return true
          },
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return
          textarea.value = update.state.doc.toString()
          changed(update)
        }),
      ],
    }),
  })
  textarea.hidden = true
  textarea.labels[0]?.addEventListener("click", () => view.focus())
  return view
}

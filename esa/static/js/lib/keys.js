// What a key press means. Keys that belong to an input method (a conversion being confirmed) are never ours:
// Safari reports them after compositionend with keyCode 229.

export const composing = (event) => event.isComposing || event.keyCode === 229

export const typing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"))

export const mac = /Mac|iP(hone|ad)/.test(navigator.platform)

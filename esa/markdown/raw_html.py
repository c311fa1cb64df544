"""HTML that an author wrote in the text: made harmless for the parser behind us, which the sanitiser needs.

This is not what keeps readers safe (`sanitizer.py` does); it keeps one tag from swallowing the rest of the text, and a
small text from becoming a huge page.
"""

import re

from esa.markdown.sanitizer import TAGS, names

# Elements of HTML that the sanitiser takes away without a trace, their contents stay. Any other name that it does not
# know was meant as text (`List<String>`, `<your-name>`), and so was one that turns what follows into something else:
# both are shown as they were written.
_DROPPED = names(
    "acronym address applet area article aside base basefont bgsound big blink body button canvas center data datalist"
    " dialog dir embed fieldset footer form frame frameset head header hgroup html label legend link main map marquee"
    " menu meta meter nav nobr object optgroup option output param progress rb rtc search slot track"
)
_KNOWN = _DROPPED | TAGS
_TAG = re.compile(r"<(?=/?([A-Za-z][^\s/>]{0,100}))")
_INPUT = re.compile(r"<input(?=[\s/>])", re.IGNORECASE)
_TARGET = re.compile(r"<a\s+id=", re.IGNORECASE)
_FORMATTING = re.compile(
    r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])[^>]{0,200}", re.IGNORECASE
)
_OPENING = re.compile(r"<[A-Za-z]")
_CLOSING = re.compile(r"</[A-Za-z]")

# Elements that an HTML parser may make out of unclosed formatting, which it opens again in each block.
REOPENED_LIMIT = 300_000
# Levels of unclosed elements; the sanitiser's time grows with their square.
UNCLOSED_LIMIT = 2_000


def filtered(html: str) -> str:
    """Show tags that are none as text; let a place to link to (`<a id="x">`) be one without being an id.

    A box that an author wrote is told from one of a task list by its line break.
    """
    if "<" not in html:
        return html
    return _TARGET.sub("<a name=", _INPUT.sub("<input\n", _TAG.sub(_shown, html)))


def is_text(markup: str) -> bool:
    """Whether a piece of raw HTML begins with a tag that is shown as text."""
    match = _TAG.match(markup)
    return match is not None and match[1].lower() not in _KNOWN


def only_text(markup: str) -> bool:
    """Whether all tags of a piece of raw HTML are shown as text."""
    names = {match[1].lower() for match in _TAG.finditer(markup)}
    return bool(names) and _KNOWN.isdisjoint(names)


def explosive(pieces: list[str], blocks: int) -> bool:
    """Say whether the raw HTML of a document with so many blocks could grow beyond measure when it is parsed."""
    tags = sum(piece.count("<") for piece in pieces)
    if tags < 50:
        return False
    formatting = [match for piece in pieces for match in _FORMATTING.findall(piece)]
    # A parser keeps at most three equal ones open.
    reopened = min(len(formatting), 3 * len(set(formatting)))
    opened = sum(len(_OPENING.findall(piece)) - len(_CLOSING.findall(piece)) for piece in pieces)
    return reopened * (blocks + tags) > REOPENED_LIMIT or (tags > UNCLOSED_LIMIT and opened > UNCLOSED_LIMIT)


def _shown(match: re.Match[str]) -> str:
    return "<" if match[1].lower() in _KNOWN else "&lt;"


def escaped(html: str) -> str:
    return html.replace("<", "&lt;")

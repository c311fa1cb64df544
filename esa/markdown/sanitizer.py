"""What HTML may contain. Everything a reader sees has passed `sanitize`.

The contract with the style sheets and controllers. Sealed (`seal.py`) means that only the renderer can write it; the
rest may also come from an author, who can thereby only make something look like what it could be anyway.

Code            `div.code-block[data-lang]` (sealed) > `div.code-filename`?, `pre[tabindex=0]` > `code.highlight` >
                `span` with Pygments' short classes; changed lines of a diff: `span.gi`, `span.gd`
Heading         `h1`…`h6` > `a.anchor[name][href]` (sealed, empty, first child). `name`, not `id`: it is found by
                `#見出し` but is no property of `window`, and never the `id` of something in the application
Member          `a.mention`; `img.emoji.member-icon` (sealed)
Post            `a.post-ref`, `a.post-ref.wip`, `a.post-ref.broken`, `span.post-ref.broken` (sealed)
Emoji           the character itself; a team's own: `img.emoji` (sealed)
Task            `ul|ol.contains-task-list` > `li.task-list-item` > `input.task-list-item-checkbox[type=checkbox]
                [disabled][data-task=ordinal]` (data-task sealed); in a loose list the text is in a `p` behind it
Alert           `div.markdown-alert.markdown-alert-{note,tip,important,warning,caution}` > `p.markdown-alert-title`
Footnotes       `sup.footnote-ref` > `a[data-footnote-ref]`; `section.footnotes[data-footnotes]` > `ol` > `li#fn-…`,
                `a.footnote-backref`
Table           `div.table-wrap[tabindex=0][role=region][aria-label]` (sealed) > `table`; cells with `align`
Formula         `span.math[data-math=inline|display]`, `div.math[data-math=display]` (sealed): TeX source as text
Diagram         `pre.diagram[data-diagram=mermaid]` (sealed): source as text;
                `pre.diagram.unrendered[data-diagram=plantuml]` + `p.diagram-note` without a PlantUML server,
                `p.diagram-image` > `img.diagram` with one
Video           `div.embed[data-embed=youtube][data-id][data-start]?[data-label]` (sealed) > `a`: loads nothing until
                it is clicked
As it was       `p.markdown-note` + `pre.markdown-source`: too large or too deeply nested to be formatted
Scroll          `data-line`: the line of the source at which a block starts
Links           to other hosts: `rel="nofollow noopener"`; images: `loading="lazy"`
"""

import re
from html import unescape

import nh3
from pygments.token import STANDARD_TYPES

from esa.markdown.seal import SEAL, unseal


def names(text: str) -> set[str]:
    return set(text.split())


TAGS = names(
    "a abbr audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption"
    " figure font h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p picture pre q rp rt ruby s samp section small"
    " source span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var video wbr"
)

_SIZE = {"width", "height"}
_CELL = {"align", "valign", "colspan", "rowspan", "style", "width", "height"}

ATTRIBUTES = {
    "*": {"title", "lang", "dir"},
    "a": {"href", "name", "id", "aria-label", "data-footnote-ref", "data-footnote-backref"},
    "audio": {"src"},
    "caption": {"style"},
    "col": {"span", "style", "width"},
    "del": {"datetime"},
    "details": {"open"},
    "div": {"align", "aria-label", "style"},
    "font": {"color"},
    "h1": {"align", "style"},
    "h2": {"align", "style"},
    "h3": {"align", "style"},
    "h4": {"align", "style"},
    "h5": {"align", "style"},
    "h6": {"align", "style"},
    "img": {"src", "alt", "align", *_SIZE},
    "input": {"checked"},
    "ins": {"datetime"},
    "li": {"id", "value"},
    "ol": {"start", "reversed", "type"},
    "p": {"align", "style"},
    "section": {"data-footnotes"},
    "span": {"style"},
    "sup": {"id"},
    "table": {"align", "style", "width"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "time": {"datetime"},
    "tr": {"style"},
    "video": {"src", "poster", *_SIZE},
}

# Attributes of which only one value is harmless and useful.
VALUES = {
    "a": {"tabindex": {"-1"}, "aria-hidden": {"true"}},
    "div": {"tabindex": {"0"}, "role": {"region"}},
    "input": {"type": {"checkbox"}},
    "pre": {"tabindex": {"0"}},
}

# Set on every such element, whoever wrote it. One for each: the order of several differs from process to process.
ALWAYS = {
    "audio": {"controls": ""},
    "img": {"loading": "lazy"},
    "input": {"disabled": ""},
    "video": {"controls": ""},
}

_HIGHLIGHT = {css for css in STANDARD_TYPES.values() if css}
_ALERTS = {"markdown-alert"} | {f"markdown-alert-{kind}" for kind in names("note tip important warning caution")}

WRITTEN_CLASSES = {
    "a": {"footnote-backref"},
    "div": _ALERTS,
    "input": {"task-list-item-checkbox"},
    "li": {"task-list-item"},
    "ol": {"contains-task-list"},
    "p": {"markdown-alert-title"},
    "section": {"footnotes"},
    "span": _HIGHLIGHT,
    "sup": {"footnote-ref"},
    "ul": {"contains-task-list"},
}

SEALED_CLASSES = {
    "a": {"anchor", "mention", "post-ref", "wip", "broken"},
    "code": {"highlight"},
    "div": {"code-block", "code-filename", "embed", "math", "table-wrap"},
    "img": {"diagram", "emoji", "member-icon"},
    "p": {"diagram-image", "diagram-note", "markdown-note"},
    "pre": {"diagram", "markdown-source", "unrendered"},
    "span": {"math", "post-ref", "broken"},
}

# The classes that a reader's browser can meet, by tag.
CLASSES = {
    tag: WRITTEN_CLASSES.get(tag, set()) | SEALED_CLASSES.get(tag, set()) for tag in {*WRITTEN_CLASSES, *SEALED_CLASSES}
}

STYLES = {"color", "background-color", "text-align", "font-weight", "width"}
SCHEMES = {"http", "https", "mailto", "tel"}
REL = "nofollow noopener"

_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    tag_attribute_values=VALUES,
    set_tag_attribute_values=ALWAYS,
    generic_attribute_prefixes={f"data-{SEAL}"},
    allowed_classes={
        tag: WRITTEN_CLASSES.get(tag, set()) | {SEAL + css for css in SEALED_CLASSES.get(tag, set())} for tag in CLASSES
    },
    filter_style_properties=STYLES,
    url_schemes=SCHEMES,
    link_rel=REL,
    # Only footnotes have ids. Any other id is made one that nothing looks for, so that it can shadow nothing.
    id_prefix="fn",
)


# In sanitised HTML a `<` always starts a tag, and a `"` in it an attribute's value.
_STYLED = re.compile(r'''(<[a-z][a-z0-9]*+(?: [^\s">=]++(?:="[^"]*+")?+)*?) style="([^"]*)"''')
# Words, numbers and lengths, and the functions that make a colour or a length of them.
_DECLARATION = re.compile(
    rf"\s*(?:{'|'.join(sorted(STYLES))})\s*:"
    r"(?:(?:rgba?|hsla?|calc|min|max)\([\s\w%.,+*/-]*+\)|[\w#%.+!-]++(?!\()|[\s,*/]++)++",
    re.IGNORECASE | re.ASCII,
)


def sanitize(html: str) -> str:
    page = unseal(_cleaner.clean(html))
    return _STYLED.sub(_plainly_styled, page) if ' style="' in page else page


def _plainly_styled(match: re.Match[str]) -> str:
    """Keep the declarations whose values are plain: the sanitiser looks only at the properties."""
    kept = [part.strip() for part in unescape(match[2]).split(";") if _DECLARATION.fullmatch(part)]
    return f'{match[1]} style="{";".join(kept)}"' if kept else match[1]

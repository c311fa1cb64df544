"""The way of a text to its page: parse, replace what is ours, write, sanitise."""

import html
import re
from collections.abc import Iterable

from esa.markdown.inline import IMAGES, Found, Names, Wanted
from esa.markdown.links import Links, NoLinks
from esa.markdown.parser import SOURCE_LIMIT, TooDeep, TooLarge, parse, readable, with_enough_stack, write
from esa.markdown.rendered import Options, Rendered, Task
from esa.markdown.sanitizer import REL, sanitize
from esa.markdown.seal import SEAL, unseal
from esa.markdown.tasks import position
from esa.markdown.transform import SMALLEST_BLOCK, Span, Transform
from esa.markdown.urls import refers_to
from esa.markdown.words import words_for

# Raise it when the same text gives other HTML than before: stored renderings of another version are made anew.
RENDERER_VERSION = 2

_NO_LINKS = NoLinks()
_DEFAULTS = Options()

_SOURCE_LINES = re.compile(
    r'(<(?:p|h[1-6]|ul|ol|li|blockquote|table|tr|hr|div|section)\b[^<>]*?) data-sourcepos="(\d+):[^"]*"'
)
# `$HOME` and `$PATH` in one sentence look like a formula to the parser. A proper one has no letter behind it; what it
# begins in (code, an address in brackets, a formula), and what is escaped, stays.
_DOLLARS = re.compile(
    rb"(?P<kept>\\.|(?<!`)(?P<ticks>`{1,20}+)(?!`).+?(?<!`)(?P=ticks)(?!`)|<[^<>\s]*+>|\$\$[^$]++\$\$"
    rb"|\$(?![\s$])(?:[^$\\]|\\.)*?(?<!\s)\$(?![A-Za-z0-9_{$]))|\$",
    re.DOTALL,
)
_BACK = ' aria-label="Back to reference '
_BOX = '<input type="checkbox" class="task-list-item-checkbox" '
_LINK_OR_FILE = re.compile(r'<(?:a|img|video|audio|source) (?:[^">]++|"[^"]*+")*+>')
_ADDRESS = re.compile(r' (?:href|src|poster)="([^"]*)"')
_REL = f' rel="{REL}"'


def render(source: str, links: Links | None = None, *, options: Options = _DEFAULTS) -> Rendered:
    """Render a text. Never raises on account of the text: what is too large or too deep is shown as source."""
    text = readable(source)
    try:
        if len(text) > SOURCE_LIMIT:
            raise TooLarge
        return with_enough_stack(text, lambda: _render(text, links or _NO_LINKS, options))
    except (TooDeep, TooLarge):
        return _as_written(text)


def render_inline(source: str, links: Links | None = None) -> str:
    """HTML of a title: escaped, with emoji. `&#35;` and `&#47;` are how a title spells `#` and `/` in its name."""
    text = readable(source).replace("&#35;", "#").replace("&#47;", "/")
    matches = list(IMAGES.finditer(text))
    if not matches:
        return html.escape(text)
    known = links or _NO_LINKS
    _prepare(known, matches)
    pieces = Names(known, Found()).pieces(text, matches)
    return unseal("".join(piece if is_html else html.escape(piece) for piece, is_html in pieces))


def _render(source: str, links: Links, options: Options) -> Rendered:
    words = words_for(source)
    largest = max(1_000_000, 20 * len(source))
    most_blocks = largest // SMALLEST_BLOCK
    transform = Transform(links, options, words)
    root = parse(source)
    transform.walk(root, most_blocks=most_blocks)
    if transform.mistaken:
        root = parse(_with_plain_dollars(source, transform.mistaken))
        transform = Transform(links, options, words)
        transform.walk(root, most_blocks=most_blocks)
    transform.finish()
    written = write(root).replace(_BACK, f' aria-label="{words.back}')
    if len(written) > largest:
        raise TooLarge
    tasks = sorted(transform.tasks, key=position)
    page = sanitize(_with_boxes(_with_lines(written), transform.tasks, tasks))
    page, addresses = _finished(page, links.base_url)
    found = transform.found
    for number in (refers_to(address, links.base_url) for address in addresses):
        if number:
            found.references.setdefault(number)
    return Rendered(
        html=page,
        toc=transform.toc,
        mentions=list(found.mentions),
        references=list(found.references),
        tasks=tasks,
        attachments=[address for address in addresses if links.is_attachment(address)],
        text=transform.plain_text(),
        broken=list(found.broken),
    )


def _with_plain_dollars(text: str, spans: Iterable[Span]) -> str:
    """The same text, in which the `$` of these blocks begin a formula only where one ends properly."""
    lines = text.encode().split(b"\n")
    for first, start, last, end in sorted(spans, reverse=True):
        block = lines[first - 1 : last]
        if not block:
            continue
        tail = block[-1][end:]
        block[-1] = block[-1][:end]
        head, block[0] = block[0][: start - 1], block[0][start - 1 :]
        changed = head + _DOLLARS.sub(lambda found: found["kept"] or b"&#36;", b"\n".join(block)) + tail
        lines[first - 1 : last] = changed.split(b"\n")
    return b"\n".join(lines).decode()


def _prepare(links: Links, matches: list[re.Match[str]]) -> None:
    wanted = Wanted()
    for match in matches:
        wanted.add(match)
    links.prepare(posts=wanted.posts, members=wanted.members, emoji=wanted.emoji)


def _with_lines(written: str) -> str:
    return _SOURCE_LINES.sub(rf'\1 data-{SEAL}line="\2"', written)


def _with_boxes(written: str, in_page: list[Task], in_source: list[Task]) -> str:
    """Number the check boxes, which the parser writes, in the order of the source (footnotes stand elsewhere)."""
    first, *rest = written.split(_BOX)
    if len(rest) != len(in_page):
        return written
    ordinals = {task: ordinal for ordinal, task in enumerate(in_source)}
    boxes = zip(in_page, rest, strict=True)
    return first + "".join(f'{_BOX}data-{SEAL}task="{ordinals[task]}" {after}' for task, after in boxes)


def _finished(page: str, base_url: str) -> tuple[str, list[str]]:
    """Take `rel` off the links that stay with us, and collect the addresses of links and files."""
    addresses: dict[str, None] = {}

    def visit(match: re.Match[str]) -> str:
        tag = match[0]
        for address in _ADDRESS.findall(tag):
            addresses[html.unescape(address)] = None
        if tag.startswith("<a ") and not _leaves(tag, base_url):
            tag = tag.replace(_REL, "")
        return tag

    return _LINK_OR_FILE.sub(visit, page), list(addresses)


def _leaves(tag: str, base_url: str) -> bool:
    match = _ADDRESS.search(tag)
    url = html.unescape(match[1]) if match else ""
    if base_url and (url == base_url or url.startswith(base_url.rstrip("/") + "/")):
        return False
    return url.startswith("//") or "\\" in url or bool(re.match(r"\s*[a-z][a-z0-9+.-]*:", url, re.IGNORECASE))


def _as_written(source: str) -> Rendered:
    note = html.escape(words_for(source[:10_000]).too_large)
    shown = source[:SOURCE_LIMIT]
    return Rendered(
        html=f'<p class="markdown-note">{note}</p>\n<pre class="markdown-source" tabindex="0">{html.escape(shown)}</pre>\n',
        text=shown,
    )

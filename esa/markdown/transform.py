"""What our dialect adds to Markdown, done on the parsed document."""

import html
import re
from collections.abc import Callable
from typing import Any

import comrak

from esa.markdown import emojis
from esa.markdown.anchors import Anchors
from esa.markdown.fences import fence_html, math_html
from esa.markdown.inline import IMAGES, NAMES, Found, Names, Wanted, label, opening
from esa.markdown.links import Links
from esa.markdown.parser import TooDeep, TooLarge
from esa.markdown.raw_html import escaped, explosive, filtered, is_text, only_text
from esa.markdown.rendered import Heading, Options, Task
from esa.markdown.seal import SEAL
from esa.markdown.tasks import task_at
from esa.markdown.urls import end_of_url, post_number, refers_to, trimmed, youtube
from esa.markdown.words import Words

Node = comrak.AstNode
Span = tuple[int, int, int, int]  # first line and byte column, last line and byte column

# The sanitiser's time grows with the square of the depth.
DEPTH_LIMIT = 1_500

# In characters of HTML: an item of a list with its paragraph, which is two blocks, takes twice as many and more.
SMALLEST_BLOCK = 15

_CHOSEN_ANCHOR = re.compile(r"[ \t]*\{#([^\s{}]{1,100})\}[ \t]*$")
_WORD = re.compile(r"[A-Za-z0-9_{]")
_RAW_LINK = re.compile(r"<(/?)a(?=[\s/>])", re.IGNORECASE)
# A node whose HTML is that of its children alone.
_SHELL = comrak.Escaped()
_BREAKS = (comrak.LineBreak, comrak.SoftBreak)
_BLOCKS = frozenset({comrak.Paragraph, comrak.Heading, comrak.TableCell, comrak.TaskItem, comrak.Item, comrak.Alert})


class Family:
    """The children of a node, while some of them are being replaced."""

    __slots__ = ("changed", "children", "parent")

    def __init__(self, parent: Node, children: list[Node]) -> None:
        self.parent = parent
        self.children: list[Node | list[Node]] = list(children)
        self.changed = False

    def settle(self) -> None:
        if self.changed:
            flat: list[Node] = []
            for child in self.children:
                flat.extend(child if isinstance(child, list) else [child])
            self.parent.children = flat


class Place:
    """Where a node stands: among its siblings, how deep, and whether inside a link."""

    __slots__ = ("depth", "family", "in_link", "index", "node")

    def __init__(self, node: Node, family: Family, index: int, *, depth: int = 0, in_link: bool = False) -> None:
        self.node = node
        self.depth = depth
        self.family = family
        self.index = index
        self.in_link = in_link

    @property
    def line(self) -> int:
        return self.node.sourcepos.start.line

    @property
    def node_behind(self) -> Any:
        """What the next sibling is."""
        siblings = self.family.children[self.index + 1 : self.index + 2]
        return siblings[0].node_value if siblings and isinstance(siblings[0], Node) else None

    def replace(self, *nodes: Node) -> None:
        self.family.children[self.index] = list(nodes)
        self.family.changed = True

    def inline(self, markup: str) -> Node:
        return self._new(comrak.Raw(markup))

    def block(self, markup: str) -> Node:
        return self._new(comrak.HtmlBlock(comrak.NodeHtmlBlock(6, markup)))

    def text(self, text: str) -> Node:
        return self._new(comrak.Text(text))

    def _new(self, value: "comrak.NodeValue[Any]") -> Node:
        return Node(value, self.node.sourcepos, None, [])


class Transform:
    """A walk through a document in its order, and a second step in which all names in it are looked up."""

    def __init__(self, links: Links, options: Options, words: Words) -> None:
        self.links = links
        self.options = options
        self.words = words
        self.found = Found()
        self.tasks: list[Task] = []
        self.toc: list[Heading] = []
        self.mistaken: dict[Span, None] = {}  # blocks in which the parser saw a formula that is none
        self._anchors = Anchors(options.prefix)
        self._names = Names(links, self.found)
        self._wanted = Wanted(links.base_url)
        self._after_look_up: list[Callable[[], None]] = []
        self._families: list[Family] = []
        self._raw: list[tuple[Place, str, bool]] = []
        self._raw_links_around = 0
        self._raw_links = 0
        self._blocks = 0
        self._text: list[str] = []
        self._span: Span = (1, 1, 1, 0)

    def walk(self, root: Node, *, most_blocks: int) -> None:
        """Look at the document; raise `TooLarge` once it has more blocks than a page that we show (the parser fills up
        the rows of a table with cells that nobody wrote)."""
        stack = self._below(root, depth=0, in_link=False)
        while stack:
            place = stack.pop()
            value = place.node.node_value
            kind = type(value)
            if kind in _BLOCKS:
                self._blocks += 1
                if self._blocks > most_blocks:
                    raise TooLarge
                at = place.node.sourcepos
                self._span = at.start.line, at.start.column, at.end.line, at.end.column
                self._raw_links = self._raw_links_around
                self._text.append("\n")
            visit = _VISITS.get(kind)
            if visit is None or visit(self, place, value):
                in_link = place.in_link or kind is comrak.Link
                stack += self._below(place.node, depth=place.depth + 1, in_link=in_link)

    def finish(self) -> None:
        """Change the document."""
        self._contain_raw_html()
        wanted = self._wanted
        if wanted.posts or wanted.members or wanted.emoji:
            self.links.prepare(posts=wanted.posts, members=wanted.members, emoji=wanted.emoji)
        for step in self._after_look_up:
            step()
        for family in self._families:
            family.settle()

    def plain_text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        return "\n".join(line for line in lines if line)

    def _below(self, node: Node, *, depth: int, in_link: bool) -> list[Place]:
        """The places of a node's children, the first one last."""
        children = node.children
        if not children:
            return []
        if depth > DEPTH_LIMIT:
            raise TooDeep
        family = Family(node, children)
        self._families.append(family)
        places = [Place(child, family, index, depth=depth, in_link=in_link) for index, child in enumerate(children)]
        places.reverse()
        return places

    # A visit says whether to go on below the node.

    def _visit_text(self, place: Place, value: comrak.Text) -> bool:
        self._name_things(place, value.value, before=[])
        return False

    def _visit_break(self, place: Place, value: comrak.LineBreak | comrak.SoftBreak) -> bool:
        self._text.append("\n")
        return False

    def _visit_code(self, place: Place, value: comrak.Code) -> bool:
        self._text.append(value.value.literal)
        return False

    def _visit_math(self, place: Place, value: comrak.Math) -> bool:
        formula = value.value
        if not formula.display_math and _goes_on(place):
            self.mistaken[self._span] = None
        self._text.append(formula.literal)
        place.replace(place.inline(math_html(formula.literal, display=formula.display_math, tag="span")))
        return False

    def _visit_code_block(self, place: Place, value: comrak.CodeBlock) -> bool:
        fence = value.value
        self._blocks += 1
        self._text.append(f"\n{fence.literal}\n")
        markup = fence_html(fence.info, fence.literal, place.line, words=self.words, options=self.options)
        place.replace(place.block(markup))
        return False

    def _visit_heading(self, place: Place, value: comrak.Heading) -> bool:
        node = place.node
        chosen = _take_anchor(node)
        text = _with_characters(" ".join(_plain(node).split()))
        anchor = self._anchors.add(text, chosen)
        self.toc.append(Heading(value.value.level, anchor, text))
        name = html.escape(anchor)
        target = f'<a class="{SEAL}anchor" name="{name}" href="#{name}" aria-hidden="true" tabindex="-1"></a>'
        node.children = [place.inline(target), *node.children]
        return True

    def _visit_task(self, place: Place, value: comrak.TaskItem) -> bool:
        self.tasks.append(task_at(value.value))
        return True

    def _visit_alert(self, place: Place, value: comrak.Alert) -> bool:
        alert = value.value
        if not alert.title:
            alert.title = self.words.alerts[_name_of(alert.alert_type)]
            place.node.node_value = comrak.Alert(alert)
        return True

    def _visit_table(self, place: Place, value: comrak.Table) -> bool:
        head = ", ".join(filter(None, (_plain(cell).strip() for cell in place.node.children[0].children[:12])))
        name = html.escape(head[:100] or self.words.table)
        start = f'<div class="{SEAL}table-wrap" tabindex="0" role="region" aria-label="{name}">\n'
        place.replace(place.block(start), place.node, place.block("</div>\n"))
        return True

    def _visit_footnote(self, place: Place, value: comrak.FootnoteDefinition) -> bool:
        note = value.value
        name = self.options.prefix + note.name
        place.node.node_value = comrak.FootnoteDefinition(comrak.NodeFootnoteDefinition(name, note.total_references))
        return True

    def _visit_footnote_mark(self, place: Place, value: comrak.FootnoteReference) -> bool:
        mark = value.value
        name = self.options.prefix + mark.name
        place.node.node_value = comrak.FootnoteReference(
            comrak.NodeFootnoteReference(name, mark.texts, mark.ref_num, mark.ix)
        )
        return False

    def _visit_image(self, place: Place, value: comrak.Image) -> bool:
        return False

    def _visit_raw(self, place: Place, markup: str, *, block: bool) -> bool:
        self._raw.append((place, markup, block))
        for closing in _RAW_LINK.findall(markup):
            self._raw_links = max(0, self._raw_links + (-1 if closing else 1))
        if block:
            self._raw_links_around = self._raw_links
        return False

    def _visit_html_inline(self, place: Place, value: comrak.HtmlInline) -> bool:
        if is_text(value.value):
            self._text.append(value.value)
        return self._visit_raw(place, value.value, block=False)

    def _visit_html_block(self, place: Place, value: comrak.HtmlBlock) -> bool:
        self._text.append("\n")
        return self._visit_raw(place, value.value.literal, block=True)

    def _visit_paragraph(self, place: Place, value: comrak.Paragraph) -> bool:
        children = place.node.children
        if len(children) != 1:
            return True
        only = children[0].node_value
        if isinstance(only, comrak.Math) and only.value.display_math:
            self._text.append(only.value.literal)
            place.replace(place.block(math_html(only.value.literal, display=True, tag="div", line=place.line) + "\n"))
            return False
        if isinstance(only, comrak.Link) and _is_bare(children[0], only.value.url):
            video = youtube(only.value.url)
            if video:
                self._text.append(only.value.url)
                place.replace(place.block(self._embed(only.value.url, *video, line=place.line)))
                return False
        return True

    def _visit_link(self, place: Place, value: comrak.Link) -> bool:
        url = value.value.url
        bare = _is_bare(place.node, url)
        if bare:
            written = _plain(place.node)
            end = end_of_url(written)
            if end < len(written):
                end = len(trimmed(written))
                self._cut_short(place, url[: len(url) - len(written) + end], written, end)
                return False
        if url.startswith("#") and len(url) > 1:
            self._after_look_up.append(lambda: self._lead_to_heading(place, value.value))
        elif number := refers_to(url, self.links.base_url):
            return self._refer(place, value.value, number, bare=bare)
        return True

    def _cut_short(self, place: Place, url: str, written: str, end: int) -> None:
        """End an address where the sentence goes on."""
        link = comrak.NodeLink(url, "")
        node = Node(comrak.Link(link), place.node.sourcepos, None, [place.text(written[:end])])
        shell = Node(_SHELL, place.node.sourcepos, None, [node])
        family = Family(shell, [node])
        self._families.append(family)
        number = refers_to(url, self.links.base_url)
        if number is None or self._refer(Place(node, family, 0), link, number, bare=True):
            self._text.append(written[:end])
        self._name_things(place, written[end:], before=[shell])

    def _refer(self, place: Place, link: comrak.NodeLink, number: int, *, bare: bool) -> bool:
        """Make a link to a post look like one once the post is known. Author's own words stay: then go on below."""
        self._wanted.posts.add(number)
        address = post_number(link.url, self.links.base_url)
        if address is None:
            self._after_look_up.append(lambda: self.found.references.setdefault(number))
            return True
        written = _plain(place.node)
        own_words = not bare and re.match(rf"#{number}(?![0-9])", written) is None
        at = len(self._text)
        self._text.append("")

        def dress() -> None:
            post = self._names.refer(number)
            node = place.node
            if not own_words:
                self._text[at] = label(post) if post else written
            if post and not own_words:
                node.children = [place.text(label(post))]
            # The link stays as a shell that writes nothing of its own, around what may be replaced below it.
            node.node_value = _SHELL
            url = post.url + address[1] if post else link.url
            hint = link.title or (label(post) if post and own_words else "")
            place.replace(place.inline(opening(post, url, hint)), node, place.inline("</a>"))

        self._after_look_up.append(dress)
        return own_words

    def _lead_to_heading(self, place: Place, link: comrak.NodeLink) -> None:
        anchor = self._anchors.find(link.url[1:])
        if anchor:
            place.node.node_value = comrak.Link(comrak.NodeLink(f"#{anchor}", link.title))

    def _name_things(self, place: Place, text: str, before: list[Node]) -> None:
        """Replace the names in a text once they are known."""
        if "@" in text or ":" in text or "#" in text or "/" in text:
            within = place.in_link or self._raw_links
            matches = list((IMAGES if within else NAMES).finditer(text))
        else:
            matches = []
        if matches:
            for match in matches:
                self._wanted.add(match)
            at = len(self._text)
            self._text.append("")
            self._after_look_up.append(lambda: self._put_names(place, text, matches, before, at))
        else:
            self._text.append(text)
            if before:
                place.replace(*before, *([place.text(text)] if text else []))

    def _put_names(self, place: Place, text: str, matches: list[re.Match[str]], before: list[Node], at: int) -> None:
        pieces = list(self._names.pieces(text, matches))
        self._text[at] = "".join(_words_of(piece) if is_html else piece for piece, is_html in pieces)
        nodes = [place.inline(piece) if is_html else place.text(piece) for piece, is_html in pieces]
        place.replace(*before, *nodes)

    def _embed(self, url: str, video: str, start: int, *, line: int) -> str:
        begin = f' data-{SEAL}start="{start}"' if start else ""
        return (
            f'<div class="{SEAL}embed" data-{SEAL}embed="youtube" data-{SEAL}id="{video}"{begin}'
            f' data-{SEAL}label="{self.words.play}" data-{SEAL}line="{line}">'
            f'<a href="{html.escape(url)}">{html.escape(url)}</a></div>\n'
        )

    def _contain_raw_html(self) -> None:
        contain = escaped if explosive([markup for _, markup, _ in self._raw], self._blocks) else filtered
        for place, markup, block in self._raw:
            contained = contain(markup)
            if block and only_text(markup):
                # To the parser it was a block of HTML; to readers it is a paragraph like any other.
                lines = contained.strip("\n").replace("\n", "<br />\n")
                contained = f'<p data-{SEAL}line="{place.line}">{lines}</p>\n'
            if contained != markup:
                place.replace(place.block(contained) if block else place.inline(contained))


def _take_anchor(heading: Node) -> str:
    """Take `{#anchor}` off the end of a heading, as documents from other tools have it."""
    children = heading.children
    last = children[-1].node_value if children else None
    match = _CHOSEN_ANCHOR.search(last.value) if isinstance(last, comrak.Text) else None
    if match is None or not isinstance(last, comrak.Text):
        return ""
    children[-1].node_value = comrak.Text(last.value[: match.start()])
    return match[1]


def _goes_on(place: Place) -> bool:
    """Whether letters follow the end of a formula: then its two `$` are those of `$HOME` and `$PATH`."""
    behind = place.node_behind
    return isinstance(behind, comrak.Text) and _WORD.match(behind.value) is not None


def _name_of(kind: comrak.AlertType) -> str:
    # The binding's enumerations have no `name`.
    return repr(kind).rpartition(".")[2]


def _is_bare(node: Node, url: str) -> bool:
    """Whether a link is an address that stands in the text as it is, without `<>` or `[]()`."""
    children = node.children
    if len(children) != 1:
        return False
    value = children[0].node_value
    if not isinstance(value, comrak.Text) or value.value not in (url, url.removeprefix("http://")):
        return False
    span = node.sourcepos
    return span.end.column - span.start.column + 1 == len(value.value.encode())


def _plain(node: Node) -> str:
    """The text below a node."""
    parts: list[str] = []
    stack = [node]
    while stack:
        current = stack.pop()
        value = current.node_value
        if isinstance(value, comrak.Text):
            parts.append(value.value)
        elif isinstance(value, comrak.Code | comrak.Math):
            parts.append(value.value.literal)
        elif isinstance(value, comrak.HtmlInline):
            parts.append(value.value if is_text(value.value) else "")
        elif isinstance(value, _BREAKS):
            parts.append(" ")
        stack.extend(reversed(current.children))
    return "".join(parts)


def _with_characters(text: str) -> str:
    return emojis.CODES.sub(lambda match: emojis.UNICODE.get(match["emoji"], match[0]), text)


def _words_of(markup: str) -> str:
    """What a replaced name says: the text of a link, the name of an image."""
    alternative = re.search(r' alt="([^"]*)"', markup)
    return html.unescape(alternative[1] if alternative else re.sub(r"<[^>]*>", "", markup))


_VISITS: dict[type, Callable[[Transform, Place, Any], bool]] = {
    comrak.Alert: Transform._visit_alert,
    comrak.Code: Transform._visit_code,
    comrak.CodeBlock: Transform._visit_code_block,
    comrak.FootnoteDefinition: Transform._visit_footnote,
    comrak.FootnoteReference: Transform._visit_footnote_mark,
    comrak.Heading: Transform._visit_heading,
    comrak.HtmlBlock: Transform._visit_html_block,
    comrak.HtmlInline: Transform._visit_html_inline,
    comrak.Image: Transform._visit_image,
    comrak.LineBreak: Transform._visit_break,
    comrak.Link: Transform._visit_link,
    comrak.Math: Transform._visit_math,
    comrak.Paragraph: Transform._visit_paragraph,
    comrak.SoftBreak: Transform._visit_break,
    comrak.Table: Transform._visit_table,
    comrak.TaskItem: Transform._visit_task,
    comrak.Text: Transform._visit_text,
}

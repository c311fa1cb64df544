"""Links among the files of a folder, and what else in them means something here that it did not mean there. Pure."""

import posixpath
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from esa import markdown
from posts.markdown_folder import CODE, COMMENT, SUFFIXES, Document

_TEXT = r"(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*+\])*+"
_URL = r"<[^<>\n]*>|[^\s()<](?:[^\s()]*+(?:\([^\s()]*\))?)*+"
_TITLE = r"\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\))\s*"
IMAGE = re.compile(rf"(?<!\\)!\[{_TEXT}\]\(\s*(?P<url>{_URL})(?:{_TITLE})?\s*\)")
LINK = re.compile(rf"(?<!\\)\[(?P<text>{_TEXT})\]\((?P<url>{_URL})(?P<rest>(?:{_TITLE})?\s*)\)")
WIKI = re.compile(r"(?<![!\\])\[\[(?P<page>[^\[\]|#\\\n]*)(?P<hash>#[^\[\]|\\\n]*)?(?:\\?\|(?P<alias>[^\[\]\n]+))?\]\]")
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
FORMULA = re.compile(r"\$\$[^$]++\$\$|(?<!\\)\$(?![\s$])[^$]*+(?<!\s)\$(?![A-Za-z0-9_{])")
AUTOLINK = re.compile(r"<[a-z][a-z0-9+.-]*:[^<>\s]*>|https?://[^\s<>]+", re.IGNORECASE)
HREF = re.compile(r"(<a\b[^<>]*?\shref=)(?P<quote>[\"'])(?P<url>.*?)(?P=quote)", re.IGNORECASE | re.DOTALL)
SOURCE = re.compile(r"<(?:img|video|audio)\b[^<>]*?\ssrc=[\"'](?P<url>[^\"']*)", re.IGNORECASE)
DEFINITION = re.compile(
    r"^(?P<head>(?: {0,3}>)* {0,3}\[(?!\^)(?:[^\[\]\\]|\\.)+\]:[ \t]*(?:\n(?: {0,3}>)*[ \t]*)?)"
    r"(?P<url><[^<>\n]*>|[^\s<]\S*)(?P<rest>.*\n?)",
    re.MULTILINE,
)
POST = re.compile(r"/posts/(?P<number>[1-9][0-9]{0,8})(?P<rest>(?:[#?].*)?)", re.DOTALL)
# As the renderer reads `#12` and `/posts/12`.
BARE_POST = re.compile(
    r"(?<![A-Za-z0-9_/.:?=&#%~-])/posts/(?P<number>[1-9][0-9]{0,8})(?![A-Za-z0-9_/?-]|\.[A-Za-z0-9])"
)
REFERENCE = re.compile(r"(?<![A-Za-z0-9_/&#\\])#(?P<number>[1-9][0-9]{0,8})(?![A-Za-z0-9_-])")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)

Target = tuple[int, Document]


@dataclass
class Rewritten:
    """A text as a post has it, with what stayed behind: links that lead nowhere, pictures that are in the folder."""

    body: str = ""
    lost: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


class Finder:
    """Looks files up as links spell them, and posts by the numbers that front matter says they had."""

    def __init__(self, targets: dict[str, Target]) -> None:
        self.targets = targets
        self.numbers = {document.number: new for new, document in targets.values() if document.number}
        self._tails: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        for path in targets:
            parts = path.split("/")
            for start in range(1, len(parts)):
                self._tails.setdefault("/".join(parts[start:]), []).append(path)
            self._stems.setdefault(PurePosixPath(path).stem.casefold(), []).append(path)

    def path(self, path: str) -> Target | None:
        """A path as written, with the usual endings, or by its tail where only one file has that. For a path from the
        root of a site, which may be any folder of ours, the file nearest to the top will do."""
        path = unicodedata.normalize("NFC", path)
        rooted = path.startswith("/")
        bare = path.strip("/")
        stem = re.sub(r"\.(html?|mdx?|markdown)$", "", bare)
        for candidate in [bare, *(f"{stem}{suffix}" for suffix in SUFFIXES), f"{stem}/index.md", f"{stem}/README.md"]:
            candidate = candidate.removeprefix("/")
            if candidate in self.targets:
                return self.targets[candidate]
            found = self._tails.get(candidate, [])
            depths = sorted((path.count("/"), path) for path in found) if rooted else []
            if len(found) == 1 or (len(depths) > 1 and depths[0][0] < depths[1][0]):
                return self.targets[depths[0][1] if depths else found[0]]
        return None

    def page(self, name: str) -> Target | None:
        """What `[[name]]` means: a path from the top of the folder or, wherever it is, the only file of that name."""
        found = self.path(f"/{name}") if "/" in name else None
        named = self._stems.get(unicodedata.normalize("NFC", name).casefold(), [])
        return found or (self.targets[named[0]] if len(named) == 1 else None)


def rewrite(document: Document, finder: Finder) -> Rewritten:
    """The text with links to files of the folder turned into links to posts."""
    return _Rewriting(document, finder).run()


class _Rewriting:
    def __init__(self, document: Document, finder: Finder) -> None:
        self.document, self.finder = document, finder
        self.result = Rewritten()
        self._hidden: list[str] = []

    def run(self) -> Rewritten:
        lines = self.document.body.split("\n")
        written: list[str] = []
        ways: dict[str, Callable[[str], str]] = {
            "text": self._text,
            "heading": self._text,
            "row": self._text,
            "html": self._html,
            "code": str,
        }

        def write(first: int, end: int, way: Callable[[str], str]) -> None:
            if first < end:
                written.extend(way("\n".join(lines[first:end])).split("\n"))

        done = 0
        for block in sorted(markdown.blocks(self.document.body), key=lambda block: block.first):
            write(done, block.first, self._definitions)
            write(max(done, block.first), block.last + 1, ways[block.kind])
            done = max(done, block.last + 1)
        write(done, len(lines), self._definitions)
        self.result.body = "\n".join(written)
        return self.result

    def _text(self, text: str) -> str:
        """Running text. What has been dealt with is hidden from the steps behind it."""
        if "\ufdd0" in text:
            return text
        done = 0
        head = ""
        while definition := DEFINITION.match(text, done):
            head += self._defined(definition)
            done = definition.end()
        text = CODE.sub(self._hide, text[done:])
        text = COMMENT.sub(self._hide, text)
        text = IMAGE.sub(self._image, text)
        text = LINK.sub(self._link, text)
        text = WIKI.sub(self._wiki_link, text)
        text = FORMULA.sub(self._hide, text)
        text = AUTOLINK.sub(self._hide, text)
        text = TAG.sub(lambda found: self._put_away(self._html(found[0])), text)
        text = REFERENCE.sub(self._reference, text)
        text = BARE_POST.sub(self._post, text) if self.finder.numbers else text
        return head + self._shown(text)

    def _html(self, html: str) -> str:
        self.result.pictures += [url for url in SOURCE.findall(COMMENT.sub("", html)) if not ELSEWHERE.match(url)]
        return HREF.sub(lambda found: f"{found[1]}{found['quote']}{self._leading(found['url'])}{found['quote']}", html)

    def _definitions(self, lines: str) -> str:
        return DEFINITION.sub(self._defined, lines)

    def _defined(self, definition: re.Match[str]) -> str:
        return f"{definition['head']}{self._leading(definition['url'])}{definition['rest']}"

    def _image(self, image: re.Match[str]) -> str:
        url = image["url"].strip("<>")
        if not ELSEWHERE.match(url):
            self.result.pictures.append(url)
        return self._hide(image)

    def _link(self, link: re.Match[str]) -> str:
        return self._put_away(f"[{link['text']}]({self._leading(link['url'])}{link['rest']})")

    def _wiki_link(self, link: re.Match[str]) -> str:
        page, anchor = link["page"].strip(), (link["hash"] or "").removeprefix("#").strip()
        target = self.finder.page(page) if page else (0, self.document) if anchor else None
        if target is None:
            self.result.lost.append(link[0])
            return self._hide(link)
        words = link["alias"] or (link["page"] + (link["hash"] or "") if page else anchor)
        return self._put_away(f"[{words.strip()}]({self._address(target, anchor, link[0])})")

    def _reference(self, found: re.Match[str]) -> str:
        """`#12` is an issue, a rank or a colour in most folders, and a post only where files say which number they had."""
        number = self.finder.numbers.get(int(found["number"]))
        return f"#{number}" if number else f"\\{found[0]}"

    def _post(self, found: re.Match[str]) -> str:
        number = self.finder.numbers.get(int(found["number"]))
        if not number:
            self.result.lost.append(found[0])
        return f"/posts/{number}" if number else found[0]

    def _leading(self, written: str) -> str:
        """Where a link should lead now; as it is written if that is somewhere else or nowhere."""
        url = written[1:-1] if written.startswith("<") else written
        if not url or ELSEWHERE.match(url):
            return written
        path, _, fragment = url.partition("#")
        if not path:
            return self._address((0, self.document), unquote(fragment), url) if fragment else written
        if (post := POST.fullmatch(url)) and self.finder.numbers:
            if number := self.finder.numbers.get(int(post["number"])):
                return f"/posts/{number}{post['rest']}"
            self.result.lost.append(url)
            return written
        plain = unquote(path.partition("?")[0])
        here = posixpath.dirname(self.document.path)
        target = self.finder.path(plain if plain.startswith("/") else posixpath.normpath(posixpath.join(here, plain)))
        if target:
            return self._address(target, unquote(fragment), url)
        if not post:
            self.result.lost.append(url)
        return written

    def _address(self, target: Target, fragment: str, written: str) -> str:
        number, document = target
        anchor = document.anchor(fragment) if fragment else None
        if fragment and anchor is None and fragment != "top":
            self.result.lost.append(written)
        end = f"#{_readable(anchor or fragment)}" if fragment else ""
        return f"/posts/{number}{end}" if number else end

    def _hide(self, found: re.Match[str]) -> str:
        return self._put_away(found[0])

    def _put_away(self, text: str) -> str:
        self._hidden.append(text)
        return f"\ufdd0{len(self._hidden) - 1}\ufdd1"

    def _shown(self, text: str) -> str:
        return re.sub("\ufdd0([0-9]+)\ufdd1", lambda found: self._shown(self._hidden[int(found[1])]), text)


def _readable(anchor: str) -> str:
    """An anchor as people read it, Japanese and all; only what would end the link is encoded."""
    return re.sub(r"[\s()<>%\"\\]", lambda found: quote(found[0]), anchor)

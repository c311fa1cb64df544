"""A folder of Markdown files as other tools leave it: front matter, ids on headings, links between files. Pure."""

import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

import frontmatter
import yaml

from esa import markdown
from posts import title

SUFFIXES = {".md", ".markdown", ".mkd", ".mdown"}
FRONT_MATTER_LIMIT = 64_000
README = re.compile(r"(readme|index)", re.IGNORECASE)

HEADING = re.compile(r"^(?P<mark>#{1,6}[ \t]+)(?P<text>.*?)[ \t]*\{(?:#|/\*)(?P<id>[^{}*]+?)(?:\*/)?\}[ \t]*#*$")
FIRST_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<text>.+?)[ \t]*#*$")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})")
CODE = re.compile(r"(?P<mark>`+)(?!`).+?(?<!`)(?P=mark)(?!`)")
LINK = re.compile(
    r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<url><[^<>]*>|[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)(?P<rest>\s+[^()]*)?\)"
)
DEFINITION = re.compile(r"^(?P<head> {0,3}\[[^\]]+\]:[ \t]*)(?P<url>\S+)(?P<rest>.*)$")
COMPONENT = re.compile(r"<([A-Z][A-Za-z0-9]*)\b")
CONTAINER = re.compile(r"^:::+[ \t]*([a-z][\w-]*)")


class Unreadable(Exception):
    """A file that cannot be taken over, with the reason in words."""


class NoAliases(yaml.SafeLoader):
    """YAML without anchors: a few nested ones would unfold to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


class FrontMatter(frontmatter.YAMLHandler):
    def load(self, fm: str, **kwargs: object) -> Any:
        if len(fm) > FRONT_MATTER_LIMIT:
            raise yaml.YAMLError("longer than 64,000 characters")
        return super().load(fm, Loader=NoAliases)


@dataclass
class Document:
    """One file, read: what it is called, where it belongs, and its text before links are rewritten."""

    path: str  # inside the folder, with forward slashes, NFC
    body: str
    category: str
    name: str
    tags: tuple[str, ...] = ()
    wip: bool = False
    number: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    author: str = ""
    anchors: dict[str, str] = field(default_factory=dict)  # the file's own heading ids → ours
    strange: Counter[str] = field(default_factory=Counter)  # what the dialect does not know

    @property
    def full_name(self) -> str:
        return title.compose(self.category, self.name, self.tags)


def walk(folder: Path) -> Iterator[str]:
    """The Markdown files of a folder in the order of their paths; hidden ones and links out of it are left alone."""
    root = folder.resolve()
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root)
        hidden = any(part.startswith(".") or part == "node_modules" for part in inside.parts)
        if file.suffix.lower() in SUFFIXES and not hidden and file.is_file() and file.resolve().is_relative_to(root):
            yield inside.as_posix()


def read(folder: Path, path: str, *, under: str = "") -> Document:
    """Read one file; `under` is the category that everything goes below."""
    try:
        text = (folder / path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None
    except OSError as problem:
        raise Unreadable(problem.strerror or "it cannot be read") from None
    if "\x00" in text:
        raise Unreadable("it contains NUL characters")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        matter, body = frontmatter.parse(text, handler=FrontMatter()) if text.startswith("---") else ({}, text)
    except yaml.YAMLError as problem:
        raise Unreadable(f"its front matter is not plain YAML ({' '.join(str(problem).split())[:120]})") from None
    body = body.strip("\n") + "\n"
    pure = PurePosixPath(path)
    document = Document(path=path, body=body, category="", name="")
    body = _take_ids(document, body)
    name = _text(matter.get("title")) or _first_heading(body) or unicodedata.normalize("NFC", pure.stem)
    if README.fullmatch(pure.stem) and not matter.get("title"):
        name = "README" if pure.stem.lower() == "readme" or not _first_heading(body) else name
    folders = "/".join(title.escape(part) if "#" in part else part for part in pure.parent.parts)
    given = _text(matter.get("category"))
    try:
        document.category = title.normalize_category("/".join(filter(None, [under, given or folders])))
        document.name = title.normalize_name(name[: title.NAME_LIMIT - 20])
        document.tags = title.normalize_tags(_tags(matter))
    except title.TitleError as problem:
        raise Unreadable(problem.message) from None
    document.body = body
    document.wip = _is_wip(matter)
    document.author = _text(matter.get("author") or matter.get("created_by") or matter.get("user"))
    document.created_at = _moment(matter.get("created_at") or matter.get("date") or matter.get("created"))
    document.updated_at = _moment(matter.get("updated_at") or matter.get("updated") or matter.get("lastmod"))
    number = matter.get("number")
    document.number = number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None
    document.strange = _strange(body)
    return document


def rewrite(document: Document, find: Callable[[str], tuple[int, dict[str, str]] | None]) -> tuple[str, list[str]]:
    """The text with links to files of the folder turned into links to posts, and the links that lead nowhere.

    `find` gives the post number and heading anchors of a path inside the folder.
    """
    lost: list[str] = []

    def target(url: str) -> str:
        new = _target(url.strip("<>"), document, find)
        if new is None:
            lost.append(url)
            return url
        return new

    def link(found: re.Match[str]) -> str:
        return f"[{found['text']}]({target(found['url'])}{found['rest'] or ''})"

    lines = []
    for line, in_code in _lines(document.body):
        if not in_code:
            definition = DEFINITION.match(line)
            if definition:
                line = f"{definition['head']}{target(definition['url'])}{definition['rest']}"
            else:
                line = _outside_code(line, lambda text: LINK.sub(link, text))
        lines.append(line)
    return "\n".join(lines), lost


def finder(paths: dict[str, tuple[int, dict[str, str]]]) -> Callable[[str], tuple[int, dict[str, str]] | None]:
    """Look a path up as written, with the usual endings, or by its tail where only one file has that (site roots)."""
    tails: dict[str, set[str]] = {}
    for path in paths:
        parts = path.split("/")
        for start in range(1, len(parts)):
            tails.setdefault("/".join(parts[start:]), set()).add(path)

    def find(path: str) -> tuple[int, dict[str, str]] | None:
        bare = path.removesuffix("/")
        stem = re.sub(r"\.(html?|mdx?|markdown)$", "", bare)
        for candidate in [bare, *(f"{stem}{suffix}" for suffix in SUFFIXES), f"{stem}/index.md", f"{stem}/README.md"]:
            candidate = candidate.removeprefix("/")
            if candidate in paths:
                return paths[candidate]
            if len(found := tails.get(candidate, set())) == 1:
                return paths[next(iter(found))]
        return None

    return find


def _anchored(anchor: str) -> str:
    """An anchor as people read it, Japanese and all; only what would end the link is encoded."""
    return re.sub(r"[\s()<>%\"\\]", lambda found: quote(found[0]), anchor)


def _target(url: str, document: Document, find: Callable[[str], tuple[int, dict[str, str]] | None]) -> str | None:
    """Where a link should lead now; None if it was meant for a file that is not there."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//", url, re.IGNORECASE) or not url:
        return url
    path, hash_, fragment = url.partition("#")
    fragment = unquote(fragment)
    if not path:
        return f"#{_anchored(document.anchors.get(fragment, fragment))}"
    plain = unquote(path.partition("?")[0])
    inside = (
        plain if plain.startswith("/") else posixpath.normpath(posixpath.join(posixpath.dirname(document.path), plain))
    )
    found = find(unicodedata.normalize("NFC", inside))
    if found is None:
        file_like = PurePosixPath(plain).suffix.lower()
        return None if file_like in SUFFIXES | {"", ".html"} else url
    number, anchors = found
    return f"/posts/{number}" + (f"#{_anchored(anchors.get(fragment, fragment))}" if hash_ and fragment else "")


def _take_ids(document: Document, body: str) -> str:
    """Take `## Heading {#id}` apart: ids are other tools' notation, ours come from the text."""
    ids: list[tuple[str, str]] = []
    lines = []
    for line, in_code in _lines(body):
        heading = None if in_code else HEADING.match(line)
        if heading:
            ids.append((heading["id"].strip(), heading["text"]))
            line = f"{heading['mark']}{heading['text']}"
        lines.append(line)
    body = "\n".join(lines)
    if ids:
        anchors = iter(markdown.render(body).toc)
        for id_, text in ids:
            plain = _plain(text)
            for heading_ in anchors:
                if _plain(heading_.text) == plain:
                    document.anchors[id_] = heading_.anchor
                    break
    return body


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a fenced block."""
    fence = ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if fence:
            closes = (
                mark and mark["mark"][0] == fence[0] and len(mark["mark"]) >= len(fence) and line.strip(" `~") == ""
            )
            yield line, True
            if closes:
                fence = ""
        elif mark:
            fence = mark["mark"]
            yield line, True
        else:
            yield line, False


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    """Change what is not an inline code span; a link whose text is code still counts as one link."""
    spans: list[str] = []

    def hide(found: re.Match[str]) -> str:
        spans.append(found[0])
        return f"\ue000{len(spans) - 1}\ue001"

    changed = change(CODE.sub(hide, line))
    return re.sub("\ue000([0-9]+)\ue001", lambda found: spans[int(found[1])], changed)


def _first_heading(body: str) -> str:
    for line, in_code in _lines(COMMENT.sub("", body)):
        if not in_code and (heading := FIRST_HEADING.match(line)):
            return _plain(heading["text"])
    return ""


def _plain(text: str) -> str:
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<[^>]+>", "", text)
    return re.sub(r"[`*_\\]", "", text).strip()


def _strange(body: str) -> Counter[str]:
    """Notation of other tools that stays as plain text: components and ::: containers."""
    found: Counter[str] = Counter()
    for line, in_code in _lines(body):
        if not in_code:
            shown = CODE.sub("", line)
            found.update(f"<{name}>" for name in COMPONENT.findall(shown))
            if container := CONTAINER.match(shown):
                found[f":::{container[1]}"] += 1
    return found


def _text(value: object) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float | date) else ""


def _tags(matter: dict[str, Any]) -> list[str]:
    value = matter.get("tags") or matter.get("topics") or []
    words = re.split(r"[,、]\s*|\s+#", value) if isinstance(value, str) else value if isinstance(value, list) else []
    return [re.sub(r"\s+", "-", _text(word)) for word in words if _text(word)]


def _is_wip(matter: dict[str, Any]) -> bool:
    if isinstance(matter.get("wip"), bool):
        return bool(matter["wip"])
    if isinstance(matter.get("published"), bool):
        return not matter["published"]
    return matter.get("draft") is True


def _moment(value: object) -> datetime | None:
    """A date of the front matter as a moment; without a zone it is taken as UTC."""
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


def _parsed(text: str) -> date | None:
    try:
        if loose := re.match(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})$", text):
            return date(*map(int, loose.groups()))
        return datetime.fromisoformat(text)
    except ValueError:
        return None

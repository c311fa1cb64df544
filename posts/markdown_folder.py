"""A folder of Markdown files as other tools leave it: which files there are, front matter, ids on headings. Pure."""

import email.utils
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any

import frontmatter
import yaml

from esa import markdown
from posts import title

SUFFIXES = {".md", ".markdown", ".mkd", ".mdown"}
PATH_LIMIT = 1000
FRONT_MATTER_LIMIT = 64_000
TITLE_LENGTH = title.NAME_LIMIT - 20  # room for what stands for # and /
README = re.compile(r"(readme|index)", re.IGNORECASE)
READ_KEYS = {
    *("title", "category", "tags", "topics", "wip", "published", "draft", "number"),
    *("author", "created_by", "user", "created_at", "date", "created", "updated_at", "updated", "lastmod"),
}

HEADING_ID = re.compile(r"(?<=[^\s{])[ \t]*\{(?:#|/\*)(?P<id>[^{}*]+?)(?:\*/)?\}(?=[ \t]*#*$)")
ATX = re.compile(r"#{1,6}[ \t]")
NAMED = re.compile(r"<a\s+(?:id|name)=[\"']([^\"']+)[\"']")
COMPONENT_LINE = re.compile(r"[ \t]*</?(?P<name>[A-Z][A-Za-z0-9.]*)(?:\s[^<>]*)?>[ \t]*")
PROSE = re.compile(r" {0,3}[^\s<]")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"(?<![`\\])(?P<mark>`+)(?!`).+?(?<!`)(?P=mark)(?!`)", re.DOTALL)
CODE_OR_PLACE = re.compile(rf"{CODE.pattern}|<(?P<tag>span|div|p) id=(?P<id>\"[^\"]+\"|'[^']+')></(?P=tag)>", re.DOTALL)
TAG = re.compile(r"(?<!\]\()<([A-Za-z][\w.-]*)(?=[\s/>])")
CONTAINER = re.compile(r"^:::+[ \t]*([a-z][\w-]*)", re.MULTILINE)
INCLUDE = re.compile(r"\{\{#(?:include|rustdoc_include|playground)\b")
TEMPLATE = re.compile(r"\{\{[<%]\s*/?\w+|\{%-?\s*\w+")
EMBED = re.compile(r"!\[\[[^\[\]]+\]\]")


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
    ids: dict[str, str] = field(default_factory=dict)  # the file's own ids → our anchors
    headings: markdown.Anchors = field(default_factory=markdown.Anchors)
    strange: Counter[str] = field(default_factory=Counter)  # what the dialect does not know
    notes: list[str] = field(default_factory=list)  # what of the front matter could not be taken over
    ignored: list[str] = field(default_factory=list)  # keys of the front matter that mean nothing here

    def anchor(self, fragment: str) -> str | None:
        """The anchor that `#fragment` of a link to this file leads to."""
        return self.ids.get(fragment) or self.headings.find(fragment)


def walk(folder: Path, leave: Callable[[str, str], None] = lambda path, why: None) -> list[str]:
    """The Markdown files of a folder in the order of their paths; hidden ones are passed over.

    `leave` is told of other files, of links out of the folder or to folders, and of what cannot be opened."""
    root = folder.resolve()
    found: list[PurePosixPath] = []

    def unopened(problem: OSError) -> None:
        leave(Path(problem.filename).relative_to(root).as_posix(), problem.strerror or "it cannot be read")

    for place, folders, files in os.walk(root, onerror=unopened):
        inside = Path(place).relative_to(root)
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        for name in folders:
            if (Path(place) / name).is_symlink():
                leave((inside / name).as_posix(), "links to folders are not followed")
        for name in files:
            file, path = Path(place) / name, inside / name
            if name.startswith("."):
                continue
            if file.suffix.lower() not in SUFFIXES:
                leave(path.as_posix(), "")
            elif _leads_out(file, root):
                leave(path.as_posix(), "it is a link that leads nowhere or out of the folder")
            elif not file.is_file():
                leave(path.as_posix(), "it is no ordinary file")
            else:
                found.append(PurePosixPath(path))
    return [path.as_posix() for path in sorted(found)]


def read(folder: Path, path: str, *, under: str = "") -> Document:
    """Read one file; `under` is the category that everything goes below."""
    spelled = _spelled(path)
    try:
        text = (folder / path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None
    except OSError as problem:
        raise Unreadable(problem.strerror or "it cannot be read") from None
    if "\x00" in text:
        raise Unreadable("it contains NUL characters")
    matter, body = _parted(text.replace("\r\n", "\n").replace("\r", "\n"))
    pure = PurePosixPath(spelled)
    document = Document(path=spelled, body=body.strip("\n") + "\n", category="", name="")
    _open_components(document)
    first_heading = _take_ids(document)
    given_title = _text(matter.get("title"))
    name = given_title or first_heading or pure.stem
    if README.fullmatch(pure.stem) and not given_title:
        name = "README" if pure.stem.lower() == "readme" or not first_heading else name
    if len(name) > TITLE_LENGTH:
        document.notes.append(f"the title is cut after {TITLE_LENGTH} characters")
    folders = "/".join(title.escape(part) if "#" in part else part for part in pure.parent.parts)
    given = _text(matter.get("category"))
    try:
        document.category = title.normalize_category("/".join(filter(None, [under, given or folders])))
        document.name = title.normalize_name(name[:TITLE_LENGTH])
        document.tags = title.normalize_tags(_tags(matter))
    except title.TitleError as problem:
        raise Unreadable(problem.message) from None
    document.wip = _is_wip(matter)
    document.author = _person(matter.get("author") or matter.get("created_by") or matter.get("user"))
    document.created_at = _moment(document, matter, "created_at", "date", "created")
    document.updated_at = _moment(document, matter, "updated_at", "updated", "lastmod")
    document.notes += [
        f"{key} is not text" for key in ("title", "category") if matter.get(key) and not _text(matter[key])
    ]
    if isinstance(matter.get("tags"), dict):
        document.notes.append("tags are not a list")
    document.notes += [
        f"{key} is neither true nor false"
        for key in ("wip", "published", "draft")
        if not isinstance(matter.get(key), bool | None)
    ]
    number = matter.get("number")
    document.number = number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None
    document.ignored = [str(key)[:50] for key in matter if key not in READ_KEYS]
    document.strange = _strange(document.body)
    if text.startswith("+++\n"):
        document.strange["+++"] += 1
    return document


def _leads_out(file: Path, root: Path) -> bool:
    try:
        return file.is_symlink() and not file.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        return True


def _spelled(path: str) -> str:
    """A path as it is kept: composed, as other systems than macOS write it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Unreadable("its name is not UTF-8") from None
    if len(path) > PATH_LIMIT:
        raise Unreadable(f"its path has more than {PATH_LIMIT:,} characters")
    return unicodedata.normalize("NFC", path)


def _parted(text: str) -> tuple[dict[Any, Any], str]:
    """Front matter and text; a text that only begins with a line of dashes has none."""
    handler = FrontMatter()
    if not handler.detect(text):
        return {}, text
    try:
        head, body = handler.split(text)
    except ValueError:
        return {}, text
    try:
        matter = handler.load(head)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        if not re.search(r"^[\"']?\w[\w -]*[\"']?:(?:\s|$)", head, re.MULTILINE):
            return {}, text
        reason = " ".join(str(problem).split())[:120]
        raise Unreadable(f"its front matter is not plain YAML ({reason})") from None
    if not head.strip():
        return {}, body
    return (matter, body) if isinstance(matter, dict) else ({}, text)


def _open_components(document: Document) -> None:
    """`<Note>` alone on a line begins a block of HTML, in which Markdown is none: an empty line behind it ends that."""
    lines = document.body.split("\n")
    for block in reversed(markdown.blocks(document.body)):
        if block.kind == "html":
            for number in range(block.last, block.first - 1, -1):
                tag = COMPONENT_LINE.fullmatch(lines[number])
                below = lines[number + 1] if number < block.last else ""
                if tag and PROSE.match(below) and markdown.is_text(f"<{tag['name']}>"):
                    lines.insert(number + 1, "")
    document.body = "\n".join(lines)


def _take_ids(document: Document) -> str:
    """Take `## Heading {#id}` apart, for ids are other tools' notation and ours come from the text; say what the first
    heading is."""
    lines = document.body.split("\n")
    ids = []
    for block in markdown.blocks(document.body):
        if block.kind == "heading":
            taken = [_take_id(lines, number) for number in range(block.first, block.last + 1)]
            ids.append(next(filter(None, taken), ""))
        elif block.kind == "html":
            for number in range(block.first, block.last + 1):
                if ATX.match(lines[number].lstrip()):
                    _take_id(lines, number)
        if block.kind != "code":
            text = "\n".join(lines[block.first : block.last + 1])
            text = CODE_OR_PLACE.sub(lambda found: f"<a id={found['id']}></a>" if found["id"] else found[0], text)
            lines[block.first : block.last + 1] = text.split("\n")
    document.body = "\n".join(lines)
    toc = markdown.render(document.body).toc
    document.ids = {name: name for name in NAMED.findall(document.body)}
    for heading, id_ in zip(toc, ids, strict=False):
        document.headings.add(heading.text)
        if id_:
            document.ids.setdefault(id_, heading.anchor)
    return toc[0].text if toc else ""


def _take_id(lines: list[str], number: int) -> str:
    found = HEADING_ID.search(lines[number])
    if found is None:
        return ""
    lines[number] = lines[number][: found.start()] + lines[number][found.end() :]
    return found["id"].strip()


def _strange(body: str) -> Counter[str]:
    """Notation of other tools that stays as plain text: components, ::: containers, templates."""
    found: Counter[str] = Counter()
    lines = body.split("\n")
    for block in markdown.blocks(body):
        text = "\n".join(lines[block.first : block.last + 1])
        if block.kind != "code":
            text = COMMENT.sub("", CODE.sub("", text))
            found.update(f"<{name}>" for name in TAG.findall(text) if markdown.is_text(f"<{name}>"))
            found.update(f":::{name}" for name in CONTAINER.findall(text))
            found.update("![[…]]" for _ in EMBED.findall(text))
            found.update(TEMPLATE.findall(text))
        found.update(INCLUDE.findall(text))
    return found


def _text(value: object) -> str:
    try:
        plain = isinstance(value, str | int | float | date) and not isinstance(value, bool)
        return " ".join(str(value).split()) if plain else ""
    except ValueError:  # a number with more digits than Python writes
        return ""


def _person(value: object) -> str:
    """Whom the front matter names: the first of several, the address of `Bob <bob@example.com>`."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("screen_name") or value.get("email") or value.get("name")
    text = _text(value)
    return (email.utils.parseaddr(text)[1] or text) if "<" in text else text


def _tags(matter: dict[Any, Any]) -> list[str]:
    value = matter.get("tags") or matter.get("topics") or []
    if isinstance(value, str):
        words: list[object] = [*re.split(r"[,、]\s*|\s+#", value)]
    else:
        words = value if isinstance(value, list) else [value]
    return [re.sub(r"\s+", "-", _text(word)) for word in words if _text(word)]


def _is_wip(matter: dict[Any, Any]) -> bool:
    if isinstance(matter.get("wip"), bool):
        return bool(matter["wip"])
    if isinstance(matter.get("published"), bool):
        return not matter["published"]
    return matter.get("draft") is True


def _moment(document: Document, matter: dict[Any, Any], *keys: str) -> datetime | None:
    """A date of the front matter as a moment, none before 1970 or to come; without a zone it is taken as UTC."""
    key = next((key for key in keys if matter.get(key)), None)
    if key is None:
        return None
    value = matter[key]
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and 1970 <= value.year < 9999:
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        if moment <= datetime.now(UTC):
            return moment
    document.notes.append(f"{key}: “{str(matter[key])[:50]}” is no date that has been")
    return None


def _parsed(text: str) -> date | None:
    try:
        if loose := re.match(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})$", text):
            return date(*map(int, loose.groups()))
        return datetime.fromisoformat(text)
    except ValueError:
        return None

"""The one title field: `category/sub/name #tag1 #tag2` taken apart and put together again."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from posts.dates import roll_dates as roll_dates  # part of this module's vocabulary

TITLE_LIMIT = 10_000  # nothing longer can be valid, and nothing longer is looked at
NAME_LIMIT = 255
CATEGORY_LIMIT = 255
CATEGORY_DEPTH = 20
TAG_LIMIT = 50
TAGS_LIMIT = 50

ARCHIVE = "Archived"

WHITE_SPACE = " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

# Half-width only: a full-width ＃ or ／ is text, as people use them in Japanese titles.
# The # of the keycap emoji #️⃣ belongs to the emoji.
HASH = "#(?![\ufe0f\u20e3])"
TRAILING_TAG = re.compile(rf"(?:^|\s){HASH}((?!#)[^\s/]+)\Z")
SYNTAX = re.compile(rf"&#(?:35|47);|/|{HASH}")
ESCAPES = {"#": "&#35;", "/": "&#47;"}

# esa's own rule: the separator is any one character.
FLOW_DATE = re.compile(r"[0-9]{4}(?:.|/)[0-9]{1,2}(?:.|/)[0-9]{1,2}")


class TitleError(ValueError):
    """A title that cannot be saved, with a message that says what to change."""

    def __init__(self, code: str, message: Promise | str, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self._message = message
        self._params = params or {}

    @property
    def message(self) -> str:
        """The message in the language of whoever reads it now."""
        return str(self._message) % self._params

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Title:
    """A post's category path ("" for none), name and tags, as stored and as the API gives them."""

    category: str
    name: str
    tags: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return compose(self.category, self.name, self.tags)

    @property
    def editable(self) -> str:
        """The most natural text for the title field that reads back as this title: `C# guide` keeps its plain #."""
        plain = _join(self.category, self.name.replace("&#35;", "#"), self.tags)
        try:
            return plain if parse(plain) == self else self.full_name
        except TitleError:
            return self.full_name


def parse(text: str) -> Title:
    """Take a typed title apart; raises TitleError for what cannot be saved."""
    rest = _clean(text)
    tags: list[str] = []
    while tag := TRAILING_TAG.search(rest):
        tags.append(tag[1])
        rest = rest[: tag.start()].rstrip(WHITE_SPACE)
    category, _slash, name = rest.rpartition("/")
    return Title(normalize_category(category), normalize_name(name), normalize_tags(reversed(tags)))


def compose(category: str | None, name: str, tags: Iterable[str] = ()) -> str:
    """Put stored parts together as `full_name`, which `parse` takes apart into the same parts."""
    return _join(category or "", escape(name), tags)


def escape(text: str) -> str:
    """Write a literal # and / as &#35; and &#47;; what is already written so stays."""
    return SYNTAX.sub(lambda found: ESCAPES.get(found[0], found[0]), text)


def unescape(text: str) -> str:
    """A stored name or category part as people should see it."""
    return text.replace("&#35;", "#").replace("&#47;", "/")


def normalize_name(text: str) -> str:
    """A name as it is stored: NFC, trimmed, with # and / escaped."""
    name = escape(_clean(text))
    if _looks_empty(name):
        raise TitleError("name_missing", _("Give the post a name: it goes after the last “/” and before the #tags."))
    if len(name) > NAME_LIMIT:
        raise TitleError(
            "name_too_long",
            _("The name has %(length)d characters; shorten it to at most %(limit)d."),
            {"length": len(name), "limit": NAME_LIMIT},
        )
    return name


def normalize_category(text: str | None) -> str:
    """A path without outer slashes or empty parts; "" means no category."""
    # A # is no syntax here, so it is kept in one spelling: `C#` and `C&#35;` are the same place.
    parts = [part.strip(WHITE_SPACE).replace("&#35;", "#") for part in _clean(text or "").split("/")]
    parts = [part for part in parts if not _looks_empty(part)]
    if not {".", ".."}.isdisjoint(parts):
        raise TitleError("category_dots", _("A category cannot be called “.” or “..”; give it another name."))
    path = "/".join(parts)
    # Outside the archive, room is kept for the "Archived/" that archiving puts in front: it must never fail.
    room, depth = (0, 1) if is_archived(path) else (len(ARCHIVE) + 1, 0)
    if len(parts) > CATEGORY_DEPTH + depth:
        raise TitleError(
            "category_too_deep",
            _("The category has %(depth)d levels; use at most %(limit)d."),
            {"depth": len(parts), "limit": CATEGORY_DEPTH + depth},
        )
    if len(path) > CATEGORY_LIMIT - room:
        raise TitleError(
            "category_too_long",
            _("The category has %(length)d characters; shorten it to at most %(limit)d."),
            {"length": len(path), "limit": CATEGORY_LIMIT - room},
        )
    return path


def normalize_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without their leading #, in the given order, each once."""
    kept: dict[str, None] = {}
    for text in tags:
        tag = unescape(_clean(text)).lstrip("#\ufe0f\u20e3").strip(WHITE_SPACE)
        if _looks_empty(tag):
            continue
        if re.search(r"\s", tag):
            raise TitleError(
                "tag_has_space",
                _("The tag “%(tag)s” has a space in it; write it as one word, for example with “-”."),
                {"tag": tag[:TAG_LIMIT]},
            )
        if len(tag) > TAG_LIMIT:
            raise TitleError(
                "tag_too_long",
                _("The tag “%(tag)s…” has %(length)d characters; shorten it to at most %(limit)d."),
                {"tag": tag[:20], "length": len(tag), "limit": TAG_LIMIT},
            )
        kept[tag] = None
        if len(kept) > TAGS_LIMIT:
            raise TitleError(
                "too_many_tags", _("A post has at most %(limit)d tags; remove some."), {"limit": TAGS_LIMIT}
            )
    return tuple(kept)


def kind_of(category: str | None, name: str) -> Literal["flow", "stock"]:
    """A post whose category or name holds a date is flow, any other is stock."""
    return "flow" if FLOW_DATE.search(unescape(_join(category or "", name))) else "stock"


def ancestors(path: str) -> tuple[str, ...]:
    """The categories above this one, topmost first: `a/b/c` lies in `a` and in `a/b`."""
    parts = path.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(1, len(parts)))


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def is_within(path: str, root: str) -> bool:
    """Whether a category is `root` or lies below it: `dev-secret` is not in `dev`; everything is in ""."""
    return not root or path == root or path.startswith(f"{root}/")


def moved(path: str, from_: str, to: str) -> str:
    """Where a category is after `from_` was moved to `to`; one that lies elsewhere stays."""
    if not is_within(path, from_):
        return path
    below = path[len(from_) :].strip("/")
    return "/".join(part for part in (to, below) if part)


def is_archived(category: str | None) -> bool:
    return is_within(category or "", ARCHIVE)


def archived_path(category: str | None) -> str:
    """Where archiving takes a post of this category; what is archived stays where it is."""
    path = category or ""
    return path if is_archived(path) else moved(path, "", ARCHIVE)


def _join(category: str, name: str, tags: Iterable[str] = ()) -> str:
    place = f"{category}/{name}" if category else name
    return " ".join([place, *("#" + tag.replace("/", "&#47;") for tag in tags)])


def _clean(text: str) -> str:
    """NFC without outer white space; refuses what no title may hold."""
    if len(text) > TITLE_LIMIT:
        raise TitleError(
            "title_too_long", _("The title is far too long; shorten it to one line."), {"limit": TITLE_LIMIT}
        )
    text = unicodedata.normalize("NFC", text).strip(WHITE_SPACE)
    # Cc: control characters, NUL among them; Cs: half a surrogate pair, which UTF-8 refuses; Zl and Zp: line breaks.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise TitleError(
            "control_characters", _("The title holds a line break, a tab or an invisible control character; remove it.")
        )
    return text


def _looks_empty(text: str) -> bool:
    """Nothing to see: only spaces and invisible format characters."""
    return all(unicodedata.category(character) in {"Cf", "Zs"} for character in text)

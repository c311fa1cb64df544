"""The search language: what is typed becomes a tree, and what was meant but not understood a message.

`parse` never raises. It evaluates from left to right without precedence, as esa does: `a b OR c d` is
`((a b) OR c) d`. Nothing here knows the database; dates are days, and whoever asks brings the time zone.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

LONGEST_QUERY = 2000
MOST_TERMS = 40
DEEPEST = 20

Operator = Literal["=", ">", ">=", "<", "<="]
Where = Literal["any", "name", "full_name", "category", "body", "comment"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words to be found, as typed: in a part of the post or in any of them."""

    value: str
    where: Where = "any"
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    name: str


@dataclass(frozen=True, slots=True)
class Category:
    """Posts right in a category, or also `below` it; an empty path is no category."""

    path: str
    below: bool


@dataclass(frozen=True, slots=True)
class Person:
    role: Literal["user", "updated_by", "watched_by"]
    screen_name: str


@dataclass(frozen=True, slots=True)
class Flag:
    name: Literal["wip", "starred", "watched", "sharing"]
    value: bool


@dataclass(frozen=True, slots=True)
class Kind:
    value: Literal["stock", "flow"]


@dataclass(frozen=True, slots=True)
class Count:
    of: Literal["number", "stars", "watches", "comments", "done", "undone"]
    operator: Operator
    number: int


@dataclass(frozen=True, slots=True)
class When:
    """A day, month or year, from `first` up to but without `after`, compared as a whole."""

    what: Literal["created", "updated"]
    operator: Operator
    first: datetime.date
    after: datetime.date


@dataclass(frozen=True, slots=True)
class Stale:
    """How long nobody has touched the post."""

    operator: Operator
    days: int


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"


@dataclass(frozen=True, slots=True)
class All:
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    nodes: tuple["Node", ...]


Leaf = Text | Tag | Category | Person | Flag | Kind | Count | When | Stale
Node = Leaf | Not | All | Either


@dataclass(frozen=True, slots=True)
class Message:
    """Something in the query that was not understood: a code to be worded by the page, and particulars."""

    code: str
    key: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Sort:
    key: str
    descending: bool

    def __str__(self) -> str:
        return f"{self.key}-{'desc' if self.descending else 'asc'}"


SORTS = (
    Sort("best_match", True),
    Sort("updated", True),
    Sort("updated", False),
    Sort("created", True),
    Sort("created", False),
    Sort("stars", True),
    Sort("watches", True),
    Sort("comments", True),
    Sort("full_name", False),
    Sort("name", False),
    Sort("number", True),
    Sort("number", False),
)
SORT_KEYS = tuple(dict.fromkeys(sort.key for sort in SORTS))


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood."""

    node: Node | None = None
    sort: Sort | None = None
    case_sensitive: bool = False
    messages: tuple[Message, ...] = ()

    def leaves(self) -> Iterator[Leaf]:
        """Everything that a found post may have matched by: what is negated is left out."""
        return _positive(self.node)

    @property
    def texts(self) -> list[Text]:
        return [leaf for leaf in self.leaves() if isinstance(leaf, Text)]


def _positive(node: Node | None) -> Iterator[Leaf]:
    match node:
        case All(nodes) | Either(nodes):
            for inner in nodes:
                yield from _positive(inner)
        case None | Not():
            return
        case leaf:
            yield leaf


def parse_sort(text: str) -> Sort | None:
    """Read `stars-desc`, or just `stars`; None if there is no such order."""
    key, _, direction = text.strip().lower().partition("-")
    if key not in SORT_KEYS or direction not in ("", "asc", "desc"):
        return None
    ascending = direction == "asc" or (not direction and key in ("name", "full_name"))
    return Sort(key, not ascending)


def parse(source: str) -> Query:
    """Read a query; whatever it is, something sensible comes out."""
    return _Parser(source).query()


_TEXT_KEYS: dict[str, Where] = {
    "name": "name",
    "title": "name",
    "full_name": "full_name",
    "category": "category",
    "body": "body",
    "comment": "comment",
}
_COUNTS = ("number", "stars", "watches", "comments", "done", "undone")
_FLAGS = ("wip", "starred", "watched", "sharing")
_PEOPLE = ("user", "updated_by", "watched_by")
_OTHERS = ("in", "on", "tag", "kind", "created", "updated", "stale", "sort", "case_sensitive")
KEYS = (*_TEXT_KEYS, *_COUNTS, *_FLAGS, *_PEOPLE, *_OTHERS)

_KEY = re.compile(f"({'|'.join(sorted(KEYS, key=len, reverse=True))})[:：]", re.IGNORECASE)
_SPACE = re.compile(r"\s*")
_MINUS = re.compile("[-\u2212\uff0d]+")
_OR = re.compile(r"OR(?=[\s()|]|$)")
_COMPARED = re.compile(r"(>=|<=|=>|=<|>|<|=)?\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}")
_DATE = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?")
_AGE = re.compile(r"([0-9]{1,5})\s*(d|w|m|y)?", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(slots=True)
class _Group:
    """An open parenthesis: what has been read in it, and what joins the next thing on."""

    node: Node | None = None
    either: bool = False
    negated: bool = False

    def add(self, node: Node | None) -> None:
        if node is None:
            return
        if self.node is None:
            self.node = node
        else:
            kind = Either if self.either else All
            before = self.node.nodes if isinstance(self.node, kind) else (self.node,)
            self.node = kind((*before, node))
        self.either = False


@dataclass(slots=True)
class _Parser:
    source: str
    at: int = 0
    terms: int = 0
    sort: Sort | None = None
    case_sensitive: bool = False
    messages: dict[Message, None] = field(default_factory=dict)
    groups: list[_Group] = field(default_factory=lambda: [_Group()])

    def query(self) -> Query:
        if len(self.source) > LONGEST_QUERY:
            self.source = self.source[:LONGEST_QUERY]
            self.complain("too_long", value=str(LONGEST_QUERY))
        while self.more():
            self.step()
        if len(self.groups) > 1:
            self.complain("unbalanced_parenthesis")
        while len(self.groups) > 1:
            self.close()
        if self.groups[0].either:
            self.complain("dangling_or")
        return Query(self.groups[0].node, self.sort, self.case_sensitive, tuple(self.messages))

    def more(self) -> bool:
        self.skip_space()
        return self.at < len(self.source)

    def step(self) -> None:
        """Read one thing: a bracket, a joint or a term."""
        char = self.source[self.at]
        joint = _OR.match(self.source, self.at)
        if char == ")":
            self.at += 1
            if len(self.groups) > 1:
                self.close()
            else:
                self.complain("unbalanced_parenthesis")
        elif char == "|" or joint:
            self.at = joint.end() if joint else self.at + 1
            self.join()
        else:
            self.operand()

    def join(self) -> None:
        group = self.groups[-1]
        if group.node is None or group.either:
            self.complain("dangling_or")
        group.either = group.node is not None

    def operand(self) -> None:
        minus = _MINUS.match(self.source, self.at)
        negated = minus is not None and len(minus[0]) % 2 == 1
        if minus:
            self.at = minus.end()
            if self.at == len(self.source) or self.source[self.at].isspace() or self.source[self.at] in "|)":
                return
        if self.source[self.at] == "(":
            self.at += 1
            self.open(negated=negated)
            return
        node = self.term()
        if node is None:
            return
        self.terms += 1
        if self.terms > MOST_TERMS:
            self.complain("too_many_terms", value=str(MOST_TERMS))
        else:
            self.groups[-1].add(Not(node) if negated else node)

    def open(self, *, negated: bool) -> None:
        if len(self.groups) > DEEPEST:
            self.complain("too_deep", value=str(DEEPEST))
        self.groups.append(_Group(negated=negated))

    def close(self) -> None:
        group = self.groups.pop()
        if group.either:
            self.complain("dangling_or")
        negate = group.negated and group.node is not None and len(self.groups) <= DEEPEST
        self.groups[-1].add(Not(group.node) if negate and group.node else group.node)

    def term(self) -> Node | None:
        key = _KEY.match(self.source, self.at)
        if key:
            self.at = key.end()
            return self.keyed(key[1].lower())
        sigil = unicodedata.normalize("NFKC", self.source[self.at])
        if sigil in ("#", "@"):
            self.at += 1
            name = self.word()
            if not name:
                return Text(sigil)
            return Tag(name) if sigil == "#" else Person("user", name)
        if self.source[self.at] == '"':
            value = self.quoted()
            return Text(value, quoted=True) if value.strip() else None
        value = self.word()
        return Text(value) if value else None

    def keyed(self, key: str) -> Node | None:
        value, quoted = self.value()
        if value is None or (not value.strip() and not (quoted and key in ("on", "in"))):
            self.complain("missing_value", key)
            return None
        value = value.strip()
        if key in _TEXT_KEYS:
            return Text(value, _TEXT_KEYS[key], quoted)
        if key in ("in", "on"):
            return Category(value.strip("/").strip(), below=key == "in")
        if key == "tag":
            return Tag(value.removeprefix("#"))
        if key in _PEOPLE:
            return Person(key, value.removeprefix("@"))  # type: ignore[arg-type]
        return self.judged(key, unicodedata.normalize("NFKC", value).strip())

    def judged(self, key: str, value: str) -> Node | None:
        """Read a value that can be wrong."""
        node: Node | None = None
        if key in _FLAGS or key == "case_sensitive":
            return self.flag(key, value.lower())
        if key == "sort":
            self.sort = parse_sort(value) or self.sort
            if not parse_sort(value):
                self.complain("unknown_sort", key, value)
            return None
        if key == "kind":
            if value.lower() in ("stock", "flow"):
                return Kind(value.lower())  # type: ignore[arg-type]
            self.complain("bad_kind", key, value)
        elif key in _COUNTS:
            node = _count(key, value)
            if node is None:
                self.complain("bad_number", key, value)
        elif key == "stale":
            node = _stale(value)
            if node is None:
                self.complain("bad_age", key, value)
        else:
            node = _when(key, value)
            if node is None:
                self.complain("bad_date", key, value)
        return node

    def flag(self, key: str, value: str) -> Node | None:
        if value not in ("true", "false"):
            self.complain("bad_flag", key, value)
        elif key == "case_sensitive":
            self.case_sensitive = value == "true"
        else:
            return Flag(key, value == "true")  # type: ignore[arg-type]
        return None

    def value(self) -> tuple[str | None, bool]:
        """The value after a colon, and whether it was quoted; None if the next thing is none."""
        back = self.at
        self.skip_space()
        rest = self.source[self.at : self.at + 1]
        if rest == '"':
            return self.quoted(), True
        spaced = self.at > back
        if not rest or rest in "()|" or (spaced and self.starts_something()):
            self.at = back
            return None, False
        value = self.word()
        if value in (">", "<", ">=", "<=", "=", "=>", "=<"):
            self.skip_space()
            value += self.word()
        return value, False

    def starts_something(self) -> bool:
        return bool(_OR.match(self.source, self.at) or _KEY.match(self.source, self.at))

    def quoted(self) -> str:
        """The text between quotes; a quote that nobody closes counts for nothing."""
        end = self.source.find('"', self.at + 1)
        if end < 0:
            self.complain("unbalanced_quote")
            self.at += 1
            self.skip_space()
            return self.word()
        value = self.source[self.at + 1 : end]
        self.at = end + 1
        return value

    def word(self) -> str:
        """Everything up to white space, a joint, a quote or a bracket that was not opened in the word."""
        start, inner = self.at, 0
        while self.at < len(self.source):
            char = self.source[self.at]
            if char.isspace() or char in '|"':
                break
            if char == "(":
                inner += 1
            elif char == ")":
                if not inner:
                    break
                inner -= 1
            self.at += 1
        if inner and len(self.groups) > 1 and self.at > start:
            self.at = start + self.source[start : self.at].rindex("(") or self.at
            self.at = max(self.at, start + 1)
        return self.source[start : self.at]

    def skip_space(self) -> None:
        space = _SPACE.match(self.source, self.at)
        self.at = space.end() if space else self.at

    def complain(self, code: str, key: str = "", value: str = "") -> None:
        self.messages[Message(code, key, value)] = None


def _compared(value: str) -> tuple[Operator, str]:
    match = _COMPARED.fullmatch(value)
    operator, rest = (match[1] or "=", match[2]) if match else ("=", value)
    operator = {"=>": ">=", "=<": "<="}.get(operator, operator)
    return operator, rest.strip()  # type: ignore[return-value]


def _count(key: str, value: str) -> Count | None:
    operator, rest = _compared(value)
    rest = rest.replace(",", "")
    return Count(key, operator, int(rest)) if _NUMBER.fullmatch(rest) else None  # type: ignore[arg-type]


def _stale(value: str) -> Stale | None:
    operator, rest = _compared(value)
    age = _AGE.fullmatch(rest)
    if not age:
        return None
    explicit = value[:1] in "<>="
    days = int(age[1]) * _DAYS[(age[2] or "d").lower()]
    return Stale(operator if explicit else ">=", min(days, 36_500))


def _when(key: str, value: str) -> When | None:
    operator, rest = _compared(value)
    parts = _DATE.fullmatch(rest)
    if not parts:
        return None
    year, month, day = int(parts[1]), int(parts[2] or 1), int(parts[3] or 1)
    if not 1900 <= year < 9000:
        return None
    try:
        first = datetime.date(year, month, day)
        if parts[3]:
            after = first + datetime.timedelta(days=1)
        elif parts[2]:
            after = datetime.date(year + month // 12, month % 12 + 1, 1)
        else:
            after = datetime.date(year + 1, 1, 1)
    except ValueError:
        return None
    return When(key, operator, first, after)  # type: ignore[arg-type]

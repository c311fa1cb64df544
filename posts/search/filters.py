"""From the tree of a query to the WHERE of post_search (as `s`): every operator, and the gate in front of all."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from posts.search import query as q
from posts.search.index import fold_path
from posts.search.text import needle, norm, short, start_of_word, term, tsquery


@dataclass(frozen=True)
class SQL:
    """A piece of SQL and what belongs in it. The text is ours alone; what people typed is always a parameter."""

    text: str
    params: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)


TRUE, FALSE = SQL("TRUE"), SQL("FALSE")


def join(pieces: Iterable[SQL], by: str) -> SQL:
    pieces = [piece for piece in pieces if piece]
    text = by.join(f"({piece.text})" for piece in pieces) if len(pieces) > 1 else "".join(p.text for p in pieces)
    return SQL(text, tuple(param for piece in pieces for param in piece.params))


def every(*pieces: SQL) -> SQL:
    return join((piece for piece in pieces if piece != TRUE), " AND ") or TRUE


def either(*pieces: SQL) -> SQL:
    if TRUE in pieces:
        return TRUE
    return join((piece for piece in pieces if piece != FALSE), " OR ") or FALSE


@dataclass(frozen=True)
class Asker:
    """Who asks: the member, if it is one, and the member ids behind the names in the query."""

    team_id: int
    member_id: int | None = None
    people: Mapping[str, list[int]] = field(default_factory=dict)
    case_sensitive: bool = False
    walking: bool = False
    """Whether rows are read one after the other: then the proof alone is cheaper than looking at a row's lexemes first."""


_HAYSTACKS: dict[q.Where, tuple[str, str]] = {
    "any": ("s.keys", "s.norm"),
    "name": ("s.head", "s.name"),
    "full_name": ("s.head", "ltrim(s.path || '/' || s.name, '/')"),
    "category": ("s.head", "s.path"),
    "body": ("s.keys", "substr(s.norm, s.body_at, s.talk_at - s.body_at)"),
    "comment": ("s.keys", "substr(s.norm, s.talk_at)"),
}
_TASKS = {"done": "p.done_tasks_count", "undone": "p.tasks_count - p.done_tasks_count"}
_OF_POST = "(SELECT {} FROM posts_post p WHERE p.id = s.post_id)"


def condition(node: q.Node | None, asker: Asker) -> SQL:
    """What a row of post_search must be like to be found."""
    match node:
        case None:
            return TRUE
        case q.All(nodes):
            return every(*(condition(inner, asker) for inner in nodes))
        case q.Either(nodes):
            return either(*(condition(inner, asker) for inner in nodes))
        case q.Not(inner):
            return _negated(condition(inner, asker))
        case _:
            return _LEAVES[type(node)](node, asker)


def _negated(piece: SQL) -> SQL:
    if piece in (TRUE, FALSE):
        return FALSE if piece == TRUE else TRUE
    return SQL(f"NOT ({piece.text})", piece.params)


def split(node: q.Node | None) -> tuple[q.Node | None, q.Node | None]:
    """Take what must hold apart: what the row says by itself, and texts, which have to be looked for."""
    nodes = node.nodes if isinstance(node, q.All) else (node,) if node else ()
    texts = tuple(inner for inner in nodes if has(inner, q.Text))
    columns = tuple(inner for inner in nodes if inner not in texts)
    return q.All(columns) if columns else None, q.All(texts) if texts else None


def has(node: q.Node | None, kind: type) -> bool:
    """Whether there is such a leaf anywhere in the tree."""
    match node:
        case q.All(nodes) | q.Either(nodes):
            return any(has(inner, kind) for inner in nodes)
        case q.Not(inner):
            return has(inner, kind)
        case _:
            return isinstance(node, kind)


def _text(text: q.Text, asker: Asker) -> SQL:
    wanted = needle(text.value)
    if not wanted:
        return TRUE
    looked_up = term(wanted)
    lexemes, haystack = _HAYSTACKS[text.where]
    found = TRUE
    if looked_up.probes and not asker.walking:
        probes = tsquery(looked_up.probes, said=text.where in ("body", "comment"))
        found = SQL(f"{lexemes} @@ %s::tsquery", (probes,))
    if text.where == "comment":
        found = every(found, _counted("comments", ">", 0, asker))
    if looked_up.proof or text.where != "any" or asker.walking:
        found = every(found, contains(haystack, wanted))
    if text.where == "any" and not text.quoted and wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        found = either(found, SQL("s.number = %s", (int(wanted),)))
    return found


def contains(haystack: str, wanted: str) -> SQL:
    """Prove that normalised text holds a needle.

    `strpos` is much cheaper than an expression, and in a CASE it does come first: the planner thinks otherwise.
    """
    if not short(wanted):
        return SQL(f"strpos({haystack}, %s) > 0", (wanted,))
    return SQL(
        f"CASE WHEN strpos({haystack}, %s) > 0 THEN {haystack} ~ %s ELSE FALSE END", (wanted, start_of_word(wanted))
    )


def _tag(tag: q.Tag, asker: Asker) -> SQL:
    has = SQL("s.tags @> ARRAY[%s]::text[]", (norm(tag.name),))
    if asker.case_sensitive:
        return every(has, SQL(_OF_POST.format("p.tags @> ARRAY[%s]::varchar[]"), (tag.name,)))
    return has


def _category(category: q.Category, asker: Asker) -> SQL:
    path = fold_path(category.path)
    if not path:
        return TRUE if category.below else SQL("s.path = ''")
    exactly = SQL("s.path = %s", (path,))
    if not category.below:
        return exactly
    # A range, for then the index is used whatever characters the path has: everything between "path/" and "path0".
    return either(exactly, SQL("s.path >= %s AND s.path < %s", (path + "/", path + "0")))


def _person(person: q.Person, asker: Asker) -> SQL:
    ids = asker.people.get(person.screen_name.lower(), [])
    if not ids:
        return FALSE
    if person.role == "watched_by":
        if asker.member_id is None:
            return FALSE
        return SQL(
            "s.post_id IN (SELECT w.post_id FROM posts_watch w WHERE w.member_id = ANY(%s) AND NOT w.muted)", (ids,)
        )
    column = "s.created_by_id" if person.role == "user" else "s.updated_by_id"
    return SQL(f"{column} = ANY(%s)", (ids,))


def _flag(flag: q.Flag, asker: Asker) -> SQL:
    if flag.name == "wip":
        return SQL("s.wip" if flag.value else "NOT s.wip")
    if asker.member_id is None:  # what is starred, watched or shared is the team's own business
        return FALSE
    own = SQL("s.post_id IN (SELECT h.post_id FROM posts_sharing h)")
    if flag.name == "starred":
        own = SQL(
            "s.post_id IN (SELECT t.post_id FROM posts_star t WHERE t.member_id = %s AND t.post_id IS NOT NULL)",
            (asker.member_id,),
        )
    elif flag.name == "watched":
        own = SQL(
            "s.post_id IN (SELECT w.post_id FROM posts_watch w WHERE w.member_id = %s AND NOT w.muted)",
            (asker.member_id,),
        )
    return own if flag.value else _negated(own)


def _kind(kind: q.Kind, asker: Asker) -> SQL:
    return SQL("s.flow" if kind.value == "flow" else "NOT s.flow")


def _count(count: q.Count, asker: Asker) -> SQL:
    if count.of == "number":
        return SQL(f"s.number {count.operator} %s", (count.number,))
    if count.of in _TASKS:
        return SQL(_OF_POST.format(f"{_TASKS[count.of]} {count.operator} %s"), (count.number,))
    if (count.operator, count.number) == ("=", 0):
        return _negated(_counted(count.of, ">", 0, asker))
    if count.operator in ("<", "<="):  # the others are fewer
        return _negated(_counted(count.of, ">=" if count.operator == "<" else ">", count.number, asker))
    return _counted(count.of, count.operator, count.number, asker)


def _counted(what: str, operator: str, number: int, asker: Asker) -> SQL:
    """Posts with so many stars, watches or comments, which an index of the posts knows by itself.

    IS TRUE keeps them a set that rows are looked up in before a text is read; of a join the planner makes the opposite.
    """
    return SQL(
        "(s.post_id IN (SELECT p.id FROM posts_post p WHERE p.team_id = %s AND p.deleted_at IS NULL"  # noqa: S608
        f" AND p.{what}_count {operator} %s)) IS TRUE",
        (asker.team_id, number),
    )


def _when(when: q.When, asker: Asker) -> SQL:
    column = f"s.{when.what}_at"
    first, after = _midnight(when.first), _midnight(when.after)
    match when.operator:
        case "=":
            return SQL(f"{column} >= %s AND {column} < %s", (first, after))
        case ">":
            return SQL(f"{column} >= %s", (after,))
        case ">=":
            return SQL(f"{column} >= %s", (first,))
        case "<":
            return SQL(f"{column} < %s", (first,))
        case _:
            return SQL(f"{column} < %s", (after,))


def _midnight(day: datetime.date) -> datetime.datetime:
    """When the day begins where the asker is."""
    return datetime.datetime.combine(day, datetime.time(), tzinfo=timezone.get_current_timezone())


def _stale(stale: q.Stale, asker: Asker) -> SQL:
    since = timezone.now() - datetime.timedelta(days=stale.days)
    if stale.operator == "=":
        return SQL("s.updated_at <= %s AND s.updated_at > %s", (since, since - datetime.timedelta(days=1)))
    turned = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[stale.operator]
    return SQL(f"s.updated_at {turned} %s", (since,))


_LEAVES: dict[type, Callable[[Any, Asker], SQL]] = {
    q.Text: _text,
    q.Tag: _tag,
    q.Category: _category,
    q.Person: _person,
    q.Flag: _flag,
    q.Kind: _kind,
    q.Count: _count,
    q.When: _when,
    q.Stale: _stale,
}

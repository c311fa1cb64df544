"""What a search answers: a page of posts, how many there are, and what they can be narrowed down by.

The first page is fast in a team of any size, for matches are looked for once and no further than COUNTED. If these are
all, the page, the count and the facets come from them. If there are more, the newest rows are read one after the other,
where words so common soon fill a page, and only the best RANKED of the matches are ranked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import psycopg.errors
from django.db import OperationalError, connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from posts import scoping, title
from posts.models import Post
from posts.search import query as q
from posts.search.filters import FALSE, SQL, TRUE, Asker, condition, contains, every, split
from posts.search.text import Segment, is_in, marked, needle, snippet, term, tsquery
from teams.http import TeamRequest

PER_PAGE = 20
COUNTED = 1000
"""How many matches are counted; that there are more is all that is said then."""
TYPED = 120
"""How many are looked at while somebody is still typing."""
WALKED = 1000
"""How many of the newest rows are read where there are more matches."""
GLANCED = 100
FREQUENT = 3
"""If every third of the newest GLANCED rows matches, reading rows finds enough of them before the index has found all."""
RANKED = 300
"""How many of very many matches are compared for the best."""
COMMON = 0.05
"""Which part of the rows has to match in its head for a walk to beat the index."""
DEEPEST = 10_000
"""How many rows into the matches of a text one can page; further on, a narrower query is the better way."""

TIMEOUT = 2000
"""Milliseconds that one statement may take before we say so."""

FACET_VALUES = 8
NEWEST = q.Sort("updated", descending=True)


@dataclass(frozen=True)
class Hit:
    """A found post, with the marks to show."""

    post: Post
    name: list[Segment]
    snippet: list[Segment]
    in_comment: bool = False


@dataclass(frozen=True)
class FacetValue:
    """A value by which the results can be narrowed: what to add to the query, and how many there are."""

    label: str | Promise
    term: str
    count: int


@dataclass(frozen=True)
class Facets:
    categories: list[FacetValue] = field(default_factory=list)
    tags: list[FacetValue] = field(default_factory=list)
    authors: list[FacetValue] = field(default_factory=list)
    kinds: list[FacetValue] = field(default_factory=list)
    sampled: bool = False

    def __bool__(self) -> bool:
        return bool(self.categories or self.tags or self.authors or self.kinds)


@dataclass(frozen=True)
class Results:
    """A page of what was found; `capped` says that there are more than `total`."""

    query: q.Query
    sort: q.Sort
    page: int = 1
    per_page: int = PER_PAGE
    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    capped: bool = False
    has_next: bool = False
    facets: Facets = field(default_factory=Facets)
    messages: list[q.Message] = field(default_factory=list)
    timed_out: bool = False

    @property
    def posts(self) -> list[Post]:
        return [hit.post for hit in self.hits]


def search(
    request: TeamRequest,
    source: str,
    *,
    sort: str = "",
    order: str = "",
    page: int = 1,
    per_page: int = PER_PAGE,
    exact: bool = False,
    facets: bool = False,
    marks: bool = True,
    count: bool = True,
) -> Results:
    """Find what this asker may read. Never raises over a query: mistakes and timeouts come as messages.

    A `sort` in the query counts unless one is given; `exact` counts all matches, as the API has to; `facets` and
    `marks` are for pages; without `count` the total is what is shown, which is enough while somebody types.
    """
    query = q.parse(source)
    chosen = _sort(query, sort, order)
    results = Results(query, chosen, max(1, page), per_page, messages=list(query.messages))
    finder = Finder(request, query, counting=count)
    try:
        with bounded(TIMEOUT):
            return finder.results(results, exact=exact, facets=facets, marks=marks, count=count)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise
        return replace(results, timed_out=True, messages=[*results.messages, q.Message("timeout")])


def _sort(query: q.Query, sort: str, order: str) -> q.Sort:
    asked = q.parse_sort(f"{sort}-{order}" if order in ("asc", "desc") and "-" not in sort else sort)
    return asked or query.sort or NEWEST


@contextmanager
def bounded(milliseconds: int) -> Iterator[None]:
    """Statements in here are cut short, and use the indexes: the planner does not know what reading a long text costs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'current_setting({name!r})' for name in _SETTINGS)}")
        before = cursor.fetchone()
        _set(cursor, [str(milliseconds), "off", "0"])
        yield
        _set(cursor, before)


_SETTINGS = ("statement_timeout", "enable_seqscan", "max_parallel_workers_per_gather")


def _set(cursor: Any, values: Sequence[str]) -> None:
    cursor.execute(f"SELECT {', '.join(f'set_config({name!r}, %s, true)' for name in _SETTINGS)}", values)


_ORDERS: dict[str, tuple[str, ...]] = {
    "updated": ("s.updated_at", "s.post_id"),
    "created": ("s.created_at", "s.post_id"),
    "number": ("s.number",),
    "name": ("s.name", "s.post_id"),
    "full_name": ("s.path", "s.name", "s.post_id"),
    "stars": ("p.stars_count", "p.updated_at", "p.id"),
    "watches": ("p.watches_count", "p.updated_at", "p.id"),
    "comments": ("p.comments_count", "p.updated_at", "p.id"),
}
_COUNTERS = ("stars", "watches", "comments")
_KINDS = {"kind:stock": gettext_lazy("Stock"), "kind:flow": gettext_lazy("Flow"), "wip:true": gettext_lazy("WIP")}
_ORDERED = "s.team_id, s.post_id, s.number, s.created_at, s.updated_at, s.path, s.name"
_READ = (
    "s.post_id, s.number, s.name, s.path, s.head, s.norm, s.body_at, s.talk_at, s.wip, s.flow, s.tags, s.created_by_id,"
    " s.updated_by_id, s.created_at, s.updated_at"
)
_BEGINNING = "CASE WHEN octet_length(s.norm) > 12000 THEN left(s.norm, 4000) ELSE s.norm END"
"""Where it is counted how often a word is there: the whole of hundreds of long texts would take too long."""
_JOIN = "JOIN posts_post p ON p.id = s.post_id AND p.team_id = s.team_id AND p.deleted_at IS NULL"


def _order(sort: q.Sort) -> list[tuple[str, str]]:
    """Columns and directions; of posts with as many stars, the newest come first."""
    direction = "DESC" if sort.descending else "ASC"
    return [
        (column, "DESC" if sort.key in _COUNTERS and place else direction)
        for place, column in enumerate(_ORDERS[sort.key])
    ]


def _order_by(sort: q.Sort) -> str:
    return ", ".join(f"{column} {direction}" for column, direction in _order(sort))


def _joined(sort: q.Sort) -> str:
    """Counters are the posts' own."""
    return _JOIN if sort.key in _COUNTERS else ""


class Finder:
    """One search of one asker, who wants to know how many there are or is still typing."""

    def __init__(self, request: TeamRequest, query: q.Query, *, counting: bool) -> None:
        self.request, self.query, self.counting = request, query, counting
        self.most, self.ranked = (COUNTED, RANKED) if counting else (TYPED, TYPED)
        self.gate = scoping.gate_of_search(request)
        asker = Asker(
            team_id=request.team.pk if request.team else 0,
            member_id=request.member.pk if request.member else None,
            people=self._people(),
            case_sensitive=query.case_sensitive,
        )
        columns, texts = split(query.node)
        self.columns = every(self.gate, condition(columns, asker))
        self.seldom = any(_is_seldom(leaf) for leaf in query.leaves())
        self.texts = condition(texts, asker)
        self.texts_read = condition(texts, replace(asker, walking=True))
        wanted = [(needle(text.value), text.where) for text in query.texts]
        self.needles = list(dict.fromkeys(text for text, _where in wanted if text))
        self.proved = any(term(text).proof for text in self.needles)
        in_head = [term(text).probes for text, where in dict.fromkeys(wanted) if where not in ("body", "comment")]
        probes = [f"({tsquery(probes)})" for probes in in_head if probes]
        self.in_head = SQL("s.head @@ %s::tsquery", (" | ".join(probes),)) if probes else FALSE
        self.all_in_head = SQL("s.head @@ %s::tsquery", (" & ".join(probes),)) if probes else FALSE

    def _people(self) -> dict[str, list[int]]:
        """The member ids behind the names in the query, in one query of our own."""
        names = {leaf.screen_name.lower() for leaf in _leaves(self.query.node) if isinstance(leaf, q.Person)}
        if not names or self.gate == FALSE:
            return {}
        members = self.request.team.members.none()
        for name in names:
            members |= self.request.team.members.named(name)
        people: dict[str, list[int]] = {}
        for member in members.select_related("user"):
            people.setdefault(member.handle.lower(), []).append(member.pk)
        return people

    # --- A page -------------------------------------------------------------------------------------------------------

    def results(self, results: Results, *, exact: bool, facets: bool, marks: bool, count: bool) -> Results:
        if FALSE in (self.gate, self.columns, self.texts):
            return results
        offset = (results.page - 1) * results.per_page
        if offset + results.per_page > DEEPEST and self.texts != TRUE:
            total, capped = self.count(exact=exact)
            message = q.Message("too_deep_page", value=str(DEEPEST))
            return replace(results, total=total, capped=capped, messages=[*results.messages, message])
        ids = self.page(results.sort, offset, results.per_page + 1)
        has_next, ids = len(ids) > results.per_page, ids[: results.per_page]
        if results.page == 1 and not has_next:
            total, capped = len(ids), False
        elif not count:
            total, capped = offset + len(ids), has_next
        else:
            total, capped = self.count(exact=exact)
        return replace(
            results,
            hits=self.hits(ids, marks=marks),
            total=total,
            capped=capped,
            has_next=has_next,
            facets=self.facets() if facets and ids else Facets(),
        )

    def count(self, *, exact: bool) -> tuple[int, bool]:
        """How many there are; beyond what is known only if asked for."""
        if exact and not self.complete:
            matches = self._matches()
            return self._rows(SQL(f"SELECT count(*) FROM ({matches.text}) s", matches.params))[0][0], False  # noqa: S608
        return min(len(self.some), self.most), not self.complete

    def page(self, sort: q.Sort, offset: int, limit: int) -> list[int]:
        """The ids of one page, in order."""
        if sort.key == "best_match":
            return self._best(offset, limit)
        if self.texts == TRUE:
            return self._plain(sort, offset, limit)
        if self.complete:
            return self._sorted(self.some, sort, offset, limit)
        return self._walked(sort, offset, limit) or self._full(sort, offset, limit)

    @cached_property
    def some(self) -> list[int]:
        """Matches wherever they are soonest found, and one more than `most` if there are more."""
        matches = self._matches()
        return [pk for pk, _in_head in self._frequent] or self._ids(
            SQL(f"SELECT s.post_id FROM ({matches.text}) s LIMIT {self.most + 1}", matches.params)  # noqa: S608
        )

    @property
    def complete(self) -> bool:
        """Whether some are all."""
        return len(self.some) <= self.most

    @property
    def newest(self) -> list[int]:
        """Of more matches than some, the newest."""
        return [pk for pk, _in_head in self._newest]

    @cached_property
    def _newest(self) -> list[tuple[int, bool]]:
        """These, and whether a word is in what is written large."""
        return self._frequent or self._rows(self._walk(NEWEST, WALKED, limit=WALKED))

    @cached_property
    def _share(self) -> float:
        """Which part of the newest rows matches, at a glance."""
        return len(self._rows(self._walk(NEWEST, GLANCED, limit=GLANCED))) / GLANCED

    @cached_property
    def _frequent(self) -> list[tuple[int, bool]]:
        """The same of words that every third post has."""
        if self.texts == TRUE or self.columns != self.gate or self._share < 1 / FREQUENT:
            return []
        found = self._rows(self._walk(NEWEST, self.most * (FREQUENT + 1), limit=self.most + 1))
        return found if len(found) > self.most else []

    def _plain(self, sort: q.Sort, offset: int, limit: int) -> list[int]:
        """Without words to look for, an index gives the order."""
        return self._ids(
            SQL(
                f"SELECT s.post_id FROM post_search s {_joined(sort)} WHERE {self.columns.text}"  # noqa: S608
                f" ORDER BY {_order_by(sort)} LIMIT {limit} OFFSET {offset}",
                self.columns.params,
            )
        )

    def _sorted(self, ids: list[int], sort: q.Sort, offset: int, limit: int) -> list[int]:
        return self._ids(
            SQL(
                f"SELECT s.post_id FROM post_search s {_joined(sort)} WHERE s.team_id = %s AND s.post_id = ANY(%s::bigint[])"  # noqa: S608
                f" ORDER BY {_order_by(sort)} LIMIT {limit} OFFSET {offset}",
                (self.request.team.pk, _array(ids)),
            )
        )

    def _walked(self, sort: q.Sort, offset: int, limit: int) -> list[int] | None:
        """Read the first rows in the wanted order, and more of them if that promises to be enough.

        A walk passes as many rows as are wanted, divided by how common matches are; the index gives as many as there are
        rows in the team, times that. A row of the index is read sooner, unless its text has to be read and others fail.
        """
        if sort.key == "full_name":  # no index is in this order
            return None
        wanted, rows = offset + limit, WALKED
        found = self._ids(self._walk(sort, rows, limit=wanted))
        further = rows * wanted * 4 // (3 * len(found) or 1)
        matches = self.request.team.last_post_number * len(found) / rows
        if len(found) < wanted and further < matches * (3 if self.proved else 0.5):
            found = self._ids(self._walk(sort, further, limit=wanted))
        return found[offset:] if len(found) == wanted else None

    def _walk(self, sort: q.Sort, rows: int, *, limit: int, also: SQL = TRUE) -> SQL:
        """Matches among the first rows that the columns let through, in order, and whether a word is in their head."""
        order = _order(sort)
        places = ", ".join(f"{column} AS place_{number}" for number, (column, _) in enumerate(order))
        in_order = ", ".join(f"s.place_{number} {direction}" for number, (_, direction) in enumerate(order))
        return SQL(
            f"SELECT s.post_id, {self.in_head.text} FROM (SELECT {_READ}, {places} FROM post_search s {_joined(sort)}"  # noqa: S608
            f" WHERE {self.columns.text} ORDER BY {_order_by(sort)} LIMIT {rows}) s"
            f" WHERE {also.text} AND ({self.texts_read.text}) ORDER BY {in_order} LIMIT {limit}",
            self.in_head.params + self.columns.params + also.params + self.texts_read.params,
        )

    def _full(self, sort: q.Sort, offset: int, limit: int, *, without: Sequence[int] = ()) -> list[int]:
        """All matches by the index, then sorted. Materialised: else the planner walks the order and hopes."""
        matches = self._matches()
        return self._ids(
            SQL(
                f"WITH s AS MATERIALIZED ({matches.text})"  # noqa: S608
                f" SELECT s.post_id FROM s {_joined(sort)} WHERE NOT s.post_id = ANY(%s::bigint[])"
                f" ORDER BY {_order_by(sort)} LIMIT {limit} OFFSET {offset}",
                (*matches.params, _array(without)),
            )
        )

    def _matches(self) -> SQL:
        where = every(self.columns, self.texts)
        return SQL(f"SELECT {_ORDERED} FROM post_search s WHERE {where.text}", where.params)  # noqa: S608

    # --- Best match ---------------------------------------------------------------------------------------------------

    def _best(self, offset: int, limit: int) -> list[int]:
        """By how well they match: the candidates ranked, then whatever else there is, newest first."""
        ranked = self._ranked(self._candidates())
        page = ranked[offset : offset + limit]
        if len(page) == limit or self.complete:
            return page
        rest = self._full(NEWEST, max(0, offset - len(ranked)), limit - len(page), without=ranked)
        return page + rest

    def _candidates(self) -> list[int]:
        """What is ranked: all there are, or of very many those that will win, and the newest."""
        if (self.counting or self.columns != self.gate) and self.complete:
            return self.some
        found = self._in_head()
        if len(found) < self.ranked:
            if self.complete:
                return self.some
            found += self.newest + self.some
        return list(dict.fromkeys(found))[: self.ranked]

    def _ranked(self, candidates: list[int]) -> list[int]:
        score = self._score()
        return self._ids(
            SQL(
                f"SELECT s.post_id FROM post_search s {_JOIN} WHERE s.team_id = %s AND s.post_id = ANY(%s::bigint[])"  # noqa: S608
                f" ORDER BY {score.text} DESC, s.updated_at DESC, s.post_id DESC",
                (self.request.team.pk, _array(candidates), *score.params),
            )
        )

    def _in_head(self) -> list[int]:
        """Matches whose name, heading, tag or category has one of the words: they will win. Of very many, the newest.

        These are walked to if they are common, and found by the index if not. See `_walked`.
        """
        if self.in_head == FALSE:
            return []
        found = [pk for pk, in_head in self._newest if in_head]
        if len(found) < self.ranked and not self.seldom:
            common = len(found) / (len(self._frequent) / self._share if self._frequent else WALKED)
            if common > COMMON:
                further = int(self.ranked / common * 1.5)
                found = self._ids(self._walk(NEWEST, further, limit=self.ranked, also=self.in_head))
            else:
                found += self._ids(self._indexed_in_head())
        return list(dict.fromkeys(found))[: self.ranked]

    def _indexed_in_head(self) -> SQL:
        """All of the words: one of several can be so common that the index gives half of the team."""
        where = every(self.columns, self.all_in_head)
        return SQL(
            f"WITH m AS MATERIALIZED (SELECT s.post_id, s.updated_at FROM post_search s WHERE {where.text}),"  # noqa: S608
            f" n AS MATERIALIZED (SELECT m.post_id FROM m ORDER BY m.updated_at DESC LIMIT {self.ranked})"
            " SELECT s.post_id FROM post_search s WHERE s.team_id = %s"
            f" AND s.post_id IN (SELECT n.post_id FROM n) AND ({self.texts_read.text})",
            (*where.params, self.request.team.pk, *self.texts_read.params),
        )

    def _score(self) -> SQL:
        """Name over heading over tag over category over body, and what the team thinks of the post."""
        pieces = [
            SQL(
                "CASE WHEN s.wip THEN 0 ELSE 0.6 END + CASE WHEN s.flow THEN 0 ELSE 0.4 END"
                " - CASE WHEN s.archived THEN 6 ELSE 0 END"
                " + 0.5 * ln(1 + p.stars_count::float) + 0.2 * ln(1 + p.watches_count::float)"
                " + 0.2 * ln(1 + p.comments_count::float) + exp(extract(epoch FROM s.updated_at - now())::float / 15552000)"
            )
        ]
        for text in self.needles:
            in_name, in_heading, in_path = (contains(f"s.{column}", text) for column in ("name", "headings", "path"))
            pieces += [
                SQL(f"CASE WHEN {in_name.text} THEN 6 ELSE 0 END", in_name.params),
                SQL("CASE WHEN s.name = %s THEN 3 WHEN starts_with(s.name, %s) THEN 1 ELSE 0 END", (text, text)),
                SQL(f"CASE WHEN {in_heading.text} THEN 3 ELSE 0 END", in_heading.params),
                SQL("CASE WHEN s.tags @> ARRAY[%s]::text[] THEN 2 ELSE 0 END", (text,)),
                SQL(f"CASE WHEN {in_path.text} THEN 1 ELSE 0 END", in_path.params),
                SQL(
                    f"0.5 * ln(1 + (octet_length({_BEGINNING}) - octet_length(replace({_BEGINNING}, %s, '')))"
                    " / octet_length(%s)::float)",
                    (text, text),
                ),
            ]
        return SQL(" + ".join(piece.text for piece in pieces), tuple(p for piece in pieces for p in piece.params))

    # --- Facets -------------------------------------------------------------------------------------------------------

    def facets(self) -> Facets:
        """What the matches can be narrowed down by; of very many, the newest."""
        depth = 1 + max(
            (leaf.path.count("/") + 1 for leaf in self.query.leaves() if isinstance(leaf, q.Category) and leaf.path),
            default=0,
        )
        rows = self._rows(
            SQL(
                "WITH m AS MATERIALIZED (SELECT p.category, p.tags, p.created_by_id, p.kind, p.wip FROM posts_post p"
                " WHERE p.id = ANY(%s::bigint[])),"
                " c AS (SELECT 'category' AS facet, array_to_string((string_to_array(category, '/'))[1:%s], '/') AS value"
                " FROM m WHERE category <> ''"
                " UNION ALL SELECT 'tag', unnest(tags) FROM m"
                " UNION ALL SELECT 'author', created_by_id::text FROM m"
                " UNION ALL SELECT 'kind', 'kind:' || kind FROM m"
                " UNION ALL SELECT 'kind', 'wip:true' FROM m WHERE wip)"
                " SELECT facet, value, count(*) FROM c GROUP BY facet, value ORDER BY count(*) DESC, value",
                (_array(self.some if self.complete else self.newest), depth),
            )
        )
        return self._shape(rows)

    def _shape(self, rows: list[Any]) -> Facets:
        of: dict[str, list[tuple[str, int]]] = {"category": [], "tag": [], "author": [], "kind": []}
        for facet, value, count in rows:
            if len(of[facet]) < FACET_VALUES:
                of[facet].append((value, count))
        members = self.request.team.members.select_related("user").in_bulk([int(value) for value, _ in of["author"]])
        return Facets(
            categories=[FacetValue(value, f"in:{quoted(value)}", count) for value, count in of["category"]],
            tags=[FacetValue(value, f"tag:{quoted(value)}", count) for value, count in of["tag"]],
            authors=[
                FacetValue(members[int(value)].display_name, f"@{members[int(value)].handle}", count)
                for value, count in of["author"]
            ],
            kinds=[FacetValue(_KINDS[value], value, count) for value, count in of["kind"]],
            sampled=not self.complete,
        )

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def hits(self, ids: list[int], *, marks: bool) -> list[Hit]:
        """The posts in this order, once more through the gate, with names and snippets marked."""
        if not ids:
            return []
        keys = ids + ids[-1:] * (-len(ids) % PER_PAGE)  # a query of so many values is worded once
        posts = {post.pk: post for post in scoping.found_rows(self.request, *keys)}
        shown = [posts[pk] for pk in ids if pk in posts]
        if not marks or not self.needles:
            return [Hit(post, [], []) for post in shown]
        texts = dict(scoping.found_texts(self.request, *keys))
        shown = [post for post in shown if post.pk in texts]  # one may have been put into the bin in between
        without = {post.pk for post in shown if not is_in(self.needles, texts[post.pk])}
        talk = self._talk([post.pk for post in shown if post.comments_count and post.pk in without])
        return [
            Hit(
                post,
                marked(title.unescape(post.name), self.needles),
                snippet(
                    talk.get(post.pk) or texts[post.pk], self.needles if post.pk not in without - talk.keys() else ()
                ),
                in_comment=post.pk in talk,
            )
            for post in shown
        ]

    def _talk(self, ids: list[int]) -> dict[int, str]:
        """Of posts whose body does not have the words, the comment that has."""
        found: dict[int, str] = {}
        if ids:
            comments = scoping.readable_comments(self.request).filter(post_id__in=ids)
            for pk, body in comments.order_by("created_at").values_list("post_id", "body_md"):
                if pk not in found and is_in(self.needles, body):
                    found[pk] = body
        return found

    def _rows(self, sql: SQL) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql.text, sql.params)
            return cursor.fetchall()

    def _ids(self, sql: SQL) -> list[int]:
        return [row[0] for row in self._rows(sql)]


def _array(ids: Sequence[int]) -> str:
    """As PostgreSQL writes it; a thousand numbers one by one take the driver a while."""
    return f"{{{','.join(map(str, ids))}}}"


def quoted(value: str) -> str:
    """A value as it has to be written in a query."""
    return f'"{value}"' if not value or any(char.isspace() or char in '()|"' for char in value) else value


def _is_seldom(leaf: q.Leaf) -> bool:
    """So many stars have few posts: the newest of them reach far back, and looking further takes long."""
    return isinstance(leaf, q.Count) and leaf.of in _COUNTERS and leaf.operator in (">", ">=", "=") and leaf.number > 0


def _leaves(node: q.Node | None) -> Iterator[q.Leaf]:
    match node:
        case q.All(nodes) | q.Either(nodes):
            for inner in nodes:
                yield from _leaves(inner)
        case q.Not(inner):
            yield from _leaves(inner)
        case None:
            return
        case leaf:
            yield leaf

"""What a search answers: a page of posts, how many there are, and what they can be narrowed down by.

Three things keep the first page fast in a team of any size: the newest rows are looked at before the index is, counts
stop at COUNTED, and only the best RANKED candidates are ranked by match.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
PROBED = 400
RANKED = 300
"""How many candidates of the best match are compared,"""
RANKED_TYPING = 120
"""and while somebody is still typing."""
WALKED = 800
"""How many of the newest posts tell how common a word is in heads,"""
COMMON = 0.05
"""and which part of them makes it so common that walking on beats the index."""
SAMPLED = 1000
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
    finder = Finder(request, query, ranked=RANKED if count else RANKED_TYPING)
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
    "updated": ("s.updated_at {}", "s.post_id {}"),
    "created": ("s.created_at {}", "s.post_id {}"),
    "number": ("s.number {}",),
    "name": ("s.name {}", "s.post_id {}"),
    "full_name": ("s.path {}", "s.name {}", "s.post_id {}"),
    "stars": ("p.stars_count {}", "p.updated_at DESC", "p.id DESC"),
    "watches": ("p.watches_count {}", "p.updated_at DESC", "p.id DESC"),
    "comments": ("p.comments_count {}", "p.updated_at DESC", "p.id DESC"),
}
_KINDS = {"kind:stock": gettext_lazy("Stock"), "kind:flow": gettext_lazy("Flow"), "wip:true": gettext_lazy("WIP")}
_LIGHT = (
    "s.team_id, s.post_id, s.number, s.wip, s.flow, s.created_by_id, s.updated_by_id, s.created_at, s.updated_at,"
    " s.tags, s.path, s.name"
)
_COUNTERS = ("stars", "watches", "comments")
_JOIN = "JOIN posts_post p ON p.id = s.post_id AND p.team_id = s.team_id AND p.deleted_at IS NULL"


def _order_by(sort: q.Sort) -> str:
    return ", ".join(part.format("DESC" if sort.descending else "ASC") for part in _ORDERS[sort.key])


def _joined(sort: q.Sort) -> str:
    """Counters are the posts' own."""
    return _JOIN if sort.key in _COUNTERS else ""


class Finder:
    """One search of one asker."""

    def __init__(self, request: TeamRequest, query: q.Query, *, ranked: int = RANKED) -> None:
        self.request, self.query, self.ranked = request, query, ranked
        self.gate = scoping.gate_of_search(request)
        asker = Asker(
            team_id=request.team.pk if request.team else 0,
            member_id=request.member.pk if request.member else None,
            people=self._people(),
            case_sensitive=query.case_sensitive,
        )
        columns, counters, texts = split(query.node)
        self.near = every(self.gate, condition(columns, asker))
        self.counters = condition(counters, asker)
        self.columns = every(self.near, self.counters)
        self.texts = condition(texts, asker)
        wanted = (needle(text.value) for text in query.texts)
        self.needles = list(dict.fromkeys(text for text in wanted if text))

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
        if FALSE in (self.gate, self.near, self.counters, self.texts):
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
            facets=self.facets(capped=capped or total > SAMPLED) if facets and ids else Facets(),
        )

    def page(self, sort: q.Sort, offset: int, limit: int) -> list[int]:
        """The ids of one page, in order."""
        if sort.key == "best_match":
            return self.best(offset, limit)
        if self.texts == TRUE:
            return self._plain(sort, offset, limit)
        return self._probed(sort, offset, limit) or self._full(sort, offset, limit)

    def _plain(self, sort: q.Sort, offset: int, limit: int) -> list[int]:
        """Without words to look for, an index gives the order."""
        return self._ids(
            SQL(
                f"SELECT s.post_id FROM post_search s {_joined(sort)} WHERE {self.columns.text}"  # noqa: S608
                f" ORDER BY {_order_by(sort)} LIMIT {limit} OFFSET {offset}",
                self.columns.params,
            )
        )

    def _probed(self, sort: q.Sort, offset: int, limit: int) -> list[int] | None:
        """Look at the first rows in the wanted order, and at more if that promises to be enough.

        Common words fill the page like this; seldom ones have few matches, which the index finds as fast.
        """
        if sort.key == "full_name":  # no index is in this order
            return None
        wanted = offset + limit
        found = self._ids(self._first(sort, PROBED, limit=wanted))
        if len(found) < wanted <= len(found) * 8:
            found = self._ids(self._first(sort, PROBED * 10, limit=wanted))
        return found[offset:] if len(found) == wanted else None

    def _first(self, sort: q.Sort, rows: int, *, limit: int) -> SQL:
        """Matches among the first rows that the columns let through."""
        return SQL(
            f"WITH s AS (SELECT s.post_id, s.number, s.name, s.path, s.headings, s.norm, s.body_at, s.talk_at, s.head,"  # noqa: S608
            " s.keys, s.wip, s.flow, s.tags, s.created_by_id, s.updated_by_id, s.created_at, s.updated_at,"
            f" row_number() OVER (ORDER BY {_order_by(sort)}) AS place"
            f" FROM post_search s {_joined(sort)} WHERE {self.columns.text} ORDER BY {_order_by(sort)} LIMIT {rows})"
            f" SELECT s.post_id FROM s WHERE {self.texts.text} ORDER BY s.place LIMIT {limit}",
            self.columns.params + self.texts.params,
        )

    def _full(self, sort: q.Sort, offset: int, limit: int, *, without: Sequence[int] = ()) -> list[int]:
        """All matches by the index, then sorted. Materialised: else the planner walks the order and hopes."""
        matches = self._matches()
        return self._ids(
            SQL(
                f"WITH s AS MATERIALIZED ({matches.text})"  # noqa: S608
                f" SELECT s.post_id FROM s {_joined(sort)} WHERE NOT s.post_id = ANY(%s)"
                f" ORDER BY {_order_by(sort)} LIMIT {limit} OFFSET {offset}",
                (*matches.params, list(without)),
            )
        )

    # --- Best match ---------------------------------------------------------------------------------------------------

    def best(self, offset: int, limit: int) -> list[int]:
        """By how well they match: the candidates ranked, then whatever else there is, newest first."""
        ranked = self._ranked()
        page = ranked[offset : offset + limit]
        if len(page) == limit or len(ranked) < self.ranked:
            return page
        rest = self._full(NEWEST, max(0, offset - len(ranked)), limit - len(page), without=ranked)
        return page + rest

    def _ranked(self) -> list[int]:
        candidates = self._in_head() if self.needles else []
        if self.texts == TRUE:
            candidates += self._plain(NEWEST, 0, self.ranked)
        else:
            if len(candidates) < self.ranked:
                candidates += self._ids(self._first(NEWEST, PROBED, limit=self.ranked))
            if len(set(candidates)) < self.ranked:
                candidates += self._ids(self._some(self.ranked))
        candidates = list(dict.fromkeys(candidates))[: self.ranked]
        if not candidates:
            return []
        score = self._score()
        return self._ids(
            SQL(
                f"SELECT s.post_id FROM post_search s {_JOIN} WHERE s.team_id = %s AND s.post_id = ANY(%s)"  # noqa: S608
                f" ORDER BY {score.text} DESC, s.updated_at DESC, s.post_id DESC",
                (self.request.team.pk, candidates, *score.params),
            )
        )

    def _in_head(self) -> list[int]:
        """Matches whose name, heading, tag or category has one of the words: they will win. Of very many, the newest."""
        probes = [f"({tsquery(term(text).probes)})" for text in self.needles if term(text).probes]
        if not probes:
            return []
        in_head = SQL("s.head @@ %s::tsquery", (" | ".join(probes),))
        newest = self._newest_in_head(in_head)
        return self._ids(
            SQL(
                f"WITH n AS MATERIALIZED ({newest.text}) SELECT s.post_id FROM post_search s WHERE s.team_id = %s"  # noqa: S608
                f" AND s.post_id IN (SELECT n.post_id FROM n) AND ({self.texts.text})",
                (*newest.params, self.request.team.pk, *self.texts.params),
            )
        )

    def _newest_in_head(self, in_head: SQL) -> SQL:
        """The newest of them: walked to if they are common, by the index if they are seldom.

        The index gives all that there are, to be sorted: as many as the posts times how common they are. A walk passes
        as many as are wanted, divided by how common they are. Where the two meet, both take the time of some five thousand rows.
        """
        if self.columns == self.gate:
            walked = f"SELECT s.post_id, s.head FROM post_search s WHERE {self.gate.text}"  # noqa: S608
            walked = f"{walked} ORDER BY {_order_by(NEWEST)} LIMIT"
            params = self.gate.params + in_head.params
            sample = SQL(f"SELECT count(*) FROM ({walked} {WALKED}) s WHERE {in_head.text}", params)  # noqa: S608
            common = self._number(sample) / WALKED
            if common > COMMON:
                passed = f"{walked} {int(self.ranked / common * 1.5)}"
                return SQL(f"SELECT s.post_id FROM ({passed}) s WHERE {in_head.text} LIMIT {self.ranked}", params)  # noqa: S608
        where = every(self.columns, in_head)
        return SQL(
            f"WITH m AS MATERIALIZED (SELECT s.post_id, s.updated_at FROM post_search s WHERE {where.text})"  # noqa: S608
            f" SELECT m.post_id FROM m ORDER BY m.updated_at DESC LIMIT {self.ranked}",
            where.params,
        )

    def _some(self, limit: int) -> SQL:
        """Matches wherever the index has them."""
        matches = self._matches()
        return SQL(f"SELECT s.post_id FROM ({matches.text}) s LIMIT {limit}", matches.params)  # noqa: S608

    def _matches(self) -> SQL:
        """All matches. Counters are looked at behind a fence: else the planner walks the posts instead of the index."""
        where = every(self.near, self.texts)
        matches = f"SELECT {_LIGHT} FROM post_search s WHERE {where.text}"  # noqa: S608
        if self.counters == TRUE:
            return SQL(matches, where.params)
        if self.texts == TRUE:  # and so without a fence where no word is to be looked for
            return SQL(f"{matches} AND {self.counters.text}", where.params + self.counters.params)
        return SQL(
            f"SELECT s.* FROM ({matches} OFFSET 0) s WHERE {self.counters.text}",  # noqa: S608
            where.params + self.counters.params,
        )

    def _score(self) -> SQL:
        """Name over heading over tag over category over body, and what the team thinks of the post."""
        pieces = [
            SQL(
                "CASE WHEN s.wip THEN 0 ELSE 0.6 END + CASE WHEN s.flow THEN 0 ELSE 0.4 END"
                " - CASE WHEN s.archived THEN 6 ELSE 0 END"
                " + 0.5 * ln(1 + p.stars_count) + 0.2 * ln(1 + p.watches_count) + 0.2 * ln(1 + p.comments_count)"
                " + exp(extract(epoch FROM s.updated_at - now()) / 15552000.0)"
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
                    # How often, in the beginning at least: the whole of three hundred long texts would take too long.
                    "0.5 * ln(1 + (length(left(s.norm, 4000)) - length(replace(left(s.norm, 4000), %s, '')))"
                    " / length(%s)::float)",
                    (text, text),
                ),
            ]
        return SQL(" + ".join(piece.text for piece in pieces), tuple(p for piece in pieces for p in piece.params))

    # --- Counts and facets --------------------------------------------------------------------------------------------

    def count(self, *, exact: bool) -> tuple[int, bool]:
        """How many there are; beyond COUNTED only where it is cheap or asked for."""
        matches = self._matches()
        if exact:
            return self._number(SQL(f"SELECT count(*) FROM ({matches.text}) s", matches.params)), False  # noqa: S608
        few = f"SELECT 1 FROM ({matches.text}) s LIMIT {COUNTED + 1}"  # noqa: S608
        number = self._number(SQL(f"SELECT count(*) FROM ({few}) s", matches.params))  # noqa: S608
        return min(number, COUNTED), number > COUNTED

    def facets(self, *, capped: bool) -> Facets:
        """What the matches can be narrowed down by; of very many, the newest."""
        sample = self._first(NEWEST, SAMPLED, limit=SAMPLED) if capped else self._some(SAMPLED)
        depth = 1 + max(
            (leaf.path.count("/") + 1 for leaf in self.query.leaves() if isinstance(leaf, q.Category) and leaf.path),
            default=0,
        )
        rows = self._rows(
            SQL(
                "WITH m AS MATERIALIZED (SELECT p.category, p.tags, p.created_by_id, p.kind, p.wip FROM posts_post p"  # noqa: S608
                f" WHERE p.id IN ({sample.text})),"
                " c AS (SELECT 'category' AS facet, array_to_string((string_to_array(category, '/'))[1:%s], '/') AS value"
                " FROM m WHERE category <> ''"
                " UNION ALL SELECT 'tag', unnest(tags) FROM m"
                " UNION ALL SELECT 'author', created_by_id::text FROM m"
                " UNION ALL SELECT 'kind', 'kind:' || kind FROM m"
                " UNION ALL SELECT 'kind', 'wip:true' FROM m WHERE wip)"
                " SELECT facet, value, count(*) FROM c GROUP BY facet, value ORDER BY count(*) DESC, value",
                (*sample.params, depth),
            )
        )
        return self._shape(rows, capped=capped)

    def _shape(self, rows: list[Any], *, capped: bool) -> Facets:
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
            sampled=capped,
        )

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def hits(self, ids: list[int], *, marks: bool) -> list[Hit]:
        """The posts in this order, once more through the gate, with names and snippets marked."""
        posts = scoping.listed_posts(self.request).in_bulk(ids)
        if not marks or not self.needles:
            return [Hit(posts[pk], [], []) for pk in ids if pk in posts]
        bodies = dict(scoping.visible_posts(self.request).filter(pk__in=ids).values_list("pk", "body_md"))
        talk = self._talk([pk for pk in ids if pk in posts and not self._is_in(bodies[pk])])
        hits = []
        for pk in ids:
            if pk in posts:
                name = marked(title.unescape(posts[pk].name), self.needles)
                said = talk.get(pk)
                hits.append(
                    Hit(posts[pk], name, snippet(said or bodies[pk], self.needles), in_comment=said is not None)
                )
        return hits

    def _talk(self, ids: list[int]) -> dict[int, str]:
        """Of posts whose body does not have the words, the comment that has."""
        found: dict[int, str] = {}
        if ids and self.needles:
            comments = scoping.readable_comments(self.request).filter(post_id__in=ids, post__comments_count__gt=0)
            for pk, body in comments.order_by("created_at").values_list("post_id", "body_md"):
                if pk not in found and self._is_in(body):
                    found[pk] = body
        return found

    def _is_in(self, text: str) -> bool:
        return is_in(self.needles, text)

    def _rows(self, sql: SQL) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql.text, sql.params)
            return cursor.fetchall()

    def _ids(self, sql: SQL) -> list[int]:
        return [row[0] for row in self._rows(sql)]

    def _number(self, sql: SQL) -> int:
        return int(self._rows(sql)[0][0])


def quoted(value: str) -> str:
    """A value as it has to be written in a query."""
    return f'"{value}"' if not value or any(char.isspace() or char in '()|"' for char in value) else value


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

"""Help on the way: posts by the beginning of their name, and spellings near a word that nothing was found for."""

import re
from collections.abc import Sequence

from django.db import connection
from rapidfuzz import fuzz, process

from posts import scoping, title
from posts.models import Post
from posts.search import readings
from posts.search.filters import FALSE, SQL, TRUE, contains, either, every
from posts.search.query import Query, Text
from posts.search.results import TIMEOUT, bounded
from posts.search.text import GRAM, lexemes, needle, norm, term, tsquery
from teams.http import TeamRequest

SIMILAR = 60
"""How alike two spellings have to be, of 100."""

_WORD = re.compile(r"[^\W_]+")


def by_name(request: TeamRequest, typed: str, *, limit: int = 10) -> list[Post]:
    """Posts whose name or category has all the words, or is read like them, best first: for jumping to a post."""
    words = [word for word in map(needle, typed.split()) if word]
    gate = scoping.gate_of_search(request)
    if not words or gate == FALSE:
        return []
    found = every(gate, *(_called(word) for word in words))
    sql = (
        "WITH s AS MATERIALIZED (SELECT s.post_id, s.name, s.path, s.archived, s.updated_at FROM post_search s"  # noqa: S608
        f" WHERE {found.text})"
        " SELECT s.post_id FROM s ORDER BY s.archived, s.name <> %s, NOT starts_with(s.name, %s),"
        f" strpos(s.name, %s) = 0, s.updated_at DESC LIMIT {limit}"
    )
    with bounded(TIMEOUT), connection.cursor() as cursor:
        cursor.execute(sql, [*found.params, " ".join(words), words[0], words[0]])
        ids = [row[0] for row in cursor.fetchall()]
    posts = scoping.listed_posts(request).in_bulk(ids)
    return [posts[pk] for pk in ids if pk in posts]


def _called(word: str) -> SQL:
    read = readings.typed(word)
    spelt = _in_head("(s.name || ' ' || s.path)", word)
    return either(spelt, _in_head("s.reading", read)) if read else spelt


def _in_head(haystack: str, word: str) -> SQL:
    probes = term(word).probes
    narrowed = SQL("s.head @@ %s::tsquery", (tsquery(probes),)) if probes else TRUE
    return every(narrowed, contains(haystack, word))


def near_spellings(request: TeamRequest, query: Query, source: str, *, most: int = 4) -> list[str]:
    """The query with a word replaced by one that the team uses, where the one typed finds nothing."""
    gate = scoping.gate_of_search(request)
    typed = [text.value for text in query.texts if isinstance(text, Text) and len(needle(text.value)) > 1]
    if gate == FALSE or not typed:
        return []
    suggestions: dict[str, float] = {}
    for word in typed[:4]:
        wanted = needle(word)
        known = {norm(found): found for found in _words_like(request, gate, wanted)}
        known.pop(wanted, None)
        for normed, likeness, _key in process.extract(
            wanted, list(known), scorer=fuzz.ratio, limit=most, score_cutoff=SIMILAR
        ):
            replaced = source.replace(word, known[normed])
            if replaced != source:
                suggestions[replaced] = max(likeness, suggestions.get(replaced, 0))
    return sorted(suggestions, key=lambda each: -suggestions[each])[:most]


def _words_like(request: TeamRequest, gate: SQL, wanted: str) -> set[str]:
    """Words of names, tags and categories that share a piece with the wanted one, as they are written."""
    probes = _pieces(wanted)
    if not probes:
        return set()
    where = every(gate, SQL("s.head @@ %s::tsquery", (" | ".join(probes),)))
    sql = f"SELECT s.post_id FROM post_search s WHERE {where.text} LIMIT 400"  # noqa: S608
    with bounded(TIMEOUT), connection.cursor() as cursor:
        cursor.execute(sql, where.params)
        ids = [row[0] for row in cursor.fetchall()]
    found: set[str] = set()
    for name, tags, category in (
        scoping.visible_posts(request).filter(pk__in=ids).values_list("name", "tags", "category")
    ):
        for text in (title.unescape(name), category, *tags):
            found.update(_words(text, len(wanted)))
    return found


def _words(text: str, length: int) -> Sequence[str]:
    """Words of about this length; of a run of Japanese, which has no spaces, every piece that long."""
    words: list[str] = []
    for run in _WORD.findall(text):
        if run.isascii() or len(run) <= length + 1:
            words.append(run)
        else:
            words += [run[at : at + length] for at in range(len(run) - length + 1)]
    return [word for word in words if abs(len(word) - length) <= max(1, length // 3)]


def _pieces(wanted: str) -> list[str]:
    """Lexemes that a slightly different spelling may still have, as a tsquery takes them."""
    pieces = [lexeme for lexeme in lexemes(wanted) if not lexeme.startswith("^")]
    japanese = ["'" + piece.replace("'", "''") + "'" for piece in pieces if not piece.isascii()]
    latin = [f"'{piece[:3]}':*" for piece in pieces if piece.isascii() and piece.isalnum() and len(piece) <= GRAM]
    return list(dict.fromkeys(japanese + latin))

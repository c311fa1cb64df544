"""Whether one post fits a query: for those who want to hear of posts by it, not to find them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import connection

from posts.search import query as q
from posts.search.filters import SQL, Asker, condition, every

if TYPE_CHECKING:
    from posts.models import Post
    from teams.models import Member


def fits(post: "Post", source: str, member: "Member | None" = None) -> bool:
    """As a member of its team would find it; `member` is who `starred:` and `watched:` are about."""
    query = q.parse(source)
    asker = Asker(post.team_id, member.pk if member else None, _people(post, query.node), query.case_sensitive)
    where = every(SQL("s.post_id = %s", (post.pk,)), condition(query.node, asker))
    with connection.cursor() as cursor:
        # The text is ours alone; what people typed is a parameter.
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM post_search s WHERE {where.text})", where.params)  # noqa: S608
        row = cursor.fetchone()
    return bool(row and row[0])


def _people(post: "Post", node: q.Node | None) -> dict[str, list[int]]:
    """The member ids behind the names in the query."""
    people: dict[str, list[int]] = {}
    for name in set(_names(node)):
        people[name] = list(post.team.members.named(name).values_list("pk", flat=True))
    return people


def _names(node: q.Node | None) -> Iterator[str]:
    match node:
        case q.All(nodes) | q.Either(nodes):
            for inner in nodes:
                yield from _names(inner)
        case q.Not(inner):
            yield from _names(inner)
        case q.Person():
            yield node.screen_name.lower()

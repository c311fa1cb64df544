"""Keeps the search row of a post, in the transaction that changes the post: nothing is found late, or after it is gone."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from posts import title
from posts.models.search import PostSearch
from posts.search.readings import reading
from posts.search.text import MOST_LEXEMES, lexemes, norm, not_said, tsvector

if TYPE_CHECKING:
    from posts.models import Post

VERSION = 4
"""Of the rules in text.py and of `row`. Raise it with them, and `manage.py reindex` does the rest."""

MOST_TALK = 1_000_000
"""Characters of comments under one post that are searched, from the first comment on."""

COLUMNS = (
    "team_id", "post_id", "number", "wip", "flow", "archived", "created_by_id", "updated_by_id", "created_at",
    "updated_at", "tags", "path", "name", "reading", "headings", "norm", "body_at", "talk_at", "head", "keys", "version",
    "indexed_at",
)  # fmt: skip
_UPSERT = (
    f"INSERT INTO post_search ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
    f" ON CONFLICT (team_id, post_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[2:])}"
)


@dataclass(frozen=True)
class Source:
    """What a search row is made from."""

    team_id: int
    post_id: int
    number: int
    wip: bool
    flow: bool
    created_by_id: int
    updated_by_id: int
    created_at: datetime
    updated_at: datetime
    category: str
    name: str
    tags: list[str]
    headings: list[str]
    body: str
    comments: list[str]


def row(source: Source, *, now: datetime) -> list[Any]:
    """The values of COLUMNS for a post."""
    name, path, body = norm(title.unescape(source.name)), fold_path(source.category), norm(source.body)
    tags = [norm(tag) for tag in source.tags]
    talk = "\n".join(norm(comment) for comment in source.comments)[:MOST_TALK]
    headings = "\n".join(norm(heading) for heading in source.headings)
    top = "\n".join([name, " ".join(tags), f"{path}/{name}" if path else ""])
    read = reading(title.unescape(source.name))
    body_at = len(top) + 2
    named, said = lexemes(top), lexemes(f"{body}\n{talk}")
    unsaid = [not_said(lexeme) for lexeme in named if lexeme not in said] if len(said) <= MOST_LEXEMES else []
    return [
        source.team_id,
        source.post_id,
        source.number,
        source.wip,
        source.flow,
        title.is_archived(source.category),
        source.created_by_id,
        source.updated_by_id,
        source.created_at,
        source.updated_at,
        tags,
        path,
        name,
        read,
        headings,
        f"{top}\n{body}\n{talk}",
        body_at,
        body_at + len(body) + 1,
        tsvector(lexemes(f"{top}\n{read}\n{headings}")),
        tsvector([*named, *said, *unsaid]),
        VERSION,
        now,
    ]


def fold_path(category: str) -> str:
    """A category as search compares it, part by part."""
    return "/".join(norm(part) for part in category.split("/"))


@transaction.atomic
def refresh(post: "Post") -> None:
    """Bring a post's row up to date: called by every verb that changes what is found.

    The lock makes two who comment at once queue up, so that the second row has both comments; and the post is read
    again under it, for a commenter may hold an old one.
    """
    fresh = type(post)._base_manager.select_for_update(no_key=True).get(pk=post.pk)
    if fresh.deleted_at:
        forget(fresh)
    else:
        with connection.cursor() as cursor:
            cursor.execute(_UPSERT, row(_source(fresh), now=timezone.now()))


@transaction.atomic
def refresh_many(keys: list[int], *, batch: int = 200) -> None:
    """The same for many posts that are alive and locked by the caller, in three statements a batch."""
    from posts.models import Comment, Post

    for start in range(0, len(keys), batch):
        part = keys[start : start + batch]
        comments: dict[int, list[str]] = {}
        said = Comment.objects.filter(post__in=part).order_by("created_at", "pk").values_list("post_id", "body_md")
        for post_id, body in said:
            comments.setdefault(post_id, []).append(body)
        posts = Post._base_manager.filter(pk__in=part).defer("body_html").order_by("pk")
        now = timezone.now()
        rows = [row(_source(post, comments.get(post.pk, [])), now=now) for post in posts]
        with connection.cursor() as cursor:
            cursor.executemany(_UPSERT, rows)


def forget(post: "Post") -> None:
    PostSearch.objects.filter(team_id=post.team_id, post_id=post.pk).delete()


def _source(post: "Post", comments: list[str] | None = None) -> Source:
    if comments is None:
        comments = list(post.comments.order_by("created_at", "pk").values_list("body_md", flat=True))
    return Source(
        team_id=post.team_id,
        post_id=post.pk,
        number=post.number,
        wip=post.wip,
        flow=post.kind == "flow",
        created_by_id=post.created_by_id,
        updated_by_id=post.updated_by_id,
        created_at=post.created_at,
        updated_at=post.updated_at,
        category=post.category,
        name=post.name,
        tags=post.tags,
        headings=[heading["text"] for heading in post.toc],
        body=post.body_md,
        comments=comments,
    )


# --- Rebuilding -------------------------------------------------------------------------------------------------------


def outdated(*, before: datetime | None = None) -> "QuerySet[Post]":
    """Posts whose row is missing or made by older rules; with `before`, also those indexed before that moment."""
    from posts.models import Post

    good = PostSearch.objects.filter(version=VERSION)
    if before:
        good = good.filter(indexed_at__gte=before)
    return Post.objects.alive().filter(~Exists(good.filter(team_id=OuterRef("team_id"), post_id=OuterRef("pk"))))


def rebuild(*, before: datetime | None = None, batch: int = 100) -> Generator[int, None, None]:
    """Write outdated rows anew, a batch per transaction, and say after each how many were done.

    Searches go on meanwhile and see the old row or the new one. Stopped half-way, it goes on where it was: what is
    done is no longer outdated.
    """
    from posts.models import Post

    last = 0
    while True:
        ids = list(outdated(before=before).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch])
        if not ids:
            break
        with transaction.atomic():
            alive = Post.objects.alive().filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
            refresh_many(list(alive.values_list("pk", flat=True)))
        last = ids[-1]
        yield len(ids)
    PostSearch.objects.filter(post_id__in=Post.objects.in_bin().values("pk")).delete()

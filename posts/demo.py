"""The demo team: a small company's life in Japanese and English, from the documents in posts/seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import frontmatter
from django.db import transaction
from django.utils import timezone

from posts import variables
from posts.models import Comment, Post
from posts.models.post import SKIP_NOTICE
from teams.models import Event, Mailing, Member, Team, User

DOCUMENTS = Path(__file__).parent / "seed"
PASSWORD = "hirugohan-bin"  # noqa: S105  # of the demo accounts; printed when they are made

PEOPLE = [
    ("alice", "Alice Tanaka", "en", Member.Role.OWNER),
    ("bob", "Bob Sato", "en", Member.Role.MEMBER),
    ("hanako", "山田 花子", "ja", Member.Role.MEMBER),
    ("kenji", "鈴木 健二", "ja", Member.Role.MEMBER),
]


@dataclass
class Recipe:
    """One document of the demo team and what people did with it."""

    body: str
    title: str
    author: str
    days: int
    category: str = ""
    tags: list[str] = field(default_factory=list)
    wip: bool = False
    number: int | None = None
    raw: bool = False  # a template: its variables stay
    stars: list[str] = field(default_factory=list)
    watchers: list[str] = field(default_factory=list)
    comments: list[list[str]] = field(default_factory=list)


def recipes() -> list[Recipe]:
    read = [frontmatter.loads(file.read_text(encoding="utf-8")) for file in sorted(DOCUMENTS.glob("*.md"))]
    return [Recipe(body=f"{page.content}\n", **page.metadata) for page in read]  # type: ignore[arg-type]


@transaction.atomic
def seed(name: str, progress: Callable[[str], None] = lambda text: None) -> Team:
    """Make the demo team and everything in it, with dates that end today."""
    users = {handle: _account(handle, full, language) for handle, full, language, _role in PEOPLE}
    team = Team.found(by=users["alice"], name=name, furnished=False, description="ひるごはん便をつくるチーム")
    members = {handle: Member.join(team, users[handle], role) for handle, _full, _language, role in PEOPLE}
    documents = recipes()
    # The links among posts need all of them, so a second rendering follows the last.
    posts = [_write(recipe, members, order + 1) for order, recipe in enumerate(documents)]
    Team.objects.filter(pk=team.pk).update(last_post_number=max(post.number for post in posts))
    for post, recipe in zip(posts, documents, strict=True):
        post.render_again()
        _live(post, recipe, members)
        progress(post.full_name)
    _tell(team)
    return team


def _account(handle: str, name: str, language: str) -> User:
    known = User.objects.filter(screen_name=handle).first()
    return known or User.objects.create_user(
        f"{handle}@example.com", PASSWORD, screen_name=handle, name=name, language=language, time_zone="Asia/Tokyo"
    )


def _write(recipe: Recipe, members: dict[str, Member], order: int) -> Post:
    author = members[recipe.author]
    at = _at(recipe.days, order)

    def filled(text: str) -> str:
        if recipe.raw:
            return text
        return variables.expand(
            text,
            now=timezone.localtime(at),
            member_screen_name=author.handle,
            member_name=author.display_name,
            team_name=author.team.name,
        )

    return Post.write(
        by=author,
        name=filled(recipe.title),
        category=filled(recipe.category),
        tags=recipe.tags,
        body_md=filled(recipe.body),
        wip=recipe.wip,
        message=f"Create post. {SKIP_NOTICE}",
        at=at,
        number=recipe.number or order,
    )


def _live(post: Post, recipe: Recipe, members: dict[str, Member]) -> None:
    for handle in recipe.stars:
        post.star(by=members[handle])
    for handle in recipe.watchers:
        post.watch(by=members[handle])
    for order, (handle, text) in enumerate(recipe.comments, 1):
        comment = post.comment(by=members[handle], body_md=text)
        at = min(post.created_at + timedelta(hours=2 * order), timezone.now())
        Comment.objects.filter(pk=comment.pk).update(created_at=at, updated_at=at)


def _tell(team: Team) -> None:
    """Everybody has heard of everything when it happened, and nobody gets mail about a past that was made up."""
    founded = _at(max(recipe.days for recipe in recipes()), 0)

    def when(event: Event) -> datetime:
        return event.subject.created_at if isinstance(event.subject, Post | Comment) else founded

    log = sorted(team.events.prefetch_related("subject"), key=when)
    team.events.all().delete()  # and written anew below, for the log is read in the order of its rows
    for event in log:
        event.pk = None
        event.save(force_insert=True)
        event.relay()  # while its own date is still today's: nobody watched before
        team.events.filter(pk=event.pk).update(created_at=when(event))
        event.notifications.update(created_at=when(event))
    Mailing.objects.filter(member__team=team).delete()


def _at(days: int, order: int) -> datetime:
    """In working hours, so many days ago, and never two posts at once."""
    day = timezone.localtime() - timedelta(days=days)
    return day.replace(hour=10, minute=order % 60, second=0, microsecond=0) if days else day


def accounts() -> list[dict[str, Any]]:
    """Who can sign in to the demo team, for the launcher's welcome."""
    return [
        {"email": f"{handle}@example.com", "password": PASSWORD, "role": str(role.label)}
        for handle, _n, _l, role in PEOPLE
    ]

"""The one visibility gate: the only way pages, API, search, feeds and exports get hold of a post, through whoever asks."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404

from esa.prepared import Prepared
from posts import title
from posts.models import Attachment, Category, Comment, Post, Revision, SavedSearch, Sharing, Star, Tag
from posts.models.attachment import AttachmentQuerySet, is_signed
from posts.models.category import CategoryQuerySet
from posts.models.comment import CommentQuerySet
from posts.models.post import PostQuerySet
from posts.models.revision import RevisionQuerySet
from posts.models.saved_search import SavedSearchQuerySet
from posts.models.star import StarQuerySet
from posts.models.tag import TagQuerySet
from posts.search.filters import FALSE, SQL, either, every
from teams.http import MemberRequest, TeamRequest
from teams.models import Member, Team
from teams.scoping import open_categories, within

NEWEST = 50
"""Rows of the first page of everything."""

BESIDE = 6
"""Rows of each small list beside the browser."""


def visible_posts(request: TeamRequest) -> PostQuerySet:
    """A member reads everything but the bin; the world reads what an open team has shipped."""
    if not request.team:
        return Post.objects.none()
    posts: PostQuerySet = request.team.posts.alive()
    categories = open_categories(request)
    if categories is not None:
        posts = posts.filter(within(categories))
    if request.member:
        return posts
    return posts.shipped() if request.team.open else posts.none()


def gate_of_search(request: TeamRequest) -> SQL:
    """`visible_posts` for post_search, which has no row for what is in the bin. A test holds the two together."""
    if not request.team or not (request.member or request.team.open):
        return FALSE
    team = SQL("s.team_id = %s", (request.team.pk,))
    categories = open_categories(request)
    if categories is not None:
        # The post's own path: that of the search row is folded, and `Dev` is not `dev`.
        places = [SQL("g.category = %s OR starts_with(g.category, %s)", (path, f"{path}/")) for path in categories]
        inside = either(*places)
        team = every(
            team,
            FALSE
            if inside == FALSE
            else SQL(f"s.post_id IN (SELECT g.id FROM posts_post g WHERE {inside.text})", inside.params),  # noqa: S608
        )
    return team if request.member else every(team, SQL("NOT s.wip"))


def check_place(request: TeamRequest, category: str) -> None:
    """403 where somebody who sees only some categories would put a post outside of them."""
    categories = open_categories(request)
    if categories is not None and not any(title.is_within(category, path) for path in categories):
        raise PermissionDenied("Forbidden: the token is not let into this category")


def readable_posts(request: TeamRequest) -> PostQuerySet:
    """For pages of one post: texts and people come along."""
    return visible_posts(request).for_display()


def listed_posts(request: TeamRequest) -> PostQuerySet:
    """For rows: with the reader's star and watch, without the texts."""
    return visible_posts(request).for_list().with_star_of(request.member).with_watch_of(request.member)


def with_included(request: TeamRequest, posts: PostQuerySet, include: Iterable[str]) -> PostQuerySet:
    """Bring the asker's star and watch, and the comments and stars asked for, in queries that do not grow with the posts."""
    posts = posts.with_star_of(request.member).with_watch_of(request.member)
    stars = _shown_stars()
    if "comments" in include or "comments.stargazers" in include:
        comments = readable_comments(request).order_by("-updated_at", "-pk")
        if "comments.stargazers" in include:
            comments = comments.prefetch_related(stars)
        posts = posts.prefetch_related(Prefetch("comments", comments, to_attr="shown_comments"))
    return posts.prefetch_related(stars) if "stargazers" in include else posts


def prepared(build: Callable[..., QuerySet[Any]]) -> Callable[..., list[Any]]:
    """`build(request, *values)` behind the gate, its SQL worded once for members and once for the world.

    Who asks and what for are its values. Who is let into some categories only asks anew each time.
    """
    worded = Prepared(lambda team, member, opened, *values: build(_asker(team, member, opened), *values))

    @wraps(build)
    def ask(request: TeamRequest, *values: int | str) -> list[Any]:
        if not request.team or open_categories(request) is not None:
            return list(build(request, *values))
        return worded(request.team.pk, request.member.pk if request.member else None, request.team.open, *values)

    return ask


def as_seen_by(member: Member) -> TeamRequest:
    """The gate as it is for a member who asks by other ways than a request: through a chat."""
    asker = TeamRequest()
    asker.team, asker.member = member.team, member
    return asker


def _asker(team: int, member: int | None, opened: bool) -> TeamRequest:
    """As much of a request as the gate looks at."""
    asker = TeamRequest()
    asker.team = Team(pk=team, privacy=Team.Privacy.OPEN if opened else Team.Privacy.CLOSED)
    asker.member = Member(pk=member, team=asker.team) if member else None
    return asker


@prepared
def _numbered(request: TeamRequest, number: int) -> PostQuerySet:
    posts = readable_posts(request).with_star_of(request.member).with_watch_of(request.member)
    return posts.filter(number=number)


def find_post(request: TeamRequest, number: int) -> Post:
    found: list[Post] = _numbered(request, number)
    if not found:
        raise Http404
    return found[0]


@prepared
def _before(request: TeamRequest, category: str, name: str, number: int) -> PostQuerySet:
    return visible_posts(request).before(category, name, number)


@prepared
def _after(request: TeamRequest, category: str, name: str, number: int) -> PostQuerySet:
    return visible_posts(request).after(category, name, number)


def posts_beside(request: TeamRequest, post: Post) -> tuple[Post | None, Post | None]:
    """The ones before and after a post in its category, by name."""
    place = (post.category, post.name, post.number)
    return next(iter(_before(request, *place)), None), next(iter(_after(request, *place)), None)


@prepared
def comments_below(request: TeamRequest, post: int) -> CommentQuerySet:
    """What was said about a post, in the order in which it was said."""
    return readable_comments(request).filter(post_id=post).order_by("created_at", "pk")


def _rows(request: TeamRequest) -> PostQuerySet:
    """Just what a row shows, newest first: lists of fifty notice every column."""
    posts = visible_posts(request).for_row().with_star_of(request.member)
    return posts.order_by("-updated_at", "-pk")


@prepared
def newest_posts(request: TeamRequest) -> PostQuerySet:
    return _rows(request)[:NEWEST]


@prepared
def newest_beside(request: TeamRequest) -> PostQuerySet:
    return _rows(request).not_archived()[:BESIDE]


@prepared
def own_wip_beside(request: TeamRequest, member: int) -> PostQuerySet:
    return _rows(request).filter(created_by_id=member, wip=True).not_archived()[:BESIDE]


@prepared
def starred_beside(request: TeamRequest) -> PostQuerySet:
    return _rows(request).starred_by(request.member)[:BESIDE] if request.member else Post.objects.none()


@prepared
def found_rows(request: TeamRequest, *keys: int) -> PostQuerySet:
    """The rows of what a search found; the search puts them in order."""
    return _rows(request).filter(pk__in=keys)


@prepared
def found_texts(request: TeamRequest, *keys: int) -> QuerySet[Any]:
    """Their texts, to show the words in them."""
    return visible_posts(request).filter(pk__in=keys).values_list("pk", "body_md")


@prepared
def readmes(request: TeamRequest, category: str) -> PostQuerySet:
    return readable_posts(request).readmes_of(category)[:1]


def linking_posts(request: TeamRequest, post: Post) -> PostQuerySet:
    """Posts that link to this one and that the asker reads, newest reference first."""
    return post.backlinks().filter(pk__in=visible_posts(request).values("pk")).select_related("team")


def binned_posts(request: TeamRequest) -> PostQuerySet:
    """The bin: members only."""
    if not request.member:
        raise Http404
    return request.team.posts.in_bin().for_list()


def find_binned_post(request: TeamRequest, number: int) -> Post:
    return get_object_or_404(binned_posts(request), number=number)


def readable_revisions(request: TeamRequest, post: Post) -> RevisionQuerySet:
    """The history of a post, newest first: members only."""
    if not request.member:
        raise Http404
    revisions: RevisionQuerySet = post.revisions.for_list().order_by("-number")
    return revisions


def find_revision(request: TeamRequest, number: int, revision: int) -> Revision:
    """Of an open team's post the world sees only the newest, shipped revision, not the drafts before it."""
    post = find_post(request, number)
    if not request.member:
        raise Http404
    found = get_object_or_404(post.revisions.for_display(), number=revision)
    found.post = post
    return found


def readable_categories(request: TeamRequest) -> CategoryQuerySet:
    """Categories with the counts that this reader may know, as `count` and `own`."""
    if not request.team:
        return Category.objects.none()
    categories: CategoryQuerySet = request.team.categories.all()
    opened = open_categories(request)
    if opened is not None:
        categories = categories.filter(within(opened, "path"))
    if request.member:
        return categories.for_member()
    return categories.for_world() if request.team.open else categories.none()


def readable_tags(request: TeamRequest) -> TagQuerySet:
    """Tags with the count that this reader may know, as `count`, most used first."""
    if not request.team:
        return Tag.objects.none()
    tags: TagQuerySet = request.team.tags.all()
    if open_categories(request) is not None:
        return tags.counted_in(visible_posts(request))
    if request.member:
        return tags.for_member()
    return tags.for_world() if request.team.open else tags.none()


def readable_comments(request: TeamRequest) -> CommentQuerySet:
    """Comments of the posts that this reader reads."""
    return Comment.objects.filter(post__in=visible_posts(request)).for_display().with_star_of(request.member)


def _shown_stars() -> Prefetch[Any]:
    return Prefetch("stars", Star.objects.for_display(), to_attr="shown_stars")


def bring_stargazers(request: TeamRequest, comments: Iterable[Comment]) -> None:
    """Who starred each of them, in one query and only where somebody did. The world sees how many, not who."""
    if request.member:
        prefetch_related_objects([comment for comment in comments if comment.stars_count], _shown_stars())


def readable_stars(request: TeamRequest) -> StarQuerySet:
    """Stars on posts that this reader reads, and on their comments."""
    posts = visible_posts(request).values("pk")
    return Star.objects.filter(Q(post__in=posts) | Q(comment__post__in=posts))


def find_comment(request: TeamRequest, pk: int) -> Comment:
    return get_object_or_404(readable_comments(request), pk=pk)


def saved_searches(request: MemberRequest) -> SavedSearchQuerySet:
    """What this member and the team have saved."""
    return SavedSearch.objects.of(request.member)


def find_saved_search(request: MemberRequest, pk: int) -> SavedSearch:
    """One that this member may remove; the team's belong to whoever saved them, and to owners."""
    found = get_object_or_404(saved_searches(request), pk=pk)
    if not found.can_be_removed_by(request.member):
        raise PermissionDenied
    return found


def team_attachments(request: MemberRequest) -> AttachmentQuerySet:
    """The team's files; whoever is let into some categories only, knows of their own, for a file lies in none."""
    attachments: AttachmentQuerySet = request.team.attachments.stored()
    return attachments if open_categories(request) is None else attachments.filter(created_by=request.member)


def find_attachment(request: TeamRequest, key: str) -> Attachment:
    """A file by its address, which nobody guesses; one that is kept to members needs a member, or a signature."""
    stored = Attachment.objects.stored().select_related("team")
    attachment = get_object_or_404(stored, key=key, team__deleted_at=None)
    inside = request.member is not None and request.member.team_id == attachment.team_id
    signed = is_signed(key, request.GET.get("expires", ""), request.GET.get("signature", ""))
    if attachment.members_only and not inside and not signed:
        raise Http404
    return attachment


def find_sharing(request: TeamRequest, key: str) -> Sharing:
    """What somebody holds the address of; on another team's host it is not there."""
    if not request.team:
        raise Http404
    alive = Sharing.objects.select_related("post__team").filter(post__deleted_at=None, post__team=request.team)
    return get_object_or_404(alive, key=key)

"""The one visibility gate: the only way pages, API, search, feeds and exports get hold of a post, through whoever asks."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from posts.models import Category, Comment, Post, Revision, SavedSearch, Tag
from posts.models.category import CategoryQuerySet
from posts.models.comment import CommentQuerySet
from posts.models.post import PostQuerySet
from posts.models.revision import RevisionQuerySet
from posts.models.saved_search import SavedSearchQuerySet
from posts.models.tag import TagQuerySet
from posts.search.filters import FALSE, SQL, every
from teams.http import MemberRequest, TeamRequest


def visible_posts(request: TeamRequest) -> PostQuerySet:
    """A member reads everything but the bin; the world reads what an open team has shipped."""
    if not request.team:
        return Post.objects.none()
    posts: PostQuerySet = request.team.posts.alive()
    if request.member:
        return posts
    return posts.shipped() if request.team.open else posts.none()


def gate_of_search(request: TeamRequest) -> SQL:
    """`visible_posts` for post_search, which has no row for what is in the bin. A test holds the two together."""
    if not request.team or not (request.member or request.team.open):
        return FALSE
    team = SQL("s.team_id = %s", (request.team.pk,))
    return team if request.member else every(team, SQL("NOT s.wip"))


def readable_posts(request: TeamRequest) -> PostQuerySet:
    """For pages of one post: texts and people come along."""
    return visible_posts(request).for_display()


def listed_posts(request: TeamRequest) -> PostQuerySet:
    """For rows: with the reader's star and watch, without the texts."""
    return visible_posts(request).for_list().with_star_of(request.member).with_watch_of(request.member)


def find_post(request: TeamRequest, number: int) -> Post:
    posts = readable_posts(request).with_star_of(request.member).with_watch_of(request.member)
    return get_object_or_404(posts, number=number)


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
    if request.member:
        return categories.for_member()
    return categories.for_world() if request.team.open else categories.none()


def readable_tags(request: TeamRequest) -> TagQuerySet:
    """Tags with the count that this reader may know, as `count`, most used first."""
    if not request.team:
        return Tag.objects.none()
    tags: TagQuerySet = request.team.tags.all()
    if request.member:
        return tags.for_member()
    return tags.for_world() if request.team.open else tags.none()


def readable_comments(request: TeamRequest) -> CommentQuerySet:
    """Comments of the posts that this reader reads."""
    return Comment.objects.filter(post__in=visible_posts(request)).for_display().with_star_of(request.member)


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

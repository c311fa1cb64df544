"""Posts and what hangs on them as JSON: the shapes of API v1, of webhooks and of whoever else needs them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from esa import api
from posts.diff import diff_html
from posts.models import Category, Comment, Post, Revision, Star, Watch
from teams.json import user_json
from teams.models import User


def as_stored(_thing: Any, text: str) -> str:
    return text


@dataclass(frozen=True)
class Reader:
    """For whose eyes: who `myself` is, and what becomes of texts on their way out (signed addresses, hidden titles)."""

    user: User | None = None
    markdown: Callable[[Any, str], str] = as_stored
    html: Callable[[Any, str], str] = as_stored


def post_json(post: Post, reader: Reader, *, include: Iterable[str] = ()) -> dict[str, Any]:
    """A post; what is to be included must be prefetched as `shown_comments` and `shown_stars`."""
    shown: dict[str, Any] = {
        "number": post.number,
        "name": post.name,
        "full_name": post.full_name,
        "wip": post.wip,
        "body_md": reader.markdown(post, post.body_md),
        "body_html": reader.html(post, post.body_html),
        "created_at": api.moment(post.created_at),
        "message": post.message,
        "url": post.url,
        "updated_at": api.moment(post.updated_at),
        "tags": post.tags,
        "category": post.category or None,
        "revision_number": post.revision_number,
        "created_by": user_json(post.created_by, reader.user),
        "updated_by": user_json(post.updated_by, reader.user),
        "kind": post.kind,
        "comments_count": post.comments_count,
        "tasks_count": post.tasks_count,
        "done_tasks_count": post.done_tasks_count,
        "stargazers_count": post.stars_count,
        "watchers_count": post.watches_count,
        "star": post.starred,
        "watch": post.watched,
        "sharing_urls": getattr(post, "sharing_urls", None),
    }
    if "comments" in include or "comments.stargazers" in include:
        inner = {"stargazers"} if "comments.stargazers" in include else set()
        comments = post.shown_comments  # type: ignore[attr-defined]
        shown["comments"] = [comment_json(comment, reader, include=inner, post=post) for comment in comments]
    if "stargazers" in include:
        shown["stargazers"] = [star_json(star, reader) for star in post.shown_stars]  # type: ignore[attr-defined]
    return shown


def summary_json(post: Post) -> dict[str, Any]:
    """A post in few words, for backlinks."""
    return {
        "number": post.number,
        "name": post.name,
        "full_name": post.full_name,
        "wip": post.wip,
        "tags": post.tags,
        "category": post.category or None,
        "url": post.url,
        "created_at": api.moment(post.created_at),
        "updated_at": api.moment(post.updated_at),
    }


def comment_json(
    comment: Comment, reader: Reader, *, include: Iterable[str] = (), post: Post | None = None
) -> dict[str, Any]:
    on = post or comment.post
    shown = {
        "id": comment.pk,
        "body_md": reader.markdown(comment, comment.body_md),
        "body_html": reader.html(comment, comment.body_html),
        "created_at": api.moment(comment.created_at),
        "updated_at": api.moment(comment.updated_at),
        "post_number": on.number,
        "url": f"{on.url}#comment-{comment.pk}",
        "created_by": user_json(comment.created_by, reader.user),
        "stargazers_count": comment.stars_count,
        "star": comment.starred,
    }
    if "stargazers" in include:
        shown["stargazers"] = [star_json(star, reader) for star in comment.shown_stars]
    return shown


def star_json(star: Star, reader: Reader) -> dict[str, Any]:
    return {
        "created_at": api.moment(star.created_at),
        "body": star.body or None,
        "user": user_json(star.member, reader.user),
    }


def watch_json(watch: Watch, reader: Reader) -> dict[str, Any]:
    return {"created_at": api.moment(watch.created_at), "user": user_json(watch.member, reader.user)}


def revision_json(revision: Revision, previous: str | None, reader: Reader) -> dict[str, Any]:
    """A revision; `previous` is the text before it, None where there is none or the comparison would cost too much."""
    post = revision.post
    return {
        "number": revision.number,
        "name": revision.name,
        "full_name": revision.full_name,
        "category": revision.category or None,
        "tags": revision.tags,
        "body_md": reader.markdown(revision, revision.body_md),
        "body_html": reader.html(revision, revision.body_html),
        "diff": None if previous is None else diff_html(previous, revision.body_md),
        "message": revision.message or None,
        "created_at": api.moment(revision.created_at),
        "updated_at": api.moment(revision.created_at),
        "wip": revision.wip,
        "created_by": user_json(revision.created_by, reader.user),
        "url": post.team.url(revision.get_absolute_url()),
    }


def category_json(category: Category) -> dict[str, Any]:
    return {
        "name": category.name,
        "full_name": category.path,
        "count": category.count,
        "has_child": category.has_child,
    }


# --- Webhooks ---------------------------------------------------------------------------------------------------------
# Their `name` is the full name, and the person's icon an object; the keys are in the order that consumers have seen.


def hook_post_json(
    post: Post, *, state: Post | Revision | None = None, url: str = "", diff_url: str = ""
) -> dict[str, Any]:
    """A post in a webhook, or one state of it; `diff_url` only where it changed, `url` where it is that of a comment."""
    told = state or post
    shown = {
        "name": told.full_name,
        "body_md": told.body_md,
        "body_html": told.body_html,
        "message": told.message,
        "wip": told.wip,
        "number": post.number,
        "url": url or post.url,
    }
    return {**shown, "diff_url": diff_url} if diff_url else shown


def hook_gone_json(post: Post) -> dict[str, Any]:
    """A post that was deleted."""
    return {"name": post.full_name, "wip": post.wip, "number": post.number}


def hook_comment_json(comment: Comment) -> dict[str, Any]:
    return {"body_md": comment.body_md, "body_html": comment.body_html}

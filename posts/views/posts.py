"""Pages of a post, and the list of posts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from posts import front_matter
from posts.models import Post
from posts.models.post import PostQuerySet
from posts.scoping import binned_posts, find_post, listed_posts, readable_comments
from posts.templatetags.posts import as_prefix, name_text
from teams.decorators import member_required, reader_required
from teams.http import MemberRequest, TeamRequest

PER_PAGE = 50
BACKLINKS = 30
SORTS = {
    "updated": ("-updated_at", gettext_lazy("Last updated")),
    "created": ("-created_at", gettext_lazy("Newest")),
    "number": ("number", gettext_lazy("Oldest")),
    "stars": ("-stars_count", gettext_lazy("Most stars")),
    "comments": ("-comments_count", gettext_lazy("Most comments")),
    "name": ("name", gettext_lazy("Name")),
}


@reader_required
def index(request: TeamRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in ("category", "tag", "user", "kind", "wip", "sort")}
    sort = asked["sort"] if asked["sort"] in SORTS else "updated"
    posts = _filtered(listed_posts(request), asked).order_by(SORTS[sort][0], "-pk")
    page = Paginator(posts, PER_PAGE).get_page(request.GET.get("page"))
    chosen = {**asked, "sort": sort}
    return render(request, "posts/posts/index.html", {"page": page, "asked": chosen, "sorts": SORTS})


@reader_required
def show(request: TeamRequest, number: int) -> HttpResponse:
    try:
        post = find_post(request, number)
    except Http404:
        if request.member and binned_posts(request).filter(number=number).exists():
            return redirect("binned_post", number)
        raise
    post.render_for(world=request.member is None)
    return render(request, "posts/posts/show.html", _around(request, post))


@reader_required
def markdown(request: TeamRequest, number: int) -> HttpResponse:
    """The text as it was written; `?front_matter=0` leaves the facts above it out."""
    post = find_post(request, number)
    bare = request.GET.get("front_matter") == "0"
    text = post.body_md if bare else front_matter.dump(post)
    return HttpResponse(
        text, content_type="text/markdown; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
    )


@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    if request.method != "POST":
        return render(request, "posts/posts/delete.html", {"post": post, "here": as_prefix(post.category)})
    post.trash(by=request.member)
    messages.success(request, _("“%(name)s” is in the bin.") % {"name": name_text(post.name)})
    return redirect("bin")


@member_required
def move(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    context: dict[str, Any] = {"post": post, "to": post.category, "here": as_prefix(post.category)}
    if request.method == "POST":
        context["to"] = request.POST.get("category", "")
        try:
            post.move(context["to"], by=request.member)
        except ValidationError as problem:
            context["problem"] = problem.messages[0]
        else:
            return redirect(post)
    return render(request, "posts/posts/move.html", context, status=422 if "problem" in context else 200)


def _filtered(posts: PostQuerySet, asked: dict[str, str]) -> PostQuerySet:
    if asked["category"]:
        posts = posts.in_category(asked["category"].strip("/"))
    if asked["tag"]:
        posts = posts.filter(tags__contains=[asked["tag"]])
    if asked["user"]:
        posts = posts.by_name(asked["user"].removeprefix("@"))
    if asked["kind"] in Post.Kind.values:
        posts = posts.filter(kind=asked["kind"])
    if asked["wip"] in {"true", "false"}:
        posts = posts.filter(wip=asked["wip"] == "true")
    return posts


def _around(request: TeamRequest, post: Post) -> dict[str, Any]:
    """What the page of a post shows beside the post."""
    before, after = listed_posts(request).beside(post)
    backlinks = list(post.backlinks().for_list()[: BACKLINKS + 1])
    return {
        "post": post,
        "here": as_prefix(post.category),
        "before": before,
        "after": after,
        "backlinks": backlinks[:BACKLINKS],
        "more_backlinks": len(backlinks) > BACKLINKS,
        "stars": post.stars.for_display() if request.member else [],
        "comments": readable_comments(request).filter(post=post).order_by("created_at", "pk"),
    }

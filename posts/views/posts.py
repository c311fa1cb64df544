"""Pages of a post, and the list of posts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from esa import condition
from esa.prepared import Prepared
from posts import front_matter
from posts.glimpses import first_lines
from posts.models import Post
from posts.models.star import quotes_of, stargazers_of
from posts.scoping import binned_posts, bring_stargazers, comments_below, find_post, posts_beside
from posts.templatetags.posts import as_prefix, name_text
from teams.decorators import member_required, reader_required
from teams.http import MemberRequest, TeamRequest
from teams.models import Team
from teams.scoping import my_notifications

BACKLINKS = 30
GLIMPSE_SECONDS = 60  # that a browser need not ask again

_backlinks = Prepared(
    lambda team, post: Post(pk=post, team=Team(pk=team)).backlinks().only("number", "category", "name")[: BACKLINKS + 1]
)


@reader_required
def show(request: TeamRequest, number: int) -> HttpResponse:
    try:
        post = find_post(request, number)
    except Http404:
        if request.member and binned_posts(request).filter(number=number).exists():
            return redirect("binned_post", number)
        raise
    post.render_for(world=request.member is None)
    if request.member and request.member.unread_count and condition.current().writable:
        my_notifications(request).about(post).read()
        del request.member.unread_count  # the bell of this very page counts anew
    return render(request, "posts/posts/show.html", _around(request, post))


@reader_required
def glimpse(request: TeamRequest, number: int) -> HttpResponse:
    """The little card that a link to the post shows before one follows it."""
    post = find_post(request, number)
    post.render_for(world=request.member is None)
    answer = render(request, "posts/posts/glimpse.html", {"post": post, "lines": first_lines(post.body_html)})
    patch_cache_control(answer, private=True, max_age=GLIMPSE_SECONDS)
    return answer


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


def _around(request: TeamRequest, post: Post) -> dict[str, Any]:
    """What the page of a post shows beside the post."""
    before, after = posts_beside(request, post)
    backlinks = _backlinks(post.team_id, post.pk)
    comments = list(comments_below(request, post.pk)) if post.comments_count else []
    for comment in comments:
        comment.render_for(world=request.member is None)
    bring_stargazers(request, comments)
    stars = list(post.stars.for_display()) if request.member and post.stars_count else []
    return {
        "post": post,
        "here": as_prefix(post.category),
        "before": before,
        "after": after,
        "backlinks": backlinks[:BACKLINKS],
        "more_backlinks": len(backlinks) > BACKLINKS,
        "stargazers": stargazers_of(stars),
        "quotes": quotes_of(stars),
        "comments": comments,
    }

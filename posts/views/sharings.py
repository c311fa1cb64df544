"""Sharing a post with the world, and what the world then sees; slides of a post."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from posts import slides
from posts.scoping import find_post, find_sharing
from teams.decorators import member_required, reader_required
from teams.http import MemberRequest, TeamRequest


@require_POST
@member_required
def create(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    post.share(by=request.member)
    messages.success(request, _("Whoever has the address can read this post now."))
    return redirect(post)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    post.stop_sharing(by=request.member)
    messages.success(request, _("The post is no longer shared; its address is dead."))
    return redirect(post)


@require_safe
@reader_required
def of_post(request: TeamRequest, number: int) -> HttpResponse:
    """The slides of a post, for those who read the post."""
    post = find_post(request, number)
    post.render_for(world=request.member is None)
    shown = {"title": post.name, "slides": slides.split(post.body_html), "back": post.get_absolute_url()}
    return render(request, "posts/sharings/slides.html", shown)


@require_safe
@never_cache
def show(request: TeamRequest, key: str) -> HttpResponse:
    """The post for whoever has the address, members of any team and strangers alike."""
    sharing = find_sharing(request, key)
    return _for_the_world(render(request, "posts/sharings/show.html", {"sharing": sharing, "post": sharing.post}))


@require_safe
@never_cache
def show_slides(request: TeamRequest, key: str) -> HttpResponse:
    sharing = find_sharing(request, key)
    shown = {"title": sharing.post.name, "slides": slides.split(sharing.html), "back": sharing.url, "world": True}
    return _for_the_world(render(request, "posts/sharings/slides.html", shown))


def _for_the_world(response: HttpResponse) -> HttpResponse:
    """Not for search engines; and a link out of the page must not give its address away."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response

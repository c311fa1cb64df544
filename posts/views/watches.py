"""Watching a post, or not hearing of it any more."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from posts.models import Post
from posts.scoping import find_post
from teams.decorators import member_required
from teams.http import MemberRequest


@require_POST
@member_required
def create(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    post.watch(by=request.member)
    return _answer(request, post, watched=True)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    post.unwatch(by=request.member)
    return _answer(request, post, watched=False)


def _answer(request: MemberRequest, post: Post, *, watched: bool) -> HttpResponse:
    post.watched = watched
    return render(request, "posts/watches/_button.html", {"post": post}) if request.htmx else redirect(post)

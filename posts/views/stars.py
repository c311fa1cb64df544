"""Starring a post."""

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
    post.star(by=request.member, body=request.POST.get("body", ""))
    return _answer(request, post, starred=True)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    post.unstar(by=request.member)
    return _answer(request, post, starred=False)


def _answer(request: MemberRequest, post: Post, *, starred: bool) -> HttpResponse:
    post.starred = starred
    return render(request, "posts/stars/_button.html", {"post": post}) if request.htmx else redirect(post)

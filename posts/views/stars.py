"""Starring a post."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from posts.models import Post
from posts.models.star import stargazers_of
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
    quoted = post.stars.filter(member=request.member).exclude(body="").exists()
    post.unstar(by=request.member)
    answer = _answer(request, post, starred=False)
    if quoted:
        answer["HX-Refresh"] = "true"  # the passages beside the text are gone, too
    return answer


def _answer(request: MemberRequest, post: Post, *, starred: bool) -> HttpResponse:
    if not request.htmx:
        return redirect(post)
    post.starred = starred
    context = {"post": post, "stargazers": stargazers_of(post.stars.for_display())}
    return render(request, "posts/stars/_starred.html", context)

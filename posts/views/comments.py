"""Comments under a post."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from posts.models import Comment
from posts.scoping import find_comment, find_post, readable_comments
from teams.decorators import member_required
from teams.http import MemberRequest

MOST_AT_ONCE = 50


@member_required
def index(request: MemberRequest, number: int) -> HttpResponse:
    """To post is to comment; to get, with `after`, gives an open page what came since it was loaded."""
    post = find_post(request, number)
    if request.method != "POST":
        after = request.GET.get("after", "")
        newer = readable_comments(request).filter(post=post).order_by("created_at", "pk")
        if after.isascii() and after.isdigit() and len(after) < 19:
            newer = newer.filter(pk__gt=int(after))
        return render(request, "posts/comments/_list.html", {"comments": newer[:MOST_AT_ONCE]})
    body = request.POST.get("body_md", "")
    try:
        comment = post.comment(by=request.member, body_md=body)
    except ValidationError as problem:
        context = {"post": post, "body": body, "problem": problem.messages[0]}
        return render(request, "posts/comments/new.html", context, status=422)
    return redirect(comment)


@member_required
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    comment = _changeable(request, pk)
    context: dict[str, Any] = {"post": comment.post, "comment": comment, "body": comment.body_md}
    if request.method == "POST":
        context["body"] = request.POST.get("body_md", "")
        try:
            comment.edit(by=request.member, body_md=context["body"])
        except ValidationError as problem:
            context["problem"] = problem.messages[0]
        else:
            return redirect(comment)
    return render(request, "posts/comments/edit.html", context, status=422 if "problem" in context else 200)


@require_POST
@member_required
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    comment = _changeable(request, pk)
    post = comment.post
    comment.remove(by=request.member)
    return redirect(f"{post.get_absolute_url()}#comments")


@require_POST
@member_required
def star(request: MemberRequest, pk: int) -> HttpResponse:
    comment = find_comment(request, pk)
    comment.star(by=request.member, body=request.POST.get("body", ""))
    return _starred(request, comment, starred=True)


@require_POST
@member_required
def unstar(request: MemberRequest, pk: int) -> HttpResponse:
    comment = find_comment(request, pk)
    comment.unstar(by=request.member)
    return _starred(request, comment, starred=False)


def _starred(request: MemberRequest, comment: Comment, *, starred: bool) -> HttpResponse:
    comment.starred = starred
    if request.htmx:
        return render(request, "posts/comments/_star.html", {"comment": comment})
    return redirect(comment)


def _changeable(request: MemberRequest, pk: int) -> Comment:
    comment = find_comment(request, pk)
    if not comment.can_be_changed_by(request.member):
        raise PermissionDenied
    return comment

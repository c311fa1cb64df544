"""Comments under a post."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from posts import merge
from posts.models import Comment
from posts.models.comment import CommentClash
from posts.scoping import bring_stargazers, find_comment, find_post, readable_comments
from teams.decorators import member_required
from teams.http import MemberRequest

MOST_AT_ONCE = 50


@member_required
def index(request: MemberRequest, number: int) -> HttpResponse:
    """To post is to comment; to get gives an open page what came or was changed since it was loaded, and which there are."""
    post = find_post(request, number)
    if request.method != "POST":
        there = readable_comments(request).filter(post=post)
        newest, version = (_number(request.GET.get(name, "")) for name in ("after", "version"))
        news = list(there.since(newest=newest, version=version)[:MOST_AT_ONCE])
        bring_stargazers(request, news)
        keys = there.order_by("pk").values_list("pk", flat=True)
        return render(request, "posts/comments/_news.html", {"comments": news, "there": keys})
    body = request.POST.get("body_md", "")
    try:
        comment = post.comment(by=request.member, body_md=body)
    except ValidationError as problem:
        context = {"post": post, "body": body, "problem": problem.messages[0]}
        return render(request, "posts/comments/new.html", context, status=422)
    return redirect(comment)


@member_required
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    try:
        comment = _changeable(request, pk)
    except Http404:
        if request.method != "POST":
            raise
        # Removed while somebody wrote, with or without its post: what they wrote goes back to them.
        return render(request, "posts/comments/gone.html", {"body": request.POST.get("body_md", "")}, status=404)
    context: dict[str, Any] = {"post": comment.post, "comment": comment, "body": comment.body_md}
    context["base"] = comment.body_md
    if request.method != "POST":
        return render(request, "posts/comments/edit.html", context)
    body = context["body"] = request.POST.get("body_md", "")
    base = context["base"] = request.POST.get("base_body")
    context["settling"] = bool(request.POST.get("settling"))
    try:
        if context["settling"] and merge.unresolved(body.replace("\r\n", "\n")):
            raise ValidationError(
                _("There are still conflict marks (<<<<<<<, =======, >>>>>>>) in the text. Choose what stays.")
            )
        merged = comment.edit(by=request.member, body_md=body, base_body=base)
    except CommentClash as clash:
        # Saving from here begins at what is there now, so it holds what both wrote.
        both = {"body": clash.merged, "base": clash.theirs, "mine": clash.mine, "theirs": clash.theirs}
        return render(request, "posts/comments/edit.html", context | both | {"settling": True}, status=409)
    except ValidationError as problem:
        context["problem"] = problem.messages[0]
        return render(request, "posts/comments/edit.html", context, status=422)
    if merged:
        messages.success(
            request, _("Somebody else changed this comment while you wrote. It now holds what both changed.")
        )
    return redirect(comment)


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
    if not request.htmx:
        return redirect(comment)
    comment.starred = starred
    bring_stargazers(request, [comment])
    return render(request, "posts/comments/_starred.html", {"comment": comment})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _changeable(request: MemberRequest, pk: int) -> Comment:
    comment = find_comment(request, pk)
    if not comment.can_be_changed_by(request.member):
        raise PermissionDenied
    return comment

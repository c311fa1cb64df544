"""The history of a post: its revisions, what changed between two, and the way back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Sum
from django.db.models.functions import Length
from django.http import HttpResponse
from django.shortcuts import redirect, render

from posts.diff import CONTEXT, DiffSummary, diff_lines, diff_words, summarize
from posts.models import Post, Revision
from posts.scoping import find_post, find_revision, readable_revisions
from posts.templatetags.posts import as_prefix
from teams.decorators import member_required
from teams.http import MemberRequest

PER_PAGE = 50
COUNTED = 500_000
"""Characters of all texts on a page of the history up to which changed lines are counted; about 0.2 s."""


@dataclass
class Row:
    """A revision in the list, and how many lines it changed where that is cheap to say."""

    revision: Revision
    summary: DiffSummary | None = None


@member_required
def index(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    page = Paginator(readable_revisions(request, post), PER_PAGE).get_page(request.GET.get("page"))
    rows = [Row(revision) for revision in page]
    _count_lines(request, post, rows)
    context = {"post": post, "page": page, "rows": rows, "here": as_prefix(post.category)}
    return render(request, "posts/revisions/index.html", context)


@member_required
def show(request: MemberRequest, number: int, revision: int) -> HttpResponse:
    shown = find_revision(request, number, revision)
    shown.render_if_old()
    context = {"post": shown.post, "revision": shown, "here": as_prefix(shown.post.category)}
    return render(request, "posts/revisions/show.html", context)


@member_required
def diff(request: MemberRequest, number: int, revision: int) -> HttpResponse:
    """What a revision changed; the first one against nothing."""
    new = find_revision(request, number, revision)
    return _comparison(request, new.previous, new)


@member_required
def compare(request: MemberRequest, number: int) -> HttpResponse:
    """The form that chooses two, which have an address of their own."""
    post = find_post(request, number)
    chosen = sorted({int(given) for name in ("old", "new") if (given := request.GET.get(name, "")).isdecimal()})
    if len(chosen) == 2 and chosen[1] < 2**31:
        return redirect("comparison", post.number, *chosen)
    return redirect("revisions", post.number)


@member_required
def comparison(request: MemberRequest, number: int, old: int, new: int) -> HttpResponse:
    return _comparison(request, find_revision(request, number, old), find_revision(request, number, new))


@member_required
def restore(request: MemberRequest, number: int, revision: int) -> HttpResponse:
    """Make an old revision the newest; asks first."""
    wanted = find_revision(request, number, revision)
    post = wanted.post
    if request.method != "POST":
        return render(request, "posts/revisions/restore.html", {"post": post, "revision": wanted})
    try:
        post.roll_back(wanted, by=request.member)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
        return redirect("revisions", post.number)
    return redirect(post)


def _comparison(request: MemberRequest, old: Revision | None, new: Revision) -> HttpResponse:
    post = new.post
    whole, split = "whole" in request.GET, request.GET.get("view") == "split"
    before = old.body_md if old else ""
    context: dict[str, Any] = {
        "post": post,
        "old": old,
        "new": new,
        "here": as_prefix(post.category),
        "title": diff_words(old.full_name, new.full_name) if old and old.full_name != new.full_name else None,
        "hunks": diff_lines(before, new.body_md, context=None if whole else CONTEXT),
        "summary": summarize(before, new.body_md),
        "whole": whole,
        "split": split,
        "newer": post.revisions.for_list().filter(number__gt=new.number).order_by("number").first(),
    }
    return render(request, "posts/revisions/diff.html", context)


def _count_lines(request: MemberRequest, post: Post, rows: list[Row]) -> None:
    """Tell each row how many lines it added and removed, unless the texts are too long to look through."""
    if not rows:
        return
    numbers = (rows[-1].revision.number - 1, rows[0].revision.number)
    texts = readable_revisions(request, post).filter(number__range=numbers)
    if (texts.aggregate(all=Sum(Length("body_md")))["all"] or 0) > COUNTED:
        return
    bodies = dict(texts.values_list("number", "body_md"))
    for row in rows:
        number = row.revision.number
        row.summary = summarize(bodies.get(number - 1, ""), bodies[number])

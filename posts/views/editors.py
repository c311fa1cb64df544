"""The editor: a form that saves. Scripts ask for JSON at the same address and stay where they are."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from esa import hosts
from esa.templatetags.esa import optional_url
from posts import attempts, beginnings, editor_words, title
from posts.attempts import Attempt
from posts.beginnings import Beginning
from posts.forms import PostForm
from posts.lines import matching_blocks
from posts.models import Post, Revision
from posts.models.post import TEMPLATES, Clash, Draft, PostGone, Saved
from posts.scoping import binned_posts, find_post, visible_posts
from posts.templatetags.posts import as_prefix
from teams.decorators import METHODS, outsider
from teams.http import MemberRequest, TeamRequest

FITTING_TEMPLATES = 200
"""How many templates are looked at for the one that fits a category."""

NUMBERS = 2**31


def writer_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Members only, as everywhere; but whoever sends a text after the session ended gets it back."""

    @require_http_methods(METHODS)
    @wraps(view)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if request.member else _stranger(request)

    return wrapped


@never_cache
@writer_required
def new(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        beginning = _beginning(request)
        start = {"title": beginning.title, "body_md": beginning.body_md}
        return _page(request, PostForm(initial=start), template=beginning.template)
    form = PostForm(request.POST)
    if form.is_valid():
        arrived = attempts.succeeded(form.unanswered_attempts, by=request.member)
        post = visible_posts(request).for_display().filter(number=arrived.number).first() if arrived else None
        if arrived and post:
            return _revise(request, form, post, base_number=arrived.revision)
        try:
            post = Post.write(by=request.member, **vars(form.draft))
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            return _saved(request, form, post, Saved(post.revisions.get(number=1)))
    return _refused(request, form)


@never_cache
@writer_required
def edit(request: MemberRequest, number: int) -> HttpResponse:
    try:
        post = find_post(request, number)
    except Http404:
        return _gone(request, number)
    if request.method != "POST":
        start = {
            "title": title.Title(post.category, post.name, tuple(post.tags)).editable,
            "body_md": post.body_md,
            "base_number": post.revision_number,
        }
        return _page(request, PostForm(initial=start), post)
    form = PostForm(request.POST)
    if not form.is_valid():
        return _refused(request, form, post)
    arrived = attempts.succeeded(form.unanswered_attempts, by=request.member)
    base_number = form.cleaned_data["base_number"]
    if arrived and arrived.number == number:
        base_number = max(base_number or 0, arrived.revision)
    return _revise(request, form, post, base_number=base_number)


def _revise(request: MemberRequest, form: PostForm, post: Post, *, base_number: int | None) -> HttpResponse:
    try:
        saved = post.revise(form.draft, by=request.member, base_number=base_number)
    except Clash as clash:
        return _clashed(request, clash)
    except PostGone:
        return _gone(request, post.number)
    except ValidationError as problem:
        form.add_error(None, problem)
        return _refused(request, form, post)
    return _saved(request, form, post, saved)


# --- Answers ----------------------------------------------------------------------------------------------------------


def _page(
    request: TeamRequest,
    form: PostForm,
    post: Post | None = None,
    *,
    status: int = 200,
    gone: bool = False,
    template: Post | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "post": post,
        "gone": gone,
        "template": template,
        "words": editor_words.all_words(),
        "limit": settings.MAX_BODY_LENGTH,
        "upload_limit": request.team.largest_file,
        "here": as_prefix(post.category) if post else "",
    }
    return render(request, f"posts/posts/{'edit' if post else 'new'}.html", context, status=status)


def _saved(request: MemberRequest, form: PostForm, post: Post, saved: Saved) -> HttpResponse:
    given = form.cleaned_data
    if not saved.merged:
        attempts.remember(given["attempt"], Attempt(post.number, saved.revision.number), by=request.member)
    if not _wants_json(request):
        messages.success(request, _receipt(saved))
        return redirect(post)
    answer: dict[str, Any] = {
        "number": post.number,
        "revision": saved.revision.number,
        "saved_at": saved.revision.created_at.isoformat(),
        "receipt": _receipt(saved),
        "url": post.get_absolute_url(),
        "edit_url": reverse("post_edit", args=[post.number]),
        "title": title.Title(post.category, post.name, tuple(post.tags)).editable,
        "wip": post.wip,
        "merged": saved.merged,
    }
    if saved.merged:
        answer |= {"edits": _edits(given["body_md"], post.body_md), "body_md": post.body_md}
    if not post.wip:
        messages.success(request, _receipt(saved))  # the editor goes on to the post
    return JsonResponse(answer)


def _receipt(saved: Saved) -> str:
    words = (
        _("Saved as revision %(number)s, %(time)s, together with what others changed")
        if saved.merged
        else _("Saved as revision %(number)s, %(time)s")
    )
    local = timezone.localtime(saved.revision.created_at)
    return words % {"number": saved.revision.number, "time": formats.date_format(local, "H:i")}


def _refused(request: TeamRequest, form: PostForm, post: Post | None = None) -> HttpResponse:
    if _wants_json(request):
        problems = [str(problem) for field in form.errors.values() for problem in field]
        return JsonResponse({"error": "invalid", "message": " ".join(problems)}, status=422)
    if post and form.data.get("resolving"):
        return render(
            request,
            "posts/posts/conflict.html",
            {"form": form, "post": post, "again": True, "mine": None, "here": as_prefix(post.category)},
            status=422,
        )
    return _page(request, form, post, status=422)


def _clashed(request: TeamRequest, clash: Clash) -> HttpResponse:
    """Both sides on one page. The next save begins at the newest revision, so it contains what both wrote."""
    if _wants_json(request):
        words = _("Somebody changed the same lines. Both versions come together on the next page.")
        return JsonResponse({"error": "clash", "message": words}, status=409)
    post = clash.post
    base = post.revisions.filter(number=clash.base_number).first()
    newest = post.revisions.for_display().get(number=post.revision_number)
    settled, contested = _merged_title(clash.mine, base, newest)
    start = {
        "title": settled.editable,
        "body_md": clash.merged.text,
        "base_number": newest.number,
        "message": clash.mine.message,
    }
    lines = clash.merged.text.split("\n")
    places = [
        {
            "line": each.line,
            "base": "\n".join(each.base),
            "mine": "\n".join(each.mine),
            "theirs": "\n".join(each.theirs),
            "block": "\n".join(lines[each.line - 1 : each.line + 2 + len(each.mine) + len(each.theirs)]),
        }
        for each in clash.merged.conflicts
    ]
    context = {
        "form": PostForm(initial=start),
        "post": post,
        "base": base,
        "newest": newest,
        "places": places,
        "mine": clash.mine.body_md,
        "contested_title": contested.editable if contested else "",
        "here": as_prefix(post.category),
    }
    return render(request, "posts/posts/conflict.html", context, status=409)


def _gone(request: TeamRequest, number: int) -> HttpResponse:
    """A post in the bin: whoever was writing keeps the text and is shown the way to restore it."""
    post = binned_posts(request).filter(number=number).first()
    if post is None:
        raise Http404
    restore = optional_url("binned_post", number) or optional_url("bin")
    if request.method != "POST":
        return redirect(restore) if restore else outsider(request)
    if _wants_json(request):
        return JsonResponse({"error": "gone", "message": str(PostGone().message), "help_url": restore}, status=409)
    return _page(request, PostForm(request.POST), post, status=409, gone=True)


def _stranger(request: Any) -> HttpResponse:
    """Somebody whose session ended while they wrote keeps the text; the answer is the same for every team and post."""
    if request.user.is_authenticated or request.method != "POST" or not hosts.team_name_of(request.get_host()):
        return outsider(request)
    back = f"{hosts.scheme()}://{request.get_host()}{request.get_full_path()}"
    sign_in = f"{hosts.base_url(reverse('account_login'))}?{urlencode({'next': back})}"
    if _wants_json(request):
        words = _("You are signed out. Sign in again in a new tab; then save again here.")
        return JsonResponse({"error": "signed_out", "message": words, "help_url": sign_in}, status=403)
    return render(
        request, "posts/posts/signed_out.html", {"form": PostForm(request.POST), "sign_in": sign_in}, status=403
    )


# --- Inside -----------------------------------------------------------------------------------------------------------


def _wants_json(request: TeamRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _beginning(request: MemberRequest) -> Beginning:
    """What the address asks a new post to begin with."""
    now = timezone.localtime()
    posts = visible_posts(request).for_display()
    try:
        start = beginnings.at_path(request.GET.get("category_path", "").strip())
    except title.TitleError as problem:
        messages.error(request, problem.message)
        start = Beginning()
    if parent := _asked(posts, request.GET, "parent_post_id"):
        return beginnings.of_post(parent, now=now)
    if template := _asked(posts.templates(), request.GET, "template_post_id"):
        return beginnings.of_template(template, by=request.member, now=now)
    if not start.category:
        return start
    fitting = Q(category__startswith=f"{TEMPLATES}/{start.category}") | Q(category__contains="%{")
    templates = posts.templates().filter(fitting).defer("body_md", "body_html", "toc").order_by("number")
    return beginnings.in_category(start, templates[:FITTING_TEMPLATES], by=request.member, now=now)


def _asked(posts: Any, given: QueryDict, name: str) -> Post | None:
    """The post that a parameter names; one that is not there is not found."""
    text = given.get(name)
    if text is None:
        return None
    post: Post | None = (
        posts.filter(number=int(text)).first()
        if text.isascii() and text.isdigit() and int(text[:10]) < NUMBERS
        else None
    )
    if post is None:
        raise Http404
    return post


def _merged_title(mine: Draft, base: Revision | None, theirs: Revision) -> tuple[title.Title, title.Title | None]:
    """The title to go on with, and theirs where both changed it: each part from whoever changed it, mine if both did."""
    sides = {
        name: (getattr(mine, name), getattr(base, name, None), getattr(theirs, name)) for name in ("category", "name")
    }
    category, name = (their if own in {was, None} else own for own, was, their in sides.values())
    old, new = (base.tags if base else []), mine.tags or []
    kept = [tag for tag in theirs.tags if tag in new or tag not in old]
    tags = (*kept, *(tag for tag in new if tag not in old and tag not in kept))
    contested = any(len({own, was, their}) == 3 for own, was, their in sides.values())
    return title.Title(category, name, tags), (
        title.Title(theirs.category, theirs.name, tuple(theirs.tags)) if contested else None
    )


def _edits(sent: str, merged: str) -> list[dict[str, Any]]:
    """What makes the merged text out of the one that was sent, by lines, so that the cursor can stay where it is."""
    old, new = sent.replace("\r\n", "\n").replace("\r", "\n").split("\n"), merged.split("\n")
    edits = []
    a = b = 0
    for block in [*matching_blocks(old, new), (len(old), len(new), 0)]:
        if (a, b) != block[:2]:
            edits.append({"from": a, "to": block[0], "lines": new[b : block[1]]})
        a, b = block[0] + block[2], block[1] + block[2]
    return edits

"""The category browser: the tree, one category's introduction and posts, and moving a whole branch."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import ngettext

from posts import title
from posts.models import Category, Post
from posts.models.category import SIBLINGS, Branch, Node
from posts.models.post import PostQuerySet
from posts.scoping import (
    NEWEST,
    listed_posts,
    newest_beside,
    newest_posts,
    own_wip_beside,
    readable_categories,
    readmes,
    starred_beside,
)
from posts.templatetags.posts import as_prefix, category_url
from teams.decorators import member_required, reader_required
from teams.http import MemberRequest, TeamRequest

PER_PAGE = NEWEST


class Newest:
    """A list whose first page is asked for so often that its query is kept ready."""

    def __init__(self, posts: PostQuerySet, first_page: Callable[[], list[Post]]) -> None:
        self.posts, self.first_page = posts, first_page

    def __getitem__(self, wanted: slice) -> Any:
        return self.posts[wanted] if wanted.start else self.first_page()[: wanted.stop]


class CountedPaginator(Paginator[Post]):
    """Pages of posts whose number the category's row knows, so that nothing is counted."""

    def __init__(self, posts: "PostQuerySet | Newest", count: int) -> None:
        super().__init__(posts, PER_PAGE)  # type: ignore[arg-type]
        self.known = count

    @cached_property
    def count(self) -> int:
        return self.known


@reader_required
def browse(request: TeamRequest) -> HttpResponse:
    """The team's home: everything, newest first, under the team's README."""
    return _page(request, "", everything=True)


@reader_required
def show(request: TeamRequest, path: str) -> HttpResponse:
    return _page(request, _clean(path), everything="all" in request.GET)


@reader_required
def uncategorized(request: TeamRequest) -> HttpResponse:
    """Posts without a category. No category can have this page's address: theirs begin with categories/."""
    return _page(request, "", everything=False)


@reader_required
def children(request: TeamRequest) -> HttpResponse:
    """The next level of the tree, or what the filter box found; a page of its own without JavaScript."""
    path, text = _clean(request.GET.get("path", "")), request.GET.get("q", "").strip()
    categories = readable_categories(request)
    if text:
        found = list(categories.named_like(text)[:SIBLINGS])
        context: dict[str, Any] = {"branch": Branch("", [Node(each) for each in found]), "flat": True}
    elif path or request.GET.get("after"):
        context = {"branch": categories.branch(path, after=request.GET.get("after", ""))}
    else:
        context = {"tree": categories.tree("")}
    context |= {"text": text, "path": path}
    return render(request, f"posts/categories/{'_children' if request.htmx else 'children'}.html", context)


@member_required
def completions(request: MemberRequest) -> HttpResponse:
    """Categories for a field that takes one."""
    found = readable_categories(request).named_like(request.GET.get("q", "").strip())[:12]
    return JsonResponse([{"value": each.path, "hint": str(each.count)} for each in found], safe=False)


@member_required
def move(request: MemberRequest) -> HttpResponse:
    """Move a category with all below it; before, the page says what that would do."""
    source = _clean(request.POST.get("from") or request.GET.get("from", ""))
    category = readable_categories(request).filter(path=source).exclude(path="").first()
    if category is None:
        raise Http404
    target = request.POST.get("to") or request.GET.get("to")
    context: dict[str, Any] = {"category": category, "to": source if target is None else target}
    try:
        if request.method == "POST":
            changed = Category.move(request.team, source, target or "", by=request.member)
            words = ngettext("%(count)d category was moved.", "%(count)d categories were moved.", changed)
            messages.success(request, words % {"count": changed})
            return redirect(category_url(title.normalize_category(target)))
        if target is not None:
            context["plan"] = Category.plan_move(request.team, source, target)
    except ValidationError as problem:
        context["problem"] = problem.messages[0]
    template = "_plan" if request.htmx else "move"
    return render(
        request, f"posts/categories/{template}.html", context, status=422 if request.method == "POST" else 200
    )


def _page(request: TeamRequest, path: str, *, everything: bool) -> HttpResponse:
    tree = readable_categories(request).tree(path)
    if path and tree.category is None and not request.member:
        raise Http404
    row = tree.category
    front = not path and everything
    posts = listed_posts(request)
    if path or not everything:
        posts = posts.in_category(path) if everything else posts.filter(category=path)
    ordered: PostQuerySet | Newest = posts.order_by("-updated_at", "-pk")
    if front:
        ordered = Newest(posts.order_by("-updated_at", "-pk"), lambda: newest_posts(request))
    count = (row.count if everything else row.own) if row else 0
    readme = next(iter(readmes(request, path)), None)
    if readme:
        readme.render_for(world=request.member is None)
    context = {
        "tree": tree,
        "path": path,
        "parent": title.parent(path),
        "category": row,
        "everything": everything,
        "front": front,
        "below": tree.open_branch,
        "readme": readme,
        "page": CountedPaginator(ordered, count).get_page(request.GET.get("page")),
        "here": as_prefix(path),
        **_beside(request, front=front),
    }
    return render(request, "posts/categories/show.html", context, status=404 if path and row is None else 200)


def _beside(request: TeamRequest, *, front: bool) -> dict[str, Any]:
    """The small lists beside the browser; an outsider has only the first, which the front page is itself."""
    recent = [] if front else newest_beside(request)
    if not request.member:
        return {"recent": recent}
    return {
        "recent": recent,
        "my_wip": own_wip_beside(request, request.member.pk),
        "starred": starred_beside(request),
    }


def _clean(path: str) -> str:
    """A path out of an address; one that no category can have is not found."""
    try:
        return title.normalize_category(path)
    except title.TitleError as problem:
        raise Http404 from problem

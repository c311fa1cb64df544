"""The tree of categories, level by level or as a list of paths; and moving a branch of it."""

from typing import Any

from django.http import Http404, HttpResponse
from ninja import Query, Router

from esa.api import BadRequest, Paging, answer, listed
from posts import title
from posts.api.reading import found_posts, reader_of
from posts.api.schemas import CategoryPage, MoveBody, MovedOut, PathsOut
from posts.json import category_json, post_json
from posts.models import Category
from posts.models.post import PostQuerySet
from posts.scoping import check_place, readable_categories, readable_posts, visible_posts, with_included
from teams.door import ApiRequest, Token

router = Router(tags=["category"])
NO_CATEGORY = "No category"


@router.get("/categories", auth=Token("read:category"), response=CategoryPage, summary="A category")
def show(
    request: ApiRequest,
    paging: Query[Paging],
    select: str = Query(description="The path of the category."),
    include: str = Query("", description="Comma list of `posts`, `parent_categories`."),
    descendant_posts: bool = Query(False, description="With `posts`: also those of the categories below."),
) -> HttpResponse:
    path, included = _normal(select), listed(include)
    if not path:
        raise BadRequest("param is missing or the value is empty or invalid: select")
    category = readable_categories(request).filter(path=path).first()
    if category is None:
        raise Http404
    shown: dict[str, Any] = {"current_category": path, "categories": _children(request, path)}
    if "parent_categories" in included:
        shown["parent_categories"] = _levels_above(request, path)
    shown["readme"] = _readme(request, path)
    total = category.count if descendant_posts else category.own
    if "posts" in included:
        posts = visible_posts(request)
        posts = posts.in_category(path) if descendant_posts else posts.filter(category=path)
        shown |= {"descendant_posts": descendant_posts, "posts": _posts(request, posts, paging)}
    return answer({**shown, **paging.envelope(total)})


@router.get("/categories/top", auth=Token("read:category"), response=CategoryPage, summary="The top of the tree")
def top(request: ApiRequest, paging: Query[Paging]) -> HttpResponse:
    own = _uncategorized(request).count()
    shown = {
        "current_category": "",
        "categories": _children(request, ""),
        "readme": _readme(request, ""),
        "no_category": {"name": NO_CATEGORY, "count": own},
    }
    return answer({**shown, **paging.envelope(own)})


@router.get(
    "/categories/no_category", auth=Token("read:category"), response=CategoryPage, summary="Posts without a category"
)
def no_category(request: ApiRequest, paging: Query[Paging]) -> HttpResponse:
    posts = _uncategorized(request)
    shown = {
        "current_category": "",
        "categories": [],
        "readme": _readme(request, ""),
        "posts": _posts(request, posts, paging),
    }
    return answer({**shown, **paging.envelope(posts.count())})


@router.get("/categories/paths", auth=Token("read:category"), response=PathsOut, summary="Paths of all categories")
def paths(
    request: ApiRequest,
    paging: Query[Paging],
    prefix: str = Query("", description="How the path begins."),
    suffix: str = Query("", description="How it ends."),
    match: str = Query("", description="What is somewhere in it."),
    exact_match: str = Query("", description="The whole path; outer slashes do not matter."),
    v: str = Query("", description="`2` gives pages; without it all paths come at once."),
) -> HttpResponse:
    """Those that have posts of their own; `null` stands for posts without a category."""
    found = readable_categories(request).filter(own__gt=0).order_by("path")  # type: ignore[misc]  # annotated
    for test, given in (("startswith", prefix), ("endswith", suffix), ("contains", match)):
        if given:
            found = found.filter(**{f"path__{test}": given})
    if exact_match:
        found = found.filter(path=exact_match.strip("/"))
    if v == "2":
        return paging.of("categories", found, _path_json)
    return answer({"categories": [_path_json(category) for category in found]})


@router.post(
    "/categories/batch_move", auth=Token("write:category"), response=MovedOut, by_alias=True, summary="Move a category"
)
def batch_move(request: ApiRequest, body: MoveBody) -> HttpResponse:
    """With everything below it; `count` is the number of categories that changed."""
    source, target = _normal(body.from_), _normal(body.to)
    if not readable_categories(request).filter(path=source).exclude(path="").exists():
        raise Http404
    check_place(request, source)
    check_place(request, target)
    count = Category.move(request.team, source, target, by=request.member, via=request.via)
    return answer({"count": count, "from": body.from_, "to": body.to})


def _normal(path: str) -> str:
    try:
        return title.normalize_category(path)
    except title.TitleError as problem:
        raise BadRequest(problem.message) from problem


def _children(request: ApiRequest, path: str) -> list[dict[str, Any]]:
    return [category_json(child) for child in readable_categories(request).within(path).order_by("name")]


def _levels_above(request: ApiRequest, path: str) -> list[dict[str, Any]]:
    """Every level from the top down to the one that the category is in, with the way there marked."""
    way = [*title.ancestors(path), path]
    above = ["", *title.ancestors(path)]
    levels: dict[str, list[dict[str, Any]]] = {each: [] for each in above}
    for category in readable_categories(request).filter(parent__in=above).exclude(path="").order_by("name"):
        levels[category.parent].append(category_json(category) | {"selected": category.path in way})
    return [{"current_category": each, "categories": levels[each]} for each in above]


def _readme(request: ApiRequest, path: str) -> dict[str, Any] | None:
    readme = with_included(request, readable_posts(request), ()).readme_of(path)
    return post_json(readme, reader_of(request)) if readme else None


def _uncategorized(request: ApiRequest) -> PostQuerySet:
    return visible_posts(request).filter(category="")


def _posts(request: ApiRequest, posts: PostQuerySet, paging: Paging) -> list[dict[str, Any]]:
    keys = posts.order_by("-updated_at", "-pk").values_list("pk", flat=True)
    return found_posts(request, list(keys[paging.start : paging.start + paging.per_page]), ())


def _path_json(category: Category) -> dict[str, Any]:
    return {"path": category.path or None, "posts": category.own}

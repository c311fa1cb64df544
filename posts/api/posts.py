"""Posts: read, written, changed, added to, archived and deleted by programs."""

from typing import TypeVar

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Body, Query, Router

from esa.api import BadRequest, Paging, answer, listed, nothing
from posts import beginnings, title
from posts.api.authors import author
from posts.api.reading import (
    INCLUDES,
    found_posts,
    fresh_json,
    reader_of,
    signing_seconds,
)
from posts.api.schemas import (
    AdditionBody,
    ArchivalBody,
    ChangedPostBody,
    NewPost,
    NewPostBody,
    NewPostOut,
    OnePostOut,
    PatchedPostOut,
    PostFields,
    PostOut,
    PostPage,
    SummaryPage,
)
from posts.beginnings import Beginning
from posts.json import post_json, summary_json
from posts.models import Post
from posts.models.post import Draft
from posts.scoping import check_place, find_post, linking_posts, readable_posts, visible_posts, with_included
from posts.search.results import search
from teams.door import ApiRequest, Token

router = Router(tags=["post"])
AS_EVER = ArchivalBody()
BACKLINKS = 15
Fields = TypeVar("Fields", bound=PostFields)

Include = Query("", description="Comma list of `comments`, `comments.stargazers`, `stargazers`.")


@router.get("/posts", auth=Token("read:post"), response=PostPage, summary="Search and list posts")
def index(
    request: ApiRequest,
    paging: Query[Paging],
    q: str = Query("", description="A search, as on the pages: `in:dev #api user:alice sort:number-asc`."),
    include: str = Include,
    sort: str = Query(
        "", description="`updated` (default), `created`, `number`, `stars`, `watches`, `comments`, `best_match`."
    ),
    order: str = Query("", description="`desc` (default) or `asc`."),
) -> HttpResponse:
    """WIP, shipped and archived ones. A `sort:` inside `q` counts unless `sort` is given."""
    if order and not sort and "sort:" not in q:
        sort = "updated"
    found = search(
        request, q, sort=sort, order=order, page=paging.page, per_page=paging.per_page, exact=True, marks=False
    )
    if found.timed_out:
        raise BadRequest("this search takes too long; narrow it down")
    posts = found_posts(request, [post.pk for post in found.posts], listed(include) & INCLUDES)
    return answer({"posts": posts, **paging.envelope(found.total)})


@router.get("/posts/new", auth=Token("read:post"), response=NewPostOut, summary="What a new post begins with")
def new(
    request: ApiRequest,
    parent_post_id: int | None = Query(None, ge=1, le=2**31 - 1, description="The number of a post to copy."),
    category_path: str = Query("", description="A category, whose template is applied."),
) -> HttpResponse:
    now = timezone.localtime()
    if parent_post_id is not None:
        start = beginnings.of_post(find_post(request, parent_post_id), now=now)
    else:
        try:
            place = Beginning(category=title.normalize_category(category_path))
        except title.TitleError as problem:
            raise BadRequest(f"category_path: {problem.message}") from problem
        templates = visible_posts(request).templates().order_by("number")
        start = beginnings.in_category(place, templates, by=request.member, now=now)
    name = title.compose(start.category, start.name) if start.name else f"{start.category}/" if start.category else ""
    return answer({"post": {"name": name, "body_md": start.body_md}})


@router.get("/posts/{int:number}", auth=Token("read:post"), response=OnePostOut, summary="A post")
def show(
    request: ApiRequest,
    number: int,
    include: str = Query("", description="As in the list, and `backlinks`."),
    sign_attachment_urls: str = Query(
        "false", description="`true` or a number of seconds: addresses of members-only files are signed."
    ),
) -> HttpResponse:
    sign_for, included = signing_seconds(sign_attachment_urls), listed(include)
    post = find_post_with(request, number, included)
    post.render_for(world=False)
    texts = [post.body_md, *(comment.body_md for comment in getattr(post, "shown_comments", ()))]
    reader = reader_of(request, sign_for=sign_for, texts=texts)
    links = linking_posts(request, post)
    shown = post_json(post, reader, include=included) | {"backlinks_count": links.count()}
    if "backlinks" in included:
        shown["backlinks"] = [summary_json(link) for link in links[:BACKLINKS]]
    return answer(shown)


@router.post("/posts", auth=Token("write:post"), response={201: PostOut}, summary="Write a post")
def create(request: ApiRequest, body: NewPostBody) -> HttpResponse:
    given = _filled(request, body.post)
    start = _beginning(request, given)
    draft = _draft(given)
    name = draft.name or start.name
    if not name:
        raise BadRequest("param is missing or the value is empty or invalid: post.name")
    category = start.category if draft.category is None else draft.category
    check_place(request, _normal(category))
    by = author(request, given.user)
    post = Post.write(
        by=request.member,
        name=name,
        category=category,
        tags=list(start.tags) if draft.tags is None else draft.tags,
        body_md=start.body_md if draft.body_md is None else draft.body_md,
        wip=True if draft.wip is None else draft.wip,
        message=draft.message,
        via=request.via,
        created_by=author(request, given.created_by) or by,
        updated_by=author(request, given.updated_by) or by,
    )
    return answer(fresh_json(request, post), 201)


@router.patch("/posts/{int:number}", auth=Token("write:post"), response=PatchedPostOut, summary="Change a post")
def update(request: ApiRequest, number: int, body: ChangedPostBody) -> HttpResponse:
    """What is absent stays. With `original_revision` the text is merged with what others saved since."""
    given = _filled(request, body.post)
    post = find_post(request, number)
    draft = _draft(given, post)
    if draft.category is not None:
        check_place(request, _normal(draft.category))
    base = given.original_revision if given.body_md is not None else None
    saved = post.revise(
        draft,
        by=request.member,
        base_number=base.number if base else None,
        base_body=base.body_md if base else None,
        save_clash=True,
        via=request.via,
        created_by=author(request, given.created_by),
        updated_by=author(request, given.updated_by) or author(request, given.user),
    )
    return answer(fresh_json(request, post) | {"overlapped": saved.overlapped})


@router.delete("/posts/{int:number}", auth=Token("delete:post"), response={204: None}, summary="Delete a post")
def delete(request: ApiRequest, number: int) -> HttpResponse:
    """It goes into the bin, which only people see."""
    find_post(request, number).trash(by=request.member)
    return nothing()


@router.post("/posts/{int:number}/append", auth=Token("write:post"), response=PostOut, summary="Add to the end")
def append(request: ApiRequest, number: int, body: AdditionBody) -> HttpResponse:
    post, new = find_post(request, number), body.post
    post.append(new.content, by=request.member, wip=new.wip, message=new.message, via=request.via)
    return answer(fresh_json(request, post))


@router.post("/posts/{int:number}/prepend", auth=Token("write:post"), response=PostOut, summary="Add to the start")
def prepend(request: ApiRequest, number: int, body: AdditionBody) -> HttpResponse:
    post, new = find_post(request, number), body.post
    post.prepend(new.content, by=request.member, wip=new.wip, message=new.message, via=request.via)
    return answer(fresh_json(request, post))


@router.post("/posts/{int:number}/archive", auth=Token("write:post"), response=PostOut, summary="Archive a post")
def archive(request: ApiRequest, number: int, body: Body[ArchivalBody] = AS_EVER) -> HttpResponse:
    """Moves it to `Archived/…`; what is archived stays as it is."""
    post = find_post(request, number)
    check_place(request, title.archived_path(post.category))
    post.archive(by=request.member, message=body.post.message, via=request.via)
    return answer(fresh_json(request, post))


@router.get(
    "/posts/{int:number}/backlinks", auth=Token("read:post"), response=SummaryPage, summary="Posts that link here"
)
def backlinks(request: ApiRequest, number: int, paging: Query[Paging]) -> HttpResponse:
    """Newest reference first, without WIP and archived ones."""
    return paging.of("posts", linking_posts(request, find_post(request, number)), summary_json)


def find_post_with(request: ApiRequest, number: int, include: set[str]) -> Post:
    return get_object_or_404(with_included(request, readable_posts(request), include), number=number)


def _filled(request: ApiRequest, given: Fields) -> Fields:
    """A `post` without anything in it is as good as none."""
    if not request.params.get("post"):
        raise BadRequest("param is missing or the value is empty or invalid: post")
    return given


def _beginning(request: ApiRequest, given: NewPost) -> Beginning:
    now = timezone.localtime()
    if given.template_post_id is not None:
        return beginnings.of_template(find_post(request, given.template_post_id), by=request.member, now=now)
    if given.parent_post_id is not None:
        return beginnings.of_post(find_post(request, given.parent_post_id), now=now)
    return Beginning()


def _draft(given: PostFields, post: Post | None = None) -> Draft:
    """What is given, taken apart: a name may hold category and tags, as in the title field of the pages.

    `/x` is x outside of all categories, `x` stays where the post is; a category that is given stands before both.
    """
    category, name, tags = given.category, None, given.tags
    if given.name.strip():
        try:
            parsed = title.parse(given.name)
        except title.TitleError as problem:
            raise BadRequest(f"post.name: {problem.message}") from problem
        name = parsed.name
        if category is not None:
            category = f"{category}/{parsed.category}"
        elif "/" in given.name:
            category = parsed.category
        if parsed.tags:
            tags = [*((post.tags if post else []) if tags is None else tags), *parsed.tags]
    return Draft(category, name, tags, given.body_md, given.wip, given.message)


def _normal(category: str) -> str:
    try:
        return title.normalize_category(category)
    except title.TitleError as problem:
        raise BadRequest(f"post.category: {problem.message}") from problem

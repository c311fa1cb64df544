"""The history of a post, comparisons, and the way back."""

from django.http import HttpResponse
from ninja import Body, Query, Router

from esa.api import Paging, answer
from posts.api.reading import fresh_json, reader_of
from posts.api.schemas import ComparisonOut, OneRevisionOut, PostOut, RevisionPage, RollbackBody
from posts.diff import diff_html, diff_text
from posts.json import revision_json
from posts.models import Revision
from posts.scoping import check_place, find_post, find_revision, readable_revisions
from teams.door import ApiRequest, Token

router = Router(tags=["revision"])
AS_EVER = RollbackBody()
COMPARED = 2_000_000
"""Characters of all texts on a page up to which revisions come with their changes."""


@router.get("/posts/{int:number}/revisions", auth=Token("read:revision"), response=RevisionPage, summary="History")
def index(request: ApiRequest, number: int, paging: Query[Paging]) -> HttpResponse:
    """Newest first. Where the texts are very long, `diff` is null; the revision itself has it."""
    post = find_post(request, number)
    revisions = readable_revisions(request, post).defer(None)
    total = revisions.count()
    # One more than is shown: the text that the last one is compared with.
    rows = list(revisions[paging.start : paging.start + paging.per_page + 1]) if paging.start < total else []
    before = {row.number: row.body_md for row in rows} if _is_cheap(rows) else {}
    reader = reader_of(request)
    shown = []
    for row in rows[: paging.per_page]:
        row.post = post
        row.render_if_old()
        shown.append(revision_json(row, before.get(row.number - 1), reader))
    return answer({"revisions": shown, **paging.envelope(total)})


@router.get(
    "/posts/{int:number}/revisions/{int:revision}",
    auth=Token("read:revision"),
    response=OneRevisionOut,
    summary="A revision",
)
def show(request: ApiRequest, number: int, revision: int) -> HttpResponse:
    found = find_revision(request, number, revision)
    found.render_if_old()
    previous = found.previous
    return answer({"revision": revision_json(found, previous.body_md if previous else None, reader_of(request))})


@router.get(
    "/posts/{int:number}/revisions/compare/{int:old}...{int:new}",
    auth=Token("read:revision"),
    response=ComparisonOut,
    summary="Compare two revisions",
)
def compare(request: ApiRequest, number: int, old: int, new: int) -> HttpResponse:
    before, after = find_revision(request, number, old), find_revision(request, number, new)
    diff = {
        "from_revision_number": old,
        "to_revision_number": new,
        "diff_html": diff_html(before.body_md, after.body_md),
        "diff_text": diff_text(before.body_md, after.body_md, f"rev{old}", f"rev{new}"),
    }
    return answer({"diff": diff})


@router.post(
    "/posts/{int:number}/revisions/{int:revision}/rollback",
    auth=Token("write:post"),
    response=PostOut,
    summary="Go back to a revision",
)
def rollback(request: ApiRequest, number: int, revision: int, body: Body[RollbackBody] = AS_EVER) -> HttpResponse:
    """Title, category, tags and text become those of the revision, as a new one."""
    wanted = find_revision(request, number, revision)
    check_place(request, wanted.category)
    given = body.post
    wanted.post.roll_back(wanted, by=request.member, wip=given.wip, message=given.message, via=request.via)
    return answer(fresh_json(request, wanted.post))


def _is_cheap(rows: list[Revision]) -> bool:
    return sum(len(row.body_md) for row in rows) <= COMPARED

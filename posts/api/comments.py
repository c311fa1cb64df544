"""Comments."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from ninja import Query, Router

from esa.api import BadRequest, Paging, answer, listed, nothing
from posts.api.authors import author
from posts.api.reading import reader_of, signing_seconds
from posts.api.schemas import ChangedCommentBody, CommentBody, CommentOut, CommentPage
from posts.json import comment_json
from posts.models import Comment
from posts.scoping import find_comment, find_post, readable_comments
from teams.door import ApiRequest, Token

router = Router(tags=["comment"])


@router.get(
    "/posts/{int:number}/comments", auth=Token("read:comment"), response=CommentPage, summary="Comments of a post"
)
def of_post(request: ApiRequest, number: int, paging: Query[Paging]) -> HttpResponse:
    """Newest update first."""
    post = find_post(request, number)
    comments, reader = readable_comments(request).filter(post=post).order_by("-updated_at", "-pk"), reader_of(request)
    return paging.of("comments", comments, lambda comment: comment_json(comment, reader, post=post))


@router.post(
    "/posts/{int:number}/comments", auth=Token("write:comment"), response={201: CommentOut}, summary="Comment on a post"
)
def create(request: ApiRequest, number: int, body: CommentBody) -> HttpResponse:
    by = author(request, body.comment.user) or request.member
    comment = find_post(request, number).comment(by=by, body_md=body.comment.body_md)
    return answer(_fresh(request, comment), 201)


@router.get("/comments", auth=Token("read:comment"), response=CommentPage, summary="Comments of a team")
def index(request: ApiRequest, paging: Query[Paging]) -> HttpResponse:
    """Newest first."""
    comments, reader = readable_comments(request).order_by("-created_at", "-pk"), reader_of(request)
    return paging.of("comments", comments, lambda comment: comment_json(comment, reader))


@router.get("/comments/{int:pk}", auth=Token("read:comment"), response=CommentOut, summary="A comment")
def show(
    request: ApiRequest,
    pk: int,
    include: str = Query("", description="`stargazers`"),
    sign_attachment_urls: str = Query("false", description="`true` or a number of seconds."),
) -> HttpResponse:
    sign_for = signing_seconds(sign_attachment_urls)
    comment = find_comment(request, pk)
    reader = reader_of(request, sign_for=sign_for, texts=[comment.body_md])
    included = listed(include) & {"stargazers"}
    if included:
        comment.shown_stars = list(comment.stars.for_display())
    return answer(comment_json(comment, reader, include=included))


@router.patch("/comments/{int:pk}", auth=Token("write:comment"), response=CommentOut, summary="Change a comment")
def update(request: ApiRequest, pk: int, body: ChangedCommentBody) -> HttpResponse:
    """For its author, and for owners."""
    comment, given = _own(request, pk), body.comment
    if not request.params.get("comment"):
        raise BadRequest("param is missing or the value is empty or invalid: comment")
    body_md = comment.body_md if given.body_md is None else given.body_md
    comment.edit(by=request.member, body_md=body_md, author=author(request, given.user))
    return answer(_fresh(request, comment))


@router.delete("/comments/{int:pk}", auth=Token("delete:comment"), response={204: None}, summary="Delete a comment")
def delete(request: ApiRequest, pk: int) -> HttpResponse:
    """For its author, and for owners."""
    _own(request, pk).remove(by=request.member)
    return nothing()


def _own(request: ApiRequest, pk: int) -> Comment:
    comment = find_comment(request, pk)
    if not comment.can_be_changed_by(request.member):
        raise PermissionDenied("Forbidden: this is somebody else's comment")
    return comment


def _fresh(request: ApiRequest, comment: Comment) -> dict[str, object]:
    return comment_json(find_comment(request, comment.pk), reader_of(request))

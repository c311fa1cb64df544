"""Stars of posts and of comments."""

from django.http import HttpResponse
from ninja import Body, Query, Router

from esa.api import Paging, nothing
from posts.api.reading import reader_of
from posts.api.schemas import StarBody, StarPage
from posts.json import star_json
from posts.models import Comment, Post
from posts.scoping import find_comment, find_post
from teams.door import ApiRequest, Token

router = Router(tags=["star"])
NO_QUOTE = StarBody()


@router.get("/posts/{int:number}/stargazers", auth=Token("read:post"), response=StarPage, summary="Who starred a post")
def of_post(request: ApiRequest, number: int, paging: Query[Paging]) -> HttpResponse:
    return _index(request, find_post(request, number), paging)


@router.post("/posts/{int:number}/star", auth=Token("write:post"), response={204: None}, summary="Star a post")
def star_post(request: ApiRequest, number: int, body: Body[StarBody] = NO_QUOTE) -> HttpResponse:
    """Perhaps with the passage that is meant; starring twice is harmless."""
    find_post(request, number).star(by=request.member, body=body.body)
    return nothing()


@router.delete("/posts/{int:number}/star", auth=Token("write:post"), response={204: None}, summary="Take a star back")
def unstar_post(request: ApiRequest, number: int) -> HttpResponse:
    find_post(request, number).unstar(by=request.member)
    return nothing()


@router.get(
    "/comments/{int:pk}/stargazers", auth=Token("read:comment"), response=StarPage, summary="Who starred a comment"
)
def of_comment(request: ApiRequest, pk: int, paging: Query[Paging]) -> HttpResponse:
    return _index(request, find_comment(request, pk), paging)


@router.post("/comments/{int:pk}/star", auth=Token("write:comment"), response={204: None}, summary="Star a comment")
def star_comment(request: ApiRequest, pk: int, body: Body[StarBody] = NO_QUOTE) -> HttpResponse:
    find_comment(request, pk).star(by=request.member, body=body.body)
    return nothing()


@router.delete("/comments/{int:pk}/star", auth=Token("write:comment"), response={204: None}, summary="Take a star back")
def unstar_comment(request: ApiRequest, pk: int) -> HttpResponse:
    find_comment(request, pk).unstar(by=request.member)
    return nothing()


def _index(request: ApiRequest, starred: Post | Comment, paging: Paging) -> HttpResponse:
    reader = reader_of(request)
    return paging.of("stargazers", starred.stars.for_display(), lambda star: star_json(star, reader))

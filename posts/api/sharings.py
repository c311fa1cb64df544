"""Sharing posts with the world."""

from django.http import HttpResponse
from ninja import Router

from esa.api import answer, nothing
from posts.api.schemas import SharingOut
from posts.scoping import find_post
from teams.door import ApiRequest, Token

router = Router(tags=["post"])


@router.post(
    "/posts/{int:number}/sharing", auth=Token("write:post"), response={201: SharingOut}, summary="Share a post"
)
def create(request: ApiRequest, number: int) -> HttpResponse:
    """Whoever has the addresses reads it, without an account."""
    post = find_post(request, number)
    post.share(by=request.member)
    return answer(post.sharing_urls, 201)


@router.delete(
    "/posts/{int:number}/sharing", auth=Token("write:post"), response={204: None}, summary="Stop sharing a post"
)
def delete(request: ApiRequest, number: int) -> HttpResponse:
    find_post(request, number).stop_sharing(by=request.member)
    return nothing()

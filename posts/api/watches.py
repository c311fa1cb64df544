"""Who hears about a post."""

from django.http import HttpResponse
from ninja import Query, Router

from esa.api import Paging, nothing
from posts.api.reading import reader_of
from posts.api.schemas import WatcherPage
from posts.json import watch_json
from posts.scoping import find_post
from teams.door import ApiRequest, Token

router = Router(tags=["watch"])


@router.get("/posts/{int:number}/watchers", auth=Token("read:post"), response=WatcherPage, summary="Who watches a post")
def index(request: ApiRequest, number: int, paging: Query[Paging]) -> HttpResponse:
    watches, reader = find_post(request, number).watches.filter(muted=False), reader_of(request)
    watches = watches.select_related("member__user").order_by("created_at", "pk")
    return paging.of("watchers", watches, lambda watch: watch_json(watch, reader))


@router.post("/posts/{int:number}/watch", auth=Token("write:post"), response={204: None}, summary="Watch a post")
def create(request: ApiRequest, number: int) -> HttpResponse:
    find_post(request, number).watch(by=request.member)
    return nothing()


@router.delete("/posts/{int:number}/watch", auth=Token("write:post"), response={204: None}, summary="Watch no more")
def delete(request: ApiRequest, number: int) -> HttpResponse:
    find_post(request, number).unwatch(by=request.member)
    return nothing()

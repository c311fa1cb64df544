"""Tags."""

from django.http import HttpResponse
from ninja import Query, Router

from esa.api import Paging
from posts.api.schemas import TagPage
from posts.scoping import readable_tags
from teams.door import ApiRequest, Token

router = Router(tags=["tag"])


@router.get("/tags", auth=Token("read:tag"), response=TagPage, summary="Tags")
def index(request: ApiRequest, paging: Query[Paging]) -> HttpResponse:
    """Most used first."""
    return paging.of("tags", readable_tags(request), lambda tag: {"name": tag.name, "posts_count": tag.count})

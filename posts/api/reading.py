"""What readers of the API get to see of a text, and posts with all that an answer about them needs."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from esa import markdown
from esa.api import BadRequest
from posts.json import Reader, as_stored, post_json
from posts.links import TeamLinks
from posts.models import Post
from posts.models.attachment import SignedTexts
from posts.scoping import find_post, readable_posts, visible_posts, with_included
from teams.door import ApiRequest
from teams.scoping import open_categories

INCLUDES = {"comments", "comments.stargazers", "stargazers"}


def reader_of(request: ApiRequest, *, sign_for: int | None = None, texts: Iterable[str] = ()) -> Reader:
    """The token's person; with addresses of files signed, if asked for, as far as `texts` name them. Stored HTML names the posts that a text links to; who may not know all of them gets fresh HTML."""
    html = as_stored if open_categories(request) is None else _Fresh(request)
    if sign_for is None:
        return Reader(request.user, html=html)
    signed = SignedTexts.of(request.team, texts, sign_for)
    return Reader(request.user, signed.markdown, lambda thing, text: signed.html(thing, html(thing, text)))


class _Fresh:
    """HTML in which only the posts that this asker reads have their titles."""

    def __init__(self, request: ApiRequest) -> None:
        self.request = request
        self.posts = visible_posts(request)

    def __call__(self, thing: Any, _html: str) -> str:
        links = TeamLinks(self.request.team, self.posts)
        options = markdown.Options(plantuml_url=settings.PLANTUML_URL)
        return markdown.render(thing.body_md, links, options=options).html


def found_posts(request: ApiRequest, keys: list[int], include: Iterable[str]) -> list[dict[str, Any]]:
    """Posts that search found, in its order, once more through the gate and now with their texts."""
    rows = with_included(request, readable_posts(request), include).in_bulk(keys)
    reader = reader_of(request)
    return [post_json(rows[key], reader, include=include) for key in keys if key in rows]


def fresh_json(request: ApiRequest, post: Post) -> dict[str, Any]:
    """A post as it is after a write."""
    return post_json(find_post(request, post.number), reader_of(request))


def signing_seconds(text: str) -> int | None:
    """`sign_attachment_urls`: for how long, None for not at all."""
    if text in {"", "false"}:
        return None
    if text == "true":
        return 60
    if text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= 604_800:
        return int(text)
    raise BadRequest("sign_attachment_urls is false, true, or a number of seconds from 1 to 604800")

"""Files by programs: sent in one request or by a form, and addresses signed for those who show members-only files."""

import time
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpResponse
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field, field_validator

from esa.api import Answer, ApiError, BadRequest, answer
from esa.uploads import FileTooLarge
from posts.models import Attachment
from posts.models.attachment import WEEK, TooLarge, key_in, signed
from posts.scoping import team_attachments
from teams.door import ApiRequest, Token

router = Router(tags=["attachment"])
UPLOADS, SECONDS = 3, 10
SIGNED_BY_GET, SIGNED_BY_POST = 10, 1000


class FileOut(Answer):
    url: str
    name: str
    size: int
    content_type: str = Field(description="As the bytes say, whatever the file calls itself.")


class AttachmentOut(Answer):
    attachment: FileOut


class EndpointOut(Answer):
    endpoint: str
    url: str


class PolicyOut(Answer):
    attachment: EndpointOut
    form: dict[str, str] = Field(description="To be sent to the endpoint as a form, with the `file` after them.")


class SignedUrlsOut(Answer):
    signed_urls: list[list[str | None]] = Field(description="Pairs; null where there is no such file.")


class SignedUrlOut(Answer):
    url: str


class AddressesBody(Schema):
    urls: list[str] = Field(description=f"Paths or addresses; at most {SIGNED_BY_POST}.")
    expires_in: int = Field(60, ge=1, le=WEEK, description="Seconds.")
    v: str | int | None = Field(None, description="Every version signs in the same way.")

    @field_validator("urls", mode="before")
    @classmethod
    def comma_list(cls, value: Any) -> Any:
        return [part for part in value.split(",") if part] if isinstance(value, str) else value


@router.post("/attachments", auth=Token("write:attachment"), response={201: AttachmentOut}, summary="Upload a file")
def create(request: ApiRequest, file: File[UploadedFile]) -> HttpResponse:
    """As multipart/form-data; `name` may give it another name. At most three in ten seconds."""
    _slow_down(request)
    name = request.params.get("name", "")
    try:
        attachment = Attachment.attach(file, by=request.member, name=name if isinstance(name, str) else "")
    except TooLarge as problem:
        raise FileTooLarge(problem.limit) from None
    shown = {
        "url": attachment.url,
        "name": attachment.name,
        "size": attachment.size,
        "content_type": attachment.content_type,
    }
    return answer({"attachment": shown}, 201)


@router.post(
    "/attachments/policies", auth=Token("write:attachment"), response=PolicyOut, summary="A form to upload a file with"
)
def policies(
    request: ApiRequest,
    name: str = Query(description="The file's name."),
    type: str = Query("", description="What it is said to be."),
    size: int = Query(0, ge=0, le=2**53, description="In bytes."),
) -> HttpResponse:
    """The older way: send the members of `form` and the `file` to the `endpoint`, without a token; it answers 204."""
    if size > request.team.largest_file:
        raise FileTooLarge(request.team.largest_file)
    attachment = Attachment.reserve(by=request.member, name=name, content_type=type)
    form = {
        "key": attachment.key,
        "policy": attachment.policy,
        "Content-Type": type or "application/octet-stream",
        "Cache-Control": "max-age=31536000",
        "Content-Disposition": f'inline; filename="{attachment.name}"',
    }
    return answer(
        {"attachment": {"endpoint": request.build_absolute_uri("/uploads"), "url": attachment.url}, "form": form}
    )


@router.get("/signed_urls", auth=Token("read:attachment"), response=SignedUrlsOut, summary="Sign a few addresses")
def sign(
    request: ApiRequest,
    urls: str = Query(description=f"Comma list of paths or addresses; at most {SIGNED_BY_GET}."),
    expires_in: int = Query(60, ge=1, le=WEEK, description="Seconds."),
    v: str = Query("", description="Every version signs in the same way."),
) -> HttpResponse:
    return _signed(request, [part for part in urls.split(",") if part], expires_in, SIGNED_BY_GET)


@router.post("/signed_urls", auth=Token("read:attachment"), response=SignedUrlsOut, summary="Sign addresses")
def sign_many(request: ApiRequest, body: AddressesBody) -> HttpResponse:
    return _signed(request, body.urls, body.expires_in, SIGNED_BY_POST)


@router.get(
    "/signed_url/{path:address}", auth=Token("read:attachment"), response=SignedUrlOut, summary="Sign one address"
)
def sign_one(request: ApiRequest, address: str) -> HttpResponse:
    """The older way; for 60 seconds."""
    found = _known(request, [address], 60)[address]
    if found is None:
        raise Http404
    return answer({"url": found})


def _signed(request: ApiRequest, addresses: list[str], seconds: int, most: int) -> HttpResponse:
    if not addresses:
        raise BadRequest("param is missing or the value is empty or invalid: urls")
    if len(addresses) > most:
        raise BadRequest(f"at most {most} urls at once")
    known = _known(request, addresses, seconds)
    return answer({"signed_urls": [[address, known[address]] for address in addresses]})


def _known(request: ApiRequest, addresses: list[str], seconds: int) -> dict[str, str | None]:
    """Each address with its signed form, if it is that of a file of this team."""
    keys = {address: key_in(address) for address in addresses}
    found = set(team_attachments(request).filter(key__in=set(keys.values()) - {""}).values_list("key", flat=True))
    return {
        address: signed(request.team.url(f"/{key}"), key, seconds) if key in found else None
        for address, key in keys.items()
    }


def _slow_down(request: ApiRequest) -> None:
    """Three uploads of a person in ten seconds, counted for all processes together."""
    window = int(time.time()) // SECONDS
    key = f"upload-rate:{request.user.pk}:{window}"
    cache.add(key, 0, 2 * SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:
        count = 1
    if count > UPLOADS:
        left = max(1, (window + 1) * SECONDS - int(time.time()))
        raise ApiError(429, "too_many_requests", f"Retry after {left} seconds.", {"Retry-After": str(left)})

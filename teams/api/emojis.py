"""Emoji: the team's own, and on request all others."""

import base64
import binascii
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from esa.api import Answer, BadRequest, answer, listed, nothing
from esa.markdown.emoji_groups import group_of
from esa.markdown.emojis import UNICODE
from teams.door import ApiRequest, Token
from teams.models.emoji import MAX_BYTES, Emoji
from teams.scoping import find_emoji, team_emojis

router = Router(tags=["emoji"])


class EmojiOut(Answer):
    code: str
    aliases: list[str]
    category: str
    raw: str | None = Field(description="The character; null for the team's own.")
    url: str | None


class EmojisOut(Answer):
    emojis: list[EmojiOut]


class CodeOut(Answer):
    code: str


class EmojiFields(Schema):
    code: str = Field(description="Without colons.")
    origin_code: str = Field("", description="Makes another name of that emoji; then no image is needed.")
    image: str = Field("", description="GIF or PNG in Base64, up to 64 KB, at least 128 × 128 pixels.")


class EmojiBody(Schema):
    emoji: EmojiFields


@router.get("/emojis", auth=Token("read:emoji"), response=EmojisOut, summary="Emoji of a team")
def index(request: ApiRequest, include: str = Query("", description="`all` adds those of Unicode.")) -> HttpResponse:
    shown = own_json(list(team_emojis(request)))
    if "all" in listed(include):
        shown += unicode_json()
    return answer({"emojis": shown})


@router.post("/emojis", auth=Token("write:emoji"), response={201: CodeOut}, summary="Make an emoji")
def create(request: ApiRequest, body: EmojiBody) -> HttpResponse:
    given = body.emoji
    file = request.FILES.get("emoji[image]")
    if given.origin_code:
        emoji = Emoji.name(given.origin_code, code=given.code, by=request.member)
    else:
        emoji = Emoji.draw(_image(given.image, file), code=given.code, by=request.member)
    return answer({"code": emoji.code}, 201)


@router.delete("/emojis/{str:code}", auth=Token("write:emoji"), response={204: None}, summary="Delete an emoji")
def delete(request: ApiRequest, code: str) -> HttpResponse:
    find_emoji(request, code).remove()
    return nothing()


def own_json(emojis: list[Emoji]) -> list[dict[str, Any]]:
    """Each picture once with all its names; other names of Unicode's emoji with the character."""
    names: dict[str, list[str]] = {}
    for emoji in emojis:
        names.setdefault(emoji.origin or emoji.code, []).append(emoji.code)
    shown = []
    for emoji in emojis:
        if emoji.file:
            aliases = sorted(names[emoji.code], key=lambda code: (code != emoji.code, code))
            shown.append(_json(emoji.code, aliases, "Custom", None, emoji.url))
        elif emoji.origin in UNICODE and not any(each.code == emoji.origin for each in emojis):
            shown.append(_json(emoji.code, [emoji.code], "Custom", UNICODE[emoji.origin], None))
    return shown


def unicode_json() -> list[dict[str, Any]]:
    codes: dict[str, list[str]] = {}
    for code, character in UNICODE.items():
        codes.setdefault(character, []).append(code)
    return [_json(names[-1], names[::-1], group_of(character), character, None) for character, names in codes.items()]


def _json(code: str, aliases: list[str], category: str, raw: str | None, url: str | None) -> dict[str, Any]:
    return {"code": code, "aliases": aliases, "category": category, "raw": raw, "url": url}


def _image(text: str, file: Any) -> bytes:
    if isinstance(file, UploadedFile):
        content: bytes = file.read(MAX_BYTES + 1)
        return content
    if not text:
        raise BadRequest("param is missing or the value is empty or invalid: emoji.image")
    try:
        return base64.b64decode(text.partition(";base64,")[2] or text, validate=False)
    except (binascii.Error, ValueError):
        raise BadRequest("emoji.image: not Base64") from None

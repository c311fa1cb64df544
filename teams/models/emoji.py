"""A team's own emoji: small pictures by a short code, and other names for emoji that exist."""

import io
import re
import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from PIL import Image

from esa import hosts
from esa.markdown.emojis import UNICODE

if TYPE_CHECKING:
    from teams.models.member import Member

CODE = re.compile(r"[a-z0-9_+-]{1,50}")
MAX_BYTES = 64 * 1024
LEAST_PIXELS, MOST_PIXELS = 128, 4096
KINDS = {"PNG": "png", "GIF": "gif"}


class EmojiQuerySet(models.QuerySet["Emoji"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """With the pictures, once the rows are gone for certain."""
        files = [file for file in self.values_list("file", flat=True) if file]
        deleted = super().delete()
        transaction.on_commit(lambda: _remove(files), robust=True)
        return deleted


class Emoji(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="emojis")
    code = models.CharField(_("code"), max_length=50)  # without colons
    origin = models.CharField(max_length=60, blank=True)  # the code that this is another name of
    file = models.CharField(max_length=200, blank=True)  # in the storage; empty for another name
    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = EmojiQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"  # the end of a team goes through delete() above
        constraints = [models.UniqueConstraint(fields=["team", "code"], name="one_emoji_per_code")]
        ordering = ["code"]

    def __str__(self) -> str:
        return f":{self.code}:"

    @classmethod
    @transaction.atomic
    def draw(cls, image: bytes, *, code: str, by: "Member") -> "Emoji":
        """A new emoji from a picture, which is kept as it is: redrawing would stop a moving one."""
        code = cls._free(code, by)
        kind = _kind(image)
        file = f"uploads/{settings.ESA_ENVIRONMENT}/emojis/{by.team_id}/{secrets.token_hex(16)}.{kind}"
        emoji = cls.objects.create(team=by.team, code=code, file=file, created_by=by)
        default_storage.save(file, ContentFile(image))
        return emoji

    @classmethod
    @transaction.atomic
    def name(cls, origin: str, *, code: str, by: "Member") -> "Emoji":
        """Another name for an emoji of the team, or of Unicode."""
        code, origin = cls._free(code, by), origin.strip().strip(":")
        known = by.team.emojis.filter(code=origin).first()
        if known is None and origin not in UNICODE:
            raise ValidationError(_("There is no emoji :%(code)s:."), "origin", {"code": origin[:50]})
        return cls.objects.create(
            team=by.team, code=code, origin=known.origin or known.code if known else origin, created_by=by
        )

    @transaction.atomic
    def remove(self) -> None:
        """With its other names. Texts that show it keep the code."""
        Emoji.objects.filter(models.Q(pk=self.pk) | models.Q(team=self.team_id, origin=self.code)).delete()

    @property
    def url(self) -> str:
        return hosts.absolute(f"/emojis/{self.team_id}/{self.file.rpartition('/')[2]}") if self.file else ""

    @classmethod
    def _free(cls, code: str, by: "Member") -> str:
        code = code.strip().strip(":")
        if not CODE.fullmatch(code):
            raise ValidationError(_("A code has 1 to 50 of the letters a to z, digits, _, + and -."), "code")
        if by.team.emojis.filter(code=code).exists():
            raise ValidationError(_("There is an emoji :%(code)s: already."), "taken", {"code": code})
        return code


def _remove(files: list[str]) -> None:
    for file in files:
        default_storage.delete(file)


def _kind(image: bytes) -> str:
    if len(image) > MAX_BYTES:
        raise ValidationError(_("The picture is too large; up to 64 KB are accepted."), "too_large")
    try:
        with Image.open(io.BytesIO(image), formats=list(KINDS)) as picture:
            (width, height), kind = picture.size, KINDS[str(picture.format)]
            if max(width, height) <= MOST_PIXELS:
                picture.load()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        raise ValidationError(_("This is not a picture we can read; use PNG or GIF."), "unreadable") from None
    if not LEAST_PIXELS <= min(width, height) <= max(width, height) <= MOST_PIXELS:
        raise ValidationError(_("The picture must have at least 128 × 128 pixels."), "size")
    return kind


def addresses(team: Any, codes: set[str]) -> dict[str, str]:
    """What each code shows: an address of a picture, or the character that it is another name of. Two queries at most."""
    found = {emoji.code: emoji for emoji in team.emojis.filter(code__in=codes)} if codes else {}
    wanted = {emoji.origin for emoji in found.values() if emoji.origin} - found.keys()
    origins = found | ({emoji.code: emoji for emoji in team.emojis.filter(code__in=wanted)} if wanted else {})
    shown = {}
    for code, emoji in found.items():
        origin = origins.get(emoji.origin)
        shown[code] = emoji.url or (origin.url if origin else UNICODE.get(emoji.origin, ""))
    return {code: url for code, url in shown.items() if url}

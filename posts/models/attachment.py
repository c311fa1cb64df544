"""Files that members put into their texts: kept under names that nobody guesses, never overwritten, known by their bytes."""

import hmac
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

import filetype
from celery import shared_task
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from PIL import Image

from posts.metadata import without_metadata

if TYPE_CHECKING:
    from teams.models import Member, Team

PICTURES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/avif": "avif",
}
"""Rasters: the only files that a browser shows in their own right. SVG and HTML are programs."""

HEAD = 8192  # bytes that say what a file is
WEEK = 604_800  # seconds: the longest time that an address may be signed for
POLICY_SECONDS = 15 * 60
SALT = "posts.attachment"
KEY = r"\d{4}/\d\d/\d\d/\d+/[0-9a-f-]{36}\.[a-z0-9]{1,8}"
"""What follows a team's folder in the name of a file."""


class TooLarge(ValidationError):
    def __init__(self, limit: int) -> None:
        self.limit, most = limit, limit // 1024 // 1024
        super().__init__(_("The file is too large; up to %(most)s MB are accepted."), "too_large", {"most": most})


class PolicyRefused(ValidationError):
    """The form of an upload is not one that we gave out, or it has been used."""

    def __init__(self) -> None:
        super().__init__(_("This upload form is not valid any more; ask for a new one."), "policy")


@dataclass(frozen=True)
class Sniffed:
    """What a file is, by its first bytes; what it calls itself does not count."""

    content_type: str
    extension: str


def sniff(head: bytes, name: str) -> Sniffed:
    kind = filetype.guess(head)
    if kind and kind.mime in PICTURES:
        return Sniffed(kind.mime, PICTURES[kind.mime])
    given = name.rpartition(".")[2].lower() if "." in name else ""
    extension = given if re.fullmatch(r"[a-z0-9]{1,8}", given) and given not in PICTURES.values() else "bin"
    if kind:
        return Sniffed(kind.mime, kind.extension if extension == "bin" else extension)
    if _is_text(head):
        return Sniffed("text/plain", "txt" if extension == "bin" else extension)
    return Sniffed("application/octet-stream", extension)


def _is_text(head: bytes) -> bool:
    """A letter of UTF-8 may be cut in two at the end."""
    if b"\x00" in head:
        return False
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


def clean_name(name: str) -> str:
    """The last part of a name, without what would break out of a header or a Markdown text."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '"<>[]`').strip(" .")
    stem, dot, extension = kept.rpartition(".")
    return (f"{stem[:180]}.{extension[:20]}" if dot else kept[:200]) or "file"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def never_filled(self) -> Self:
        """Names that were kept free for a file which never came, and which cannot come any more."""
        return self.filter(stored_at=None, created_at__lt=timezone.now() - 2 * timedelta(seconds=POLICY_SECONDS))

    def stored(self) -> Self:
        """Those whose bytes have arrived."""
        return self.exclude(stored_at=None)

    def delete(self) -> tuple[int, dict[str, int]]:
        """With the files, once the rows are gone for certain."""
        keys = list(self.stored().values_list("key", flat=True))
        deleted = super().delete()
        transaction.on_commit(lambda: _remove(keys), robust=True)
        return deleted


class Attachment(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="attachments")
    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="+")
    key = models.CharField(max_length=200, unique=True)  # in the storage, and the path of the address
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(default=0)
    content_type = models.CharField(max_length=120, default="application/octet-stream")
    width = models.PositiveIntegerField(null=True, blank=True)  # of a picture, in pixels
    height = models.PositiveIntegerField(null=True, blank=True)
    members_only = models.BooleanField(default=False)  # as the team had it then; switching leaves old files alone
    created_at = models.DateTimeField(default=timezone.now)
    stored_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"  # the end of a team goes through delete() above, which takes the files along

    def __str__(self) -> str:
        return self.name

    # --- Verbs --------------------------------------------------------------------------------------------------------

    @classmethod
    def attach(cls, file: "File[bytes] | IO[bytes]", *, by: "Member", name: str = "") -> "Attachment":
        """Store a file of a member; what it is, its bytes say."""
        called = clean_name(name or getattr(file, "name", "") or "")
        head = _head(file)
        attachment = cls._new(by, called, sniff(head, called).extension)
        attachment._store(file, head)
        attachment.save(force_insert=True)
        return attachment

    @classmethod
    def reserve(cls, *, by: "Member", name: str, content_type: str) -> "Attachment":
        """Keep a name free for a file that a form will bring."""
        called = clean_name(name)
        given = called.rpartition(".")[2].lower() if "." in called else ""
        extension = PICTURES.get(content_type) or (given if re.fullmatch(r"[a-z0-9]{1,8}", given) else "bin")
        attachment = cls._new(by, called, extension)
        attachment.content_type = content_type[:120] or attachment.content_type
        attachment.save(force_insert=True)
        return attachment

    @property
    def policy(self) -> str:
        """What lets whoever holds it bring this one file, once, soon."""
        return signing.dumps(self.key, salt=SALT)

    @classmethod
    @transaction.atomic
    def fill(cls, file: "File[bytes] | IO[bytes]", *, key: str, policy: str) -> "Attachment":
        """Store the file that a reserved name waits for; there is no second time, so nothing is ever overwritten."""
        try:
            if not hmac.compare_digest(signing.loads(policy, salt=SALT, max_age=POLICY_SECONDS), key):
                raise PolicyRefused
        except (signing.BadSignature, TypeError):
            raise PolicyRefused from None
        attachment = (
            cls.objects.select_for_update(of=("self",))
            .filter(key=key, stored_at=None, team__deleted_at=None)
            .filter(created_by__left_at=None, created_by__user__is_active=True)
            .first()
        )
        if attachment is None:
            raise PolicyRefused
        attachment._store(file, _head(file))
        attachment.save()
        return attachment

    # --- Addresses ----------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        return f"/{self.key}"

    @property
    def served_as(self) -> str:
        return "text/plain; charset=utf-8" if self.content_type == "text/plain" else self.content_type

    @property
    def disposition(self) -> str:
        """Shown in its place only if it is a raster; anything else is for the disk."""
        return f"{'inline' if self.picture else 'attachment'}; filename*=UTF-8''{quote(self.name)}"

    @property
    def url(self) -> str:
        """Absolute; readable by anybody unless the team keeps its files to members."""
        return self.team.url(self.path)

    @property
    def picture(self) -> bool:
        return self.content_type in PICTURES

    # --- Inside -------------------------------------------------------------------------------------------------------

    @classmethod
    def _new(cls, by: "Member", name: str, extension: str) -> "Attachment":
        now = timezone.now()
        folder = f"uploads/{settings.ESA_ENVIRONMENT}/attachments/{by.team_id}/{now:%Y/%m/%d}/{by.user_id or 0}"
        return cls(
            team=by.team,
            created_by=by,
            key=f"{folder}/{uuid.uuid4()}.{extension}",
            name=name,
            members_only=by.team.members_only_files,
        )

    def _store(self, file: Any, head: bytes) -> None:
        size = file.size if hasattr(file, "size") else file.seek(0, 2)
        if size > self.team.largest_file:
            raise TooLarge(self.team.largest_file)
        self.content_type = sniff(head, self.name).content_type
        if self.picture:
            file.seek(0)
            clean = without_metadata(self.content_type, file.read())
            file, size = ContentFile(clean), len(clean)
        self.size = size
        self.width, self.height = _dimensions(file) if self.picture else (None, None)
        file.seek(0)
        content = File(file, name=self.key)
        # A bucket keeps these with the file, for whoever gives it out in our place.
        content.content_type = self.served_as  # type: ignore[attr-defined]
        content.disposition = self.disposition  # type: ignore[attr-defined]
        stored = default_storage.save(self.key, content)
        if stored != self.key:  # the storage found the name taken, which for random names means that something is wrong
            default_storage.delete(stored)
            raise PolicyRefused
        self.stored_at = timezone.now()


@shared_task
def forget_unused_forms() -> None:
    """Upload forms that nobody used."""
    Attachment.objects.never_filled().delete()


def _remove(keys: list[str]) -> None:
    for key in keys:
        default_storage.delete(key)


def _head(file: Any) -> bytes:
    file.seek(0)
    head: bytes = file.read(HEAD)
    file.seek(0)
    return head


def _dimensions(file: Any) -> tuple[int | None, int | None]:
    """Read from the file's head, without decoding the picture."""
    file.seek(0)
    try:
        with Image.open(file) as picture:
            return picture.width, picture.height
    except Exception:  # a broken file makes Pillow raise almost anything
        return None, None


# --- Signed addresses -------------------------------------------------------------------------------------------------


def signature(key: str, expires: int) -> str:
    return salted_hmac(SALT, f"{key}:{expires}", algorithm="sha256").hexdigest()


def is_signed(key: str, expires: str, given: str) -> bool:
    """Whether this query opens a file of members for whoever holds it."""
    if not re.fullmatch(r"[0-9]{1,12}", expires, re.ASCII) or int(expires) < time.time():
        return False
    return hmac.compare_digest(signature(key, int(expires)), given.encode("ascii", "replace").decode())


def signed(url: str, key: str, seconds: int) -> str:
    expires = int(time.time()) + seconds
    return f"{url}?expires={expires}&signature={signature(key, expires)}"


def key_in(address: str) -> str:
    """The name in the storage that a path or an address means, or ''."""
    try:
        path = unquote(urlsplit(address.strip()).path).lstrip("/")
    except ValueError:
        return ""
    prefix = f"uploads/{settings.ESA_ENVIRONMENT}/attachments/"
    return path if path.startswith(prefix) and ".." not in path and len(path) <= 200 else ""


@dataclass(frozen=True)
class SignedTexts:
    """Signs the addresses of a team's members-only files in texts on their way out. What anybody may read stays as it is,
    and so does an address on somebody else's host, who would learn the signature."""

    named: re.Pattern[str]
    guarded: frozenset[str]  # keys
    expires: int

    @classmethod
    def of(cls, team: "Team", texts: Iterable[str], seconds: int) -> "SignedTexts":
        """Ready to sign what these texts name, found with one query."""
        folder = f"uploads/{settings.ESA_ENVIRONMENT}/attachments/{team.pk}/"
        ours = re.escape(team.url("/").partition("://")[2])
        named = re.compile(
            rf"(?:(?<=https://)|(?<=http://)){ours}(?P<there>{re.escape(folder)}{KEY})(?![\w?])"
            rf"|(?<![^\s\"'(<>=\[\]])/(?P<here>{re.escape(folder)}{KEY})(?![\w?])"
        )
        keys = {found["there"] or found["here"] for text in texts if folder in text for found in named.finditer(text)}
        guarded = team.attachments.filter(key__in=keys, members_only=True).values_list("key", flat=True) if keys else ()
        return cls(named, frozenset(guarded), int(time.time()) + seconds)

    def markdown(self, _thing: Any, text: str) -> str:
        return self._sign(text, "&")

    def html(self, _thing: Any, text: str) -> str:
        return self._sign(text, "&amp;")

    def _sign(self, text: str, ampersand: str) -> str:
        def sign(found: "re.Match[str]") -> str:
            key = found["there"] or found["here"]
            if key not in self.guarded:
                return found[0]
            return f"{found[0]}?expires={self.expires}{ampersand}signature={signature(key, self.expires)}"

        return self.named.sub(sign, text) if self.guarded else text

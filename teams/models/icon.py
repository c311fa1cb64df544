"""The picture of a person or a team: decoded, cut square, redrawn in four sizes, and served at an address that nobody can guess.

Only our own drawing is kept, so neither the place where a photograph was taken nor anything hidden in the file lives on.
"""

import io
import secrets
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

SIZES = {"thumb_s": 32, "thumb_ms": 64, "thumb_m": 128, "thumb_l": 256}
"""Squares in pixels, by the names that the API gives them."""

FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 30_000_000  # 120 MB while it is decoded


def decode(upload: IO[bytes], size: int) -> Image.Image:
    """Open a picture that somebody sent, or say what is wrong with it; what claims to be huge is refused unread."""
    if size > MAX_BYTES:
        raise ValidationError(_("The picture is too large; up to 5 MB are accepted."), "too_large")
    try:
        picture = Image.open(upload, formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise ValidationError(_("The picture has too many pixels; make it smaller first."), "too_many_pixels")
        picture.thumbnail((1024, 1024))  # decodes; a photograph comes out of it small at once
        return ImageOps.exif_transpose(picture).convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        raise ValidationError(
            _("This is not a picture we can read; use PNG, JPEG, WebP or GIF."), "unreadable"
        ) from None


class Icon(FieldFile):
    """`user.icon`: empty, or the stem of the four files."""

    @property
    def url(self) -> str:
        return self.sized("thumb_l")

    def sized(self, size: str) -> str:
        """The address of one size; our own view serves it, also where files lie in a bucket that nobody may read."""
        self._require_file()  # type: ignore[attr-defined]
        return f"/icons/pictures/{str(self.name).rpartition('/')[2]}-{size}.webp"

    def fitting(self, pixels: int) -> str:
        """The smallest that is sharp on a screen with twice as many dots."""
        return self.sized(next((size for size, edge in SIZES.items() if edge >= 2 * pixels), "thumb_l"))

    @property
    def urls(self) -> dict[str, str]:
        return {size: self.sized(size) for size in SIZES}

    def draw(self, picture: Image.Image) -> None:
        """Take a decoded picture as the icon; the row is saved by the caller, the old files go when that has happened."""
        self.erase()
        self.name = f"{self.field.upload_to}{secrets.token_hex(16)}"
        for size, pixels in SIZES.items():
            drawn = io.BytesIO()
            ImageOps.fit(picture, (pixels, pixels), Image.Resampling.LANCZOS).save(drawn, "WEBP", quality=88, method=4)
            self.storage.save(f"{self.name}-{size}.webp", ContentFile(drawn.getvalue()))
        setattr(self.instance, self.field.attname, self.name)

    def erase(self) -> None:
        """Go back to the drawn initial; the row is saved by the caller."""
        if self.name:
            files = [f"{self.name}-{size}.webp" for size in SIZES]
            transaction.on_commit(lambda: self._remove(files), robust=True)
            self.name = ""
            setattr(self.instance, self.field.attname, "")

    def _remove(self, files: list[str]) -> None:
        for file in files:
            self.storage.delete(file)


class IconField(models.FileField):
    attr_class = Icon

    if TYPE_CHECKING:

        def __get__(self, instance: Any, owner: Any) -> Any: ...

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The files are written by `draw`, not by saving the row."""
        return getattr(model_instance, self.attname)

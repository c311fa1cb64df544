"""Files for tests of uploads: good ones, and such as somebody with bad intentions would send."""

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


def picture(
    name: str = "diagram.png", kind: str = "PNG", size: tuple[int, int] = (40, 30), tail: bytes = b"", **save: Any
) -> Any:
    drawn = io.BytesIO()
    Image.new("RGB", size, (200, 90, 40)).save(drawn, kind, **save)
    return SimpleUploadedFile(name, drawn.getvalue() + tail, f"image/{kind.lower()}")


def file(name: str, content: bytes, content_type: str = "application/octet-stream") -> Any:
    return SimpleUploadedFile(name, content, content_type)

"""Pictures for tests of icons."""

import io

from PIL import Image


def png(width: int, height: int) -> bytes:
    return drawn(Image.new("RGB", (width, height), "teal"), "PNG")


def drawn(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()

"""Pictures without what a camera wrote into them: where and when they were taken, with what, and small copies of them.

The picture itself is not decoded or compressed anew: its file is copied part by part, and what only describes it is left
out. How it is to be turned stays, for browsers turn it; so do colour profiles and animations. A file that does not look
as its format says is kept as it came, for a strange picture is better than a broken one.
"""

import io
import zlib
from collections.abc import Iterator

from PIL import Image

ORIENTATION = 0x0112
PNG = b"\x89PNG\r\n\x1a\n"
PNG_DESCRIPTIONS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
WEBP_EXIF, WEBP_XMP = 0x08, 0x04
"""Flags of the header that say that these are in the file."""


class Strange(Exception):
    """Not a file of its format as we know it."""


def without_metadata(content_type: str, data: bytes) -> bytes:
    """The same picture, or the same bytes if it cannot be told how to do it safely (GIF, BMP and AVIF stay as they are)."""
    clean = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}.get(content_type)
    try:
        with Image.open(io.BytesIO(data)) as picture:
            exif = picture.getexif()
            told = (picture.size, getattr(picture, "n_frames", 1))
        if clean is None:
            return data
        turned = exif.get(ORIENTATION, 1)
        smaller = clean(data, _only_turned(turned) if turned in range(2, 9) else b"")
        with Image.open(io.BytesIO(smaller)) as picture:
            same = told == (picture.size, getattr(picture, "n_frames", 1))
    except Exception:  # a broken file makes Pillow raise almost anything
        return data
    return smaller if same else data


def _only_turned(turned: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    return exif.tobytes()


# --- JPEG: segments, each with a marker and a length; between them the lines of the picture ---------------------------


def _jpeg(data: bytes, exif: bytes) -> bytes:
    if not data.startswith(b"\xff\xd8"):
        raise Strange
    kept = [b"\xff\xd8"]
    if exif:
        kept.append(b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif)
    at = 2
    while True:
        if data[at : at + 1] != b"\xff":
            raise Strange
        while data[at + 1 : at + 2] == b"\xff":  # filling
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:  # the end; some cameras put more pictures behind it, with descriptions of their own
            return b"".join([*kept, b"\xff\xd9"])
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) or end < at + 4:
            raise Strange
        if not _describes(marker, data[at + 4 : end]):
            kept.append(data[at:end])
        at = end
        if marker == 0xDA:
            end = _end_of_lines(data, at)
            kept.append(data[at:end])
            at = end


def _describes(marker: int, content: bytes) -> bool:
    """Comments and notes of applications, but for those that say how the colours are meant."""
    if marker == 0xFE:
        return True
    colours = (0xE0, b"JFIF\x00"), (0xE2, b"ICC_PROFILE\x00"), (0xEE, b"Adobe")
    return 0xE0 <= marker <= 0xEF and not any(marker == m and content.startswith(name) for m, name in colours)


def _end_of_lines(data: bytes, at: int) -> int:
    """Where the next marker is: within the lines of a picture 0xFF is followed by 0, or by the number of a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Strange
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


# --- PNG and WebP: chunks ---------------------------------------------------------------------------------------------


def _png(data: bytes, exif: bytes) -> bytes:
    if not data.startswith(PNG):
        raise Strange
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + size
        if end > len(data):
            raise Strange
        if kind not in PNG_DESCRIPTIONS:
            kept.append(data[at:end])
        if kind == b"IHDR" and exif:
            chunk = b"eXIf" + exif.removeprefix(b"Exif\x00\x00")
            kept.append((len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big"))
        if kind == b"IEND":
            return b"".join(kept)
        at = end
    raise Strange


def _webp(data: bytes, exif: bytes) -> bytes:
    chunks = list(_chunks_of_webp(data))
    kept = []
    for kind, content in chunks:
        if kind == b"VP8X":
            flags = content[0] & ~(WEBP_EXIF | WEBP_XMP) | (WEBP_EXIF if exif else 0)
            kept.append((kind, bytes([flags]) + content[1:]))
        elif kind not in {b"EXIF", b"XMP "}:
            kept.append((kind, content))
    if exif:
        kept.append((b"EXIF", exif.removeprefix(b"Exif\x00\x00")))
    body = b"WEBP" + b"".join(
        kind + len(content).to_bytes(4, "little") + content + b"\x00" * (len(content) % 2) for kind, content in kept
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _chunks_of_webp(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or end > len(data) + 1:
        raise Strange
    at = 12
    while at + 8 <= end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        content = data[at + 8 : at + 8 + size]
        if len(content) != size:
            raise Strange
        yield data[at : at + 4], content
        at += 8 + size + size % 2

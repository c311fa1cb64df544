"""PlantUML: the defaults that every diagram gets, and the address at which a PlantUML server draws it."""

import base64
import zlib

DEFAULTS = ("skin rose", "skinparam monochrome true", "scale max 1024 width")

# Servers and proxies refuse longer addresses.
URL_LIMIT = 8_000

# PlantUML's alphabet has the same 64 places as base64, in another order.
_TO_PLANTUML = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_",
)


def complete(source: str) -> str:
    """Add the defaults, unless the author wrote a whole diagram of whatever kind (`@startuml`, `@startmindmap`)."""
    if source.lstrip().startswith("@start"):
        return source
    return "\n".join(["@startuml", *DEFAULTS, source.rstrip("\n"), "@enduml", ""])


def encode(source: str) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(source.encode()) + packer.flush()
    return base64.b64encode(packed + bytes(-len(packed) % 3)).translate(_TO_PLANTUML).decode("ascii")


def image_url(server: str, source: str) -> str | None:
    """The SVG of a diagram, or None if its source is too long for an address."""
    url = f"{server.rstrip('/')}/svg/{encode(complete(source))}"
    return url if len(url) <= URL_LIMIT else None

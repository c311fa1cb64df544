"""Anchors of headings: the heading's own words, so that `/posts/49#見出し` works and stays readable."""

import re
import unicodedata
from urllib.parse import unquote

# What may stand in a URL fragment without percent-encoding, beside letters of any script.
_UNFIT = re.compile(r"[^\w\-.~!$&'()*+,;=:@/?\u00a1-\U0010ffff]+")
_LOOSE = re.compile(r"[^\w\- ]+")
LENGTH = 100


class Anchors:
    """The anchors of one document: unique, and found again by links that spell them GitHub's way."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}
        self._loose: dict[str, str] = {}

    def add(self, text: str, chosen: str = "") -> str:
        """The anchor of the next heading: its text, or what its author chose for it."""
        slug = self.prefix + (_slug(chosen or text) or "section")
        anchor, number = slug, self._next.get(slug, 1)
        while anchor in self._taken:
            anchor, number = f"{slug}-{number}", number + 1
        self._next[slug] = number
        self._taken.add(anchor)
        loose = _loosely(text)
        if loose in self._loose:
            loose = _loosely(anchor.removeprefix(self.prefix))
        self._loose.setdefault(loose, anchor)
        return anchor

    def find(self, fragment: str) -> str | None:
        """The anchor that a link to `#fragment` in the same document means."""
        wanted = unicodedata.normalize("NFC", unquote(fragment))
        if self.prefix + wanted in self._taken:
            return self.prefix + wanted
        return self._loose.get(_loosely(wanted))


def _slug(text: str) -> str:
    words = "-".join(unicodedata.normalize("NFC", text).split())
    return _UNFIT.sub("", words)[:LENGTH]


def _loosely(text: str) -> str:
    return _LOOSE.sub("", text.strip().lower()).replace(" ", "-")

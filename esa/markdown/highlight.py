"""Highlighting of code by Pygments, remembered because most code does not change between two renderings."""

import html
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import LEXERS, find_lexer_class
from pygments.token import STANDARD_TYPES, _TokenType

SIZE_LIMIT = 50_000
SECONDS_LIMIT = 1.0
CACHE_BYTES = 16 * 1024 * 1024

_LINES = re.compile(r"[^\n]*\n|[^\n]+")

# Pygments' own look-up by name also asks every installed package for plug-ins, which is slow for names it has not got.
_NAMES = {alias.lower(): name for _, name, aliases, _, _ in LEXERS.values() for alias in aliases}
# Languages that people name in another way than Pygments does.
_NAMES |= {
    "jsonc": "JSON",
    "mts": "TypeScript",
    "cts": "TypeScript",
    "env": "Bash",
    "dotenv": "Bash",
    "zshrc": "Bash",
    "plpgsql": "PL/pgSQL",
    "vue-html": "HTML",
    "cmd": "Batchfile",
}


def highlight(code: str, language: str) -> str:
    """HTML of `code`: spans with Pygments' short class names, or only escaped text if that is not possible."""
    return "".join(highlight_lines(code, language))


def highlight_lines(code: str, language: str) -> list[str]:
    """The same line by line, each with its line end; no span crosses a line."""
    lexer = _lexer(language.lower())
    if lexer is None or len(code) > SIZE_LIMIT:
        return [escape(line) for line in split_lines(code)]
    key = (language, code)
    lines = _cache.get(key)
    if lines is None:
        lines = tuple(_lines(code, lexer))
        _cache.put(key, lines)
    return list(lines)


def split_lines(text: str) -> list[str]:
    """The lines of a text with their line ends; unlike `splitlines`, only a newline ends a line."""
    return _LINES.findall(text)


def escape(text: str) -> str:
    return html.escape(text, quote=False)


@lru_cache(maxsize=512)
def _lexer(language: str) -> Lexer | None:
    name = _NAMES.get(language)
    found = find_lexer_class(name) if name else None
    return found(stripnl=False, ensurenl=False) if found else None


def _lines(code: str, lexer: Lexer) -> Iterator[str]:
    deadline = time.thread_time() + SECONDS_LIMIT
    line: list[str] = []
    for count, (kind, text) in enumerate(lexer.get_tokens(code)):
        # A lexer that an author has found a slow text for is given up: the code is shown without colours.
        if count % 256 == 255 and time.thread_time() > deadline:
            yield from (escape(plain) for plain in split_lines(code))
            return
        css = _class_of(kind)
        for piece in split_lines(text):
            line.append(f'<span class="{css}">{escape(piece)}</span>' if css else escape(piece))
            if piece.endswith("\n"):
                yield "".join(line)
                line.clear()
    if line:
        yield "".join(line)


@lru_cache(maxsize=1024)
def _class_of(kind: _TokenType) -> str:
    known: _TokenType | None = kind
    while known is not None and known not in STANDARD_TYPES:
        known = known.parent
    css = STANDARD_TYPES[known] if known else ""
    # White space and plain names look like the code around them.
    return "" if css in ("w", "n") else css


class _Cache:
    """The most recently used results, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> tuple[str, ...] | None:
        with self._lock:
            lines = self._kept.get(key)
            if lines is not None:
                self._kept.move_to_end(key)
            return lines

    def put(self, key: tuple[str, str], lines: tuple[str, ...]) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = lines
                self._size += _size(key, lines)
            while self._size > self.limit:
                oldest, dropped = self._kept.popitem(last=False)
                self._size -= _size(oldest, dropped)


def _size(key: tuple[str, str], lines: tuple[str, ...]) -> int:
    # About what the strings take; Japanese text takes two bytes a character.
    return 2 * (len(key[1]) + sum(map(len, lines))) + 80 * len(lines) + 400


_cache = _Cache(CACHE_BYTES)

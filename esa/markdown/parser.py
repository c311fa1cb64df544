"""The Markdown parser and its limits: comrak, with the options that make our dialect."""

import re
import threading
from collections.abc import Callable
from typing import TypeVar

import comrak

T = TypeVar("T")

EXTENSIONS = comrak.ExtensionOptions(
    table=True,
    strikethrough=True,
    autolink=True,
    tasklist=True,
    footnotes=True,
    alerts=True,
    math_dollars=True,
    cjk_friendly_emphasis=True,
)
# escaped_char_spans keeps `\@alice` apart from `@alice`. sourcepos_chars must stay off: it is quadratic.
PARSING = comrak.ParseOptions(escaped_char_spans=True)
# unsafe_ is right: raw HTML may open in one node and close in another, so only the whole output can be sanitised.
RENDERING = comrak.RenderOptions(
    hardbreaks=True, unsafe_=True, sourcepos=True, full_info_string=True, tasklist_classes=True
)

# In characters of source. Longer texts are shown as they are.
SOURCE_LIMIT = 1_000_000

# The binding walks the tree by recursion on the C stack: what nests too deep would kill the process, not raise.
# On 8 MB it survives 10,000 levels, on the 1 MB of a small thread 2,000.
CONTAINER_LIMIT = 1_000
ORDINARY_DELIMITERS = 1_000
DELIMITER_LIMIT = 60_000
ROOMY_STACK = 256 * 1024 * 1024

# Each container (quote, list item, footnote) takes at least one column at the start of each of its lines.
_CONTAINERS = re.compile(
    r"^(?:[ \t]*+(?:>|[-*+](?=[ \t])|[0-9]{1,9}[.)](?=[ \t])|\[\^[^\]\s]{1,1000}\]:))++", re.MULTILINE
)
# Delimiters that may nest; runs inside a word close each other unless they are long.
_OPENERS = re.compile(r"[*_]{3,}+|(?<![A-Za-z0-9])[*_~]{1,2}+(?=\S)|!\[")

_SURROGATES = re.compile(r"[\ud800-\udfff]")

_stack_size = threading.Lock()


class TooDeep(ValueError):
    """The text nests deeper than any stack allows."""


class TooLarge(ValueError):
    """The text, or the page it would make, is larger than we show."""


def parse(source: str) -> comrak.AstNode:
    return comrak.parse_document(source, EXTENSIONS, PARSING, RENDERING)


def write(root: comrak.AstNode) -> str:
    return comrak.format_html(root, EXTENSIONS, PARSING, RENDERING)


def readable(source: str) -> str:
    """Replace halves of surrogate pairs, which UTF-8 cannot hold, by a character of as many bytes."""
    return _SURROGATES.sub("\ufffd", source)


def with_enough_stack(source: str, work: Callable[[], T]) -> T:
    """Do `work`, which parses `source`, where the stack is large enough for it; raise `TooDeep` if none would be."""
    delimiters = _delimiters(source)
    if delimiters > DELIMITER_LIMIT or _containers(source) > CONTAINER_LIMIT:
        raise TooDeep
    return _on_a_roomy_stack(work) if delimiters > ORDINARY_DELIMITERS else work()


def _containers(source: str) -> int:
    """The most containers that a line could be in."""
    if len(source) < CONTAINER_LIMIT:
        return 0
    return max((len(match[0].expandtabs(4)) for match in _CONTAINERS.finditer(source)), default=0)


def _delimiters(source: str) -> int:
    """The most emphasis and image delimiters that one block could nest: never too few, often far too many."""
    if len(source) < ORDINARY_DELIMITERS:
        return 0
    return max(sum(map(len, _OPENERS.findall(block))) for block in source.split("\n\n"))


def _on_a_roomy_stack(work: Callable[[], T]) -> T:
    """Run `work` in a thread of its own; its stack is only reserved, memory is taken as it is used."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    # The size is a setting of the whole process, so it is set back as soon as our thread has started.
    with _stack_size:
        before = threading.stack_size(ROOMY_STACK)
        try:
            thread = threading.Thread(target=run, name="markdown")
            thread.start()
        finally:
            threading.stack_size(before)
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]

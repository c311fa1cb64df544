"""What kind of text the lines of a document hold, for those who change a text without rendering it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import comrak

from esa.markdown.parser import SOURCE_LIMIT, TooDeep, parse, readable, with_enough_stack

Kind = Literal["text", "heading", "row", "code", "html"]

_KINDS: dict[type, Kind] = {
    comrak.Paragraph: "text",
    comrak.Heading: "heading",
    comrak.TableRow: "row",
    comrak.CodeBlock: "code",
    comrak.HtmlBlock: "html",
}


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of a block that holds no other; headings come in the order of a rendering's table of contents."""

    kind: Kind
    first: int  # from 0
    last: int


def blocks(source: str) -> list[Block]:
    """The innermost blocks in the order of the text; none of a text that is shown as it is."""
    text = readable(source)
    try:
        return with_enough_stack(text, lambda: list(_blocks(text))) if len(text) <= SOURCE_LIMIT else []
    except TooDeep:
        return []


def _blocks(text: str) -> Iterator[Block]:
    stack = [parse(text)]
    while stack:
        node = stack.pop()
        kind = _KINDS.get(type(node.node_value))
        if kind:
            yield Block(kind, node.sourcepos.start.line - 1, node.sourcepos.end.line - 1)
        else:
            stack.extend(reversed(node.children))

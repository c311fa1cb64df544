"""HTML as a tree of plain tuples, so that tests compare what a page means and not how it is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from esa.markdown.sanitizer import names

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BLOCKS = names(
    "address article aside blockquote body caption col colgroup dd details div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead"
    " tr ul"
)


@dataclass
class Element:
    """A tag with its attributes and what is inside it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self) -> "Iterator[Element]":
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.all()

    def find(self, tag: str, css: str = "") -> "list[Element]":
        return [element for element in self.all() if element.tag == tag and (not css or css in element.classes)]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]
        self.unbalanced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open[-1].tag == tag:
            self.open.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Element:
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def unbalanced(html: str) -> list[str]:
    """The tags that are closed without being open, or open at the end."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.unbalanced + [element.tag for element in builder.open[1:]]


def normal(html: str, change: Callable[[Element], "list[Element | str]"] = lambda element: [element]) -> object:
    """A page reduced to what it means: white space that no browser shows is gone, `change` may replace elements."""
    root = parse(html)
    return tuple(_normal(_changed(root.children, change), pre=False))


def _changed(
    children: "list[Element | str]", change: Callable[[Element], "list[Element | str]"]
) -> "list[Element | str]":
    out: list[Element | str] = []
    for child in children:
        if isinstance(child, Element):
            child.children = _changed(child.children, change)
            out.extend(change(child))
        else:
            out.append(child)
    return out


def _normal(children: "list[Element | str]", *, pre: bool) -> list[object]:
    joined: list[Element | str] = []
    for child in children:
        if isinstance(child, str) and joined and isinstance(joined[-1], str):
            joined[-1] += child
        else:
            joined.append(child)
    out: list[object] = []
    for index, child in enumerate(joined):
        if isinstance(child, Element):
            inner = _normal(child.children, pre=pre or child.tag == "pre")
            out.append((child.tag, tuple(sorted(child.attributes.items())), tuple(inner)))
        else:
            text = child if pre else " ".join(f"|{child}|".split())[1:-1]
            if not pre and (index == 0 or _block(joined[index - 1])):
                text = text.lstrip()
            if not pre and (index == len(joined) - 1 or _block(joined[index + 1])):
                text = text.rstrip()
            if text:
                out.append(text)
    return out


def _block(child: "Element | str") -> bool:
    return isinstance(child, Element) and (child.tag in BLOCKS or child.tag == "br")

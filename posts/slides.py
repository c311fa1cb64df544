"""A post as slides: a new one at each rule, or where there is none, at each heading of the two highest levels."""

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HEADINGS = {"h1", "h2"}


class _Cuts(HTMLParser):
    """Where rules and headings stand that are in no other element."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.depth = 0
        self.rules: list[tuple[int, int]] = []
        self.headings: list[tuple[int, int]] = []
        self.starts = [0]
        for line in html.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        at = self.starts[line - 1] + column
        if self.depth == 0 and tag == "hr":
            self.rules.append((at, at + len(self.get_starttag_text() or "")))
        elif self.depth == 0 and tag in HEADINGS:
            self.headings.append((at, at))
        if tag not in VOID:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.depth -= 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.depth = max(0, self.depth - 1)


def split(html: str) -> list[str]:
    """Our sanitised HTML in pieces, none of them empty, unless there is nothing at all."""
    cuts = _Cuts(html)
    at, pieces = 0, []
    for end, start in cuts.rules or cuts.headings:
        pieces.append(html[at:end])
        at = start
    pieces.append(html[at:])
    return [piece for piece in pieces if piece.strip()] or [""]

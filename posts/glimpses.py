"""The first lines of a post as plain text: what a card beside a link, or a chat, shows of it."""

import html
import re

LOOKED_AT = 12_000
"""Characters of HTML; a picture of a diagram may take some thousand."""

LINES, LENGTH = 5, 300
UNREAD = re.compile(r"<(script|style|svg|math|template)\b.*?(?:</\1>|\Z)", re.S)
BREAK = re.compile(r"<(?:br|/p|/li|/h[1-6]|/tr|/pre|/summary|/dt|/dd|/figcaption)\b[^>]*>")
TAG = re.compile(r"<[^>]*(?:>|\Z)")


def first_lines(body_html: str) -> str:
    """From HTML that is fit for whoever reads it: titles that it leaves out are left out here."""
    text = UNREAD.sub("", body_html[:LOOKED_AT])
    # Line ends inside a paragraph are spaces to whoever reads the page.
    text = html.unescape(TAG.sub("", BREAK.sub("\n", text.replace("\n", " "))))
    lines = [line for line in (" ".join(line.split()) for line in text.split("\n")) if line][:LINES]
    words = "\n".join(lines)
    return words if len(words) <= LENGTH else f"{words[: LENGTH - 1].rstrip()}…"

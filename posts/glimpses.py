"""What is shown of a post or a comment elsewhere: its first lines as plain text on a card or in a chat, its beginning in a mail."""

import html
import re
from urllib.parse import urljoin

import nh3
from django.utils.safestring import SafeString, mark_safe

LOOKED_AT = 12_000
"""Characters of HTML; a picture of a diagram may take some thousand."""

LINES, LENGTH = 5, 300
UNREAD = re.compile(r"<(script|style|svg|math|template)\b.*?(?:</\1>|\Z)", re.S)
BREAK = re.compile(r"<(?:br|/p|/li|/h[1-6]|/tr|/pre|/summary|/dt|/dd|/figcaption)\b[^>]*>")
TAG = re.compile(r"<[^>]*(?:>|\Z)")

MAILED = 10_000
"""Characters of HTML that a mail may carry; some programs cut off a message of 100 kB."""

MAIL_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "strong", "em", "b", "i", "del", "code", "sub", "sup"),
}
MAIL_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
PICTURE = re.compile(r'<img\b[^>]*?\balt="([^"]*)"[^>]*>')
BOX = re.compile(r'<input type="checkbox"([^>]*)>')


def for_mail(body_html: str, address: str) -> SafeString:
    """With the marks that every mail program knows, and links that lead somewhere from there; pictures are their words."""
    if len(body_html) > MAILED:
        body_html = f"{body_html[:MAILED].rpartition(chr(10))[0]}<p>…</p>"  # what is open there is closed below
    body_html = BOX.sub(lambda box: "☑" if "checked=" in box[1] else "☐", PICTURE.sub(r"\1", body_html))
    return mark_safe(  # noqa: S308 - cleaned here
        nh3.clean(
            body_html,
            tags=MAIL_TAGS,
            clean_content_tags={"script", "style", "svg", "math", "template"},
            attributes=MAIL_ATTRIBUTES,
            attribute_filter=lambda _tag, name, value: urljoin(address, value) if name == "href" else value,
            link_rel=None,
        )
    )


def first_lines(body_html: str) -> str:
    """From HTML that is fit for whoever reads it: titles that it leaves out are left out here."""
    text = UNREAD.sub("", body_html[:LOOKED_AT])
    # Line ends inside a paragraph are spaces to whoever reads the page.
    text = html.unescape(TAG.sub("", BREAK.sub("\n", text.replace("\n", " "))))
    lines = [line for line in (" ".join(line.split()) for line in text.split("\n")) if line][:LINES]
    words = "\n".join(lines)
    return words if len(words) <= LENGTH else f"{words[: LENGTH - 1].rstrip()}…"

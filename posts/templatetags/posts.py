"""How templates show posts: names with emoji, category addresses, crumbs, contents. Presentation only."""

from typing import Any, Literal

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.urls import get_urlconf, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from esa import markdown
from esa.templatetags.esa import ago, optional_url
from posts import title
from posts.diff import Span, spans_html
from posts.models import Comment, Post, SavedSearch
from teams.models import Member

register = template.Library()

ROWS_REMEMBERED = 5_000
"""About 10 MB of each process."""


@register.filter
def name_html(name: str) -> SafeString:
    """A post's name, or a category's, as people see it: escapes undone, emoji drawn."""
    return mark_safe(markdown.render_inline(name))  # noqa: S308 - escaped by render_inline


@register.filter
def name_text(name: str) -> str:
    """The same as plain text, for <title> and attributes."""
    return title.unescape(name)


@register.filter
def category_url(path: str) -> str:
    return reverse("category", args=[path]) if path else reverse("uncategorized")


@register.filter
def tag_url(tag: str) -> str:
    return f"{reverse('posts')}?{urlencode({'tag': tag})}"


@register.filter
def author_url(member: Member) -> str:
    return f"{reverse('posts')}?{urlencode({'user': member.handle})}"


@register.simple_tag(takes_context=True)
def watching(context: Context, category: str = "", search: SavedSearch | None = None) -> bool:
    """Whether the reader hears of what is shipped there; one query per page."""
    request = context["request"]
    if not hasattr(request, "watched_places"):
        mine = request.member.place_watches.values_list("category", "search") if request.member else ()
        request.watched_places = set(mine)
    return (category, search.pk if search else None) in request.watched_places


@register.simple_tag
def post_here_url(prefix: str) -> str:
    """The editor, with a category already in the title; "" where there is none."""
    editor = optional_url("post_new")
    return f"{editor}?{urlencode({'category_path': prefix})}" if editor else ""


@register.filter
def changeable_by(comment: Comment, member: Member | None) -> bool:
    return comment.can_be_changed_by(member)


@register.filter
def as_prefix(path: str) -> str:
    """A category as the editor takes it: /a/b/."""
    return f"/{path}/" if path else "/"


@register.filter
def crumbs(path: str) -> list[tuple[str, str]]:
    """(name, address) of a category and all above it, topmost first."""
    return [(step.rpartition("/")[2], category_url(step)) for step in [*title.ancestors(path), path]] if path else []


@register.filter
def contents(toc: list[dict[str, Any]]) -> SafeString:
    """The table of contents as nested lists; a jump from h1 to h3 goes one step in."""
    html: list[SafeString] = []
    levels: list[int] = []
    for heading in toc:
        level = heading["level"]
        while len(levels) > 1 and levels[-2] >= level:
            levels.pop()
            html.append(SafeString("</li></ol>"))
        if levels and levels[-1] >= level:
            levels[-1] = level
            html.append(SafeString("</li>"))
        else:
            levels.append(level)
            html.append(SafeString("<ol>"))
        html.append(format_html('<li><a href="#{}">{}</a>', heading["anchor"], heading["text"]))
    return SafeString("".join([*html, "</li></ol>" * len(levels)]))


@register.simple_tag
def post_row(post: Post, where: bool = True) -> SafeString:
    """A post's line in a list. The same line is drawn once: what stands in it is what it is remembered by."""
    writer = post.created_by
    account = writer.user
    seen = (
        *(post.number, post.category if where else None, post.archived, post.name, *post.tags, None, post.wip),
        *(post.tasks_count, post.done_tasks_count, post.comments_count, post.stars_count),
        *(bool(post.stars_count) and post.starred, post.updated_at, ago(post.updated_at)),
        *(writer.display_name, writer.handle, str(account.icon) if account else ""),
        *(translation.get_language(), timezone.get_current_timezone_name(), get_urlconf(), settings.DEBUG),
    )
    drawn = _drawn_rows.get(seen)
    if drawn is None:
        if len(_drawn_rows) >= ROWS_REMEMBERED:
            _drawn_rows.clear()
        context = {"post": post, "hide_category": not where}
        drawn = _drawn_rows[seen] = SafeString(get_template("posts/posts/_row.html").render(context))
    return drawn


_drawn_rows: dict[tuple[object, ...], SafeString] = {}


@register.filter
def marked(spans: list[Span], tag: Literal["del", "ins"]) -> SafeString:
    """A line of a diff with what changed in it inside <del> or <ins>."""
    return spans_html(spans, tag)

"""What templates of every app need: icons, faces, times, module addresses and links that may not exist. Presentation only."""

import json
import zlib
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.base import Node, Parser, Token
from django.templatetags.i18n import do_translate
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from esa import hosts
from esa.models import Backup

register = template.Library()

STATIC = Path(__file__).resolve().parent.parent / "static"
AVATAR_SIZES = (16, 20, 24, 32, 40, 64, 96)
DYES = 8
"""Both as avatar.css has them."""


class Words(Node):
    """A text of a template in the reader's language."""

    def __init__(self, text: str, name: str | None) -> None:
        self.text, self.name = text.replace("%", "%%"), name  # as they are in the catalogue

    def render(self, context: Context) -> SafeString:
        words = mark_safe(_(self.text).replace("%%", "%"))  # noqa: S308 - what templates say is ours
        if self.name is None:
            return words
        context[self.name] = words
        return SafeString()


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    """Django's tag. It takes a plain text for a variable with filters, which for the hundred of a page is a tenth of its time."""
    node = do_translate(parser, token)
    expression = node.filter_expression
    text = getattr(expression.var, "literal", None)
    if not isinstance(text, str) or expression.filters or node.noop or node.message_context:
        return node
    return Words(text, node.asvar)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing from the sprite; with a label it speaks, without one it is decoration."""
    return drawing(name, label) if settings.DEBUG else cached_drawing(name, label)


def drawing(name: str, label: str) -> SafeString:
    address = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


cached_drawing = lru_cache(1000)(drawing)


@register.simple_tag
def avatar(who: Any, size: int = 24, label: bool = False) -> SafeString:
    """The face of a user, member or team: the picture they chose, else their first letter on a colour that stays theirs."""
    named = f"avatar--{min((s for s in AVATAR_SIZES if s >= size), default=AVATAR_SIZES[-1])}"
    name = str(who or "?")
    picture = getattr(getattr(who, "user", None) or who, "icon", None)
    if picture:
        return format_html(
            '<img class="avatar {}" src="{}" alt="{}" width="{}" height="{}" loading="lazy" decoding="async">',
            *(named, picture.fitting(size), name if label else "", size, size),
        )
    voice = format_html('role="img" aria-label="{}"', name) if label else mark_safe('aria-hidden="true"')
    dye = zlib.crc32(name.encode()) % DYES
    return format_html('<span class="avatar {} avatar--dye-{}" {}>{}</span>', named, dye, voice, name[:1])


@register.simple_tag
def time_tag(when: datetime | None, style: str = "relative") -> SafeString | str:
    """A moment in the reader's zone: "relative" ("3 hours ago", then a date), "date" or "datetime"; the whole of it on hover."""
    if when is None:
        return ""
    local = timezone.localtime(when)
    full = _formatted(local.replace(second=0, microsecond=0), "DATETIME_FORMAT", translation.get_language())
    if style == "relative":
        words = ago(when)
    else:
        words = full if style == "datetime" else formats.date_format(local, "DATE_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}" data-controller="local-time" data-style="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        full,
        style,
        words,
    )


@lru_cache(10_000)
def _formatted(local: datetime, style: str, _language: str | None) -> str:
    """A moment in words; its own zone is part of it. No format of ours shows seconds."""
    return formats.date_format(local, style)


@register.filter
def ago(when: datetime) -> str:
    """How long ago in one unit; after a week the date says more than a number."""
    passed = timezone.now() - when
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", minutes) % {"count": minutes}
    if minutes < 24 * 60:
        hours = minutes // 60
        return ngettext("%(count)d hour ago", "%(count)d hours ago", hours) % {"count": hours}
    if passed < timedelta(days=7):
        return ngettext("%(count)d day ago", "%(count)d days ago", passed.days) % {"count": passed.days}
    day = timezone.localtime(when).replace(hour=0, minute=0, second=0, microsecond=0)
    return _formatted(day, "DATE_FORMAT", translation.get_language())


@register.simple_tag
def optional_url(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a page, or "" on a host that has no such page (the base domain has no posts)."""
    if args or kwargs:
        return _url_or_nothing(name, args, kwargs)
    return _plain_url(name, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


def _url_or_nothing(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""


@lru_cache(1000)
def _plain_url(name: str, _urlconf: str, _prefix: str) -> str:
    """The sidebar asks for the same twenty on every page."""
    return _url_or_nothing(name, (), {})


@register.simple_tag(takes_context=True)
def nav_item(
    context: Context, name: str, label: str, symbol: str, q: str = "", hotkey: str = "", count: int | None = None
) -> SafeString | str:
    """A line of the sidebar: a page, or a saved question to the list of posts; hidden where the page does not exist."""
    request = context.get("request")
    path = optional_url(name)
    asked = request.GET.get("q", "") if request else ""
    current = bool(
        request
        and path
        and asked == q
        and (request.path == path or (not q and path != "/" and request.path.startswith(f"{path}/")))
    )
    if not path:
        return ""
    return (_line if settings.DEBUG else _cached_line)(path, label, symbol, q, hotkey, count, current)


def _line(path: str, label: str, symbol: str, q: str, hotkey: str, count: int | None, current: bool) -> SafeString:
    keys = (
        format_html(' data-controller="hotkey" data-hotkey="{}" data-hotkey-label="{}"', hotkey, label)
        if hotkey
        else ""
    )
    return format_html(
        '<li><a class="nav__item" href="{}"{}{}>{} {}{}</a></li>',
        f"{path}?{urlencode({'q': q})}" if q else path,
        SafeString(' aria-current="page"') if current else "",
        keys,
        icon(symbol),
        label,
        "" if count is None else format_html(' <span class="count">{}</span>', count),
    )


_cached_line = lru_cache(1000, typed=True)(_line)  # a label is escaped unless its type says that it is safe


@register.simple_tag
def base_url(path: str = "/") -> str:
    """An address on the base domain, where accounts and the list of teams are."""
    return hosts.base_url(path)


@register.simple_tag
def team_url(name: str, path: str = "/") -> str:
    """An address on a team's own host."""
    return hosts.team_url(name, path)


@register.simple_tag(takes_context=True)
def import_map(context: Context) -> SafeString:
    """Tell the browser where each module is: `import("controllers/menu")` gets the hashed file."""
    nonce = getattr(context.get("request"), "csp_nonce", "")
    text = module_map() if settings.DEBUG else cached_module_map()
    return format_html('<script type="importmap" nonce="{}">{}</script>', nonce, mark_safe(text))  # noqa: S308 - our own file names


def module_addresses() -> dict[str, str]:
    """Our modules by their path under js/, and the entry points of the bundles with their style sheets."""
    ours = {str(path.relative_to(STATIC / "js").with_suffix("")): path for path in (STATIC / "js").rglob("*.js")}
    # In the image they lie where static files are collected, beside their hashed copies (editor.0123456789ab.js).
    root = STATIC if (STATIC / "bundles").is_dir() else Path(settings.STATIC_ROOT)
    found = [path.relative_to(root) for path in (root / "bundles").glob("*.*") if "." not in path.stem]
    bundles = {f"bundles/{path.stem}": path for path in found if path.suffix == ".js"}
    if settings.DEBUG:  # the single modules are served, so that a change shows at once
        bundles.pop("bundles/behaviours", None)
    styles = {f"bundles/{path.name}": path for path in found if path.suffix == ".css"}  # import.meta.resolve finds them
    addresses = {name: path.relative_to(STATIC) for name, path in ours.items()} | bundles | styles
    return {name: static(path.as_posix()) for name, path in sorted(addresses.items())}


def module_map() -> str:
    return json.dumps({"imports": module_addresses()}, separators=(",", ":")).replace("<", "\\u003c")


cached_module_map = cache(module_map)


@register.simple_tag
def last_proven_backup() -> Backup | None:
    """For the operators' front page."""
    return Backup.last_proven()

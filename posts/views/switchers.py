"""The quick switcher: posts by name, what was touched last, and commands, from the keyboard."""

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import override

from esa.templatetags.esa import optional_url
from posts.scoping import listed_posts, visible_posts
from posts.search import suggestions
from posts.search.text import needle, norm
from teams.decorators import member_required
from teams.http import MemberRequest

LIMIT = 8
RECENT = 6


class Command(NamedTuple):
    label: str
    url: str
    symbol: str


@member_required
def show(request: MemberRequest) -> HttpResponse:
    """The page for those without a script; the list alone for the dialog."""
    typed = request.GET.get("q", "").strip()[:200]
    context: dict[str, Any] = {"typed": typed, "posts": [], "recent": [], "commands": _commands(request, typed)}
    if typed:
        context["posts"] = suggestions.by_name(request, typed, limit=LIMIT)
        number = typed.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 10:
            context["posts"] = [*visible_posts(request).for_list().filter(number=int(number)), *context["posts"]]
    else:
        context["recent"] = listed_posts(request).order_by("-updated_at", "-pk")[:RECENT]
    template = "posts/searches/_switcher_list.html" if request.htmx else "posts/searches/switcher.html"
    return render(request, template, context)


def _commands(request: MemberRequest, typed: str) -> list[Command]:
    """Where one can go: by the words of one's language or the English ones."""
    here, english = _labels(), []
    with override("en"):
        english = _labels()
    wanted = needle(typed)
    commands = []
    for (name, label, symbol), (_name, other, _symbol) in zip(here, english, strict=True):
        url = optional_url(name)
        if url and (not wanted or wanted in norm(label) or wanted in norm(other)):
            commands.append(Command(label, url, symbol))
    return commands if request.member.is_owner else [each for each in commands if each.symbol != "settings"]


def _labels() -> list[tuple[str, str, str]]:
    return [
        ("post_new", _("New post"), "edit"),
        ("home", _("Home"), "home"),
        ("posts", _("Posts"), "files"),
        ("tags", _("Tags"), "tag"),
        ("members", _("Members"), "users"),
        ("activity", _("Activity"), "activity"),
        ("notifications", _("Notifications"), "bell"),
        ("saved_searches", _("Saved searches"), "search"),
        ("search_help", _("Search help"), "help"),
        ("bin", _("Bin"), "trash"),
        ("team_settings", _("Settings"), "settings"),
    ]

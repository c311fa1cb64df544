"""What the editor offers while somebody types: members, emoji, posts, and the categories and tags of the title field."""

import re
from collections.abc import Callable

from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from esa.markdown.emojis import UNICODE
from posts import title
from posts.models import Post
from posts.scoping import listed_posts, readable_categories, readable_tags
from posts.search.results import quoted, search
from teams.decorators import member_required
from teams.http import MemberRequest
from teams.scoping import team_emojis, team_groups, team_members

SHOWN = 12
ASKED = 100
"""Characters of a question that are looked at; a title field may be longer than that."""

NUMBER_DIGITS = 10
BEGUN_TAG = re.compile(r"(?:^|\s)#(?P<tag>[^\s/#]*)\Z")

Option = dict[str, str]


@require_GET
@member_required
def index(request: MemberRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    text = request.GET.get("q", "").replace("\x00", "")
    return JsonResponse(KINDS[kind](request, text), safe=False)


def _members(request: MemberRequest, text: str) -> list[Option]:
    """Whom one can call: groups by the beginning of their name, then members."""
    groups = team_groups(request).filter(name__startswith=text[:ASKED].lower())[:SHOWN]
    called = [{"value": f"{each}", "label": f"{each}", "hint": each.description or _("Group")} for each in groups]
    return called + _people(request, text)


def _people(request: MemberRequest, text: str) -> list[Option]:
    """Members whose screen name begins with it, or whose name holds it."""
    text = text[:ASKED]
    named = Q(user__screen_name__istartswith=text) | Q(user__name__icontains=text)
    members = team_members(request).filter(named).order_by("user__screen_name")[:SHOWN]
    return [{"value": f"@{each.handle}", "label": f"@{each.handle}", "hint": each.display_name} for each in members]


def _emoji(request: MemberRequest, text: str) -> list[Option]:
    """Emoji by short code, the team's own before the others; `@` asks for members' faces."""
    text = text[:ASKED].lower()
    if text.startswith("@"):
        return [option | {"value": f":{option['value']}:"} for option in _people(request, text[1:])]

    def fits(code: str) -> tuple[bool, int, str]:
        """Those that begin with it first."""
        return not code.startswith(text), len(code), code

    own = sorted((each.code for each in team_emojis(request).filter(code__contains=text)), key=fits)
    found = sorted((code for code in UNICODE if text in code and code not in own), key=fits)
    ours = [{"value": f":{code}:", "label": code, "hint": _("Emoji of the team")} for code in own]
    return [*ours, *({"value": f":{code}:", "label": f"{UNICODE[code]} {code}"} for code in found)][:SHOWN]


def _posts(request: MemberRequest, text: str) -> list[Option]:
    """Posts by number or by words of their title, last updated first; what is chosen becomes a link that shows it."""
    text = text[:ASKED].strip()
    if not text:
        return [_post(each) for each in listed_posts(request).not_archived().order_by("-updated_at")[:SHOWN]]
    query = " ".join(f"full_name:{quoted(word)}" for word in text.replace('"', " ").split())
    found = search(request, query, sort="updated", per_page=SHOWN, marks=False).posts if query else []
    if text.isascii() and text.isdigit() and len(text) < NUMBER_DIGITS:
        exact = list(listed_posts(request).filter(number=int(text)))
        found = exact + [post for post in found if post not in exact]
    return [_post(post) for post in found]


def _post(post: Post) -> Option:
    full_name = title.compose(post.category, post.name)
    shown = title.unescape(full_name)
    words = full_name.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    link = f"[#{post.number}: {words}]({reverse('post', args=[post.number])})"
    return {"value": link, "label": shown, "hint": f"#{post.number}{' WIP' if post.wip else ''}"}


def _titles(request: MemberRequest, text: str) -> list[Option]:
    """The rest of a title field: a tag after #, else a category. `value` is the whole field."""
    if tag := BEGUN_TAG.search(text):
        return _tags(request, text[: tag.start("tag") - 1], tag["tag"])
    path = text.lstrip("/")[: title.CATEGORY_LIMIT]
    if not path.strip():
        return []
    categories = readable_categories(request).exclude(path="").order_by("-total", "path")
    below = categories.filter(path__startswith=path).exclude(path=path.rstrip("/"))
    found = list(below[:SHOWN])
    if len(found) < SHOWN:
        elsewhere = categories.filter(path__icontains=path).exclude(pk__in=[each.pk for each in found])
        found += elsewhere.exclude(path=path.rstrip("/"))[: SHOWN - len(found)]
    return [{"value": f"{each.path}/", "label": f"{each.path}/", "hint": str(each.count)} for each in found]


def _tags(request: MemberRequest, before: str, word: str) -> list[Option]:
    tags = readable_tags(request).filter(name__istartswith=word[: title.TAG_LIMIT])
    return [
        {"value": f"{before}#{each.name} ", "label": f"#{each.name}", "hint": str(each.count)} for each in tags[:SHOWN]
    ]


KINDS: dict[str, Callable[[MemberRequest, str], list[Option]]] = {
    "members": _members,
    "people": _people,
    "emoji": _emoji,
    "posts": _posts,
    "titles": _titles,
}

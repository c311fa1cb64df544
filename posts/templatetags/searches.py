"""How templates show what was found: marks, facets as links, saved searches in the sidebar. Presentation only."""

import re
from collections.abc import Sequence
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from esa.prepared import Prepared
from esa.templatetags.esa import icon
from posts.models import SavedSearch
from posts.search import terms
from posts.search.results import Hit
from posts.search.text import Segment
from teams.models import Member

register = template.Library()

_kept = Prepared(lambda team, member: SavedSearch.objects.of(Member(pk=member, team_id=team)))

_MARKUP = re.compile(r"\*\*|`{1,3}|^#{1,6} |^> |^[-*] (?:\[[ x]\] )?|\|(?:[ :-]+\|)*|<!--|-->", re.MULTILINE)


@register.filter
def marks(segments: Sequence[Segment]) -> SafeString | str:
    """Text with its hits in <mark>; "" if there are none."""
    if not any(segment.hit for segment in segments):
        return ""
    return _html(segments)


@register.filter
def excerpt(hit: Hit) -> SafeString:
    """What stands around the hit, and whether somebody said it in a comment."""
    text = _html(hit.snippet)
    return format_html("{} {}", icon("comment", _("In a comment:")), text) if hit.in_comment else text


def _html(segments: Sequence[Segment]) -> SafeString:
    pieces = (("<mark>", _plain(s.text), "</mark>") if s.hit else ("", _plain(s.text), "") for s in segments)
    return format_html_join("", "{}{}{}", ((SafeString(a), text, SafeString(z)) for a, text, z in pieces))


def _plain(text: str) -> str:
    """Markdown with its commonest marks left out, for reading in passing."""
    return _MARKUP.sub("", text)


@register.simple_tag(takes_context=True)
def facet_url(context: Context, term: str) -> str:
    """The list with this operator in the query, or without it if it is there."""
    asked = {"q": terms.toggled(context["source"], term), "sort": _sort(context)}
    return f"{reverse('posts')}?{urlencode({key: value for key, value in asked.items() if value})}"


@register.simple_tag(takes_context=True)
def results_url(context: Context, page: int = 1) -> str:
    """Another page of the same results."""
    asked = {"q": context["source"], "sort": _sort(context), "page": page if page > 1 else ""}
    return f"{reverse('posts')}?{urlencode({key: value for key, value in asked.items() if value})}"


def _sort(context: Context) -> str:
    return str(context["request"].GET.get("sort", ""))


@register.filter
def has_term(source: str, term: str) -> bool:
    return terms.has(source, term)


@register.simple_tag(takes_context=True)
def kept_searches(context: Context) -> Any:
    """What the member and the team have saved, for the sidebar."""
    member = context["request"].member
    return _kept(member.team_id, member.pk)


@register.filter
def query_url(query: str) -> str:
    return f"{reverse('posts')}?{urlencode({'q': query})}"

"""The list of posts, which is a search: what is found, what to narrow it down by, what to try when nothing is."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from posts.models import RecentSearch, SavedSearch
from posts.scoping import find_saved_search, saved_searches
from posts.search import suggestions, terms, wording
from posts.search.query import SORTS, Text, parse
from posts.search.results import Results, search
from teams.decorators import member_required, reader_required
from teams.http import MemberRequest, TeamRequest

PER_PAGE = 20
TYPED_PER_PAGE = 10
FURTHEST_PAGE = 100_000


@reader_required
def index(request: TeamRequest) -> HttpResponse:
    """All posts, or those that answer ?q=. What somebody types comes by htmx and gets the results alone."""
    source = _source(request)
    typing = bool(request.htmx)
    results = search(
        request,
        source,
        sort=request.GET.get("sort") or _usual_sort(source),
        page=_page(request),
        per_page=TYPED_PER_PAGE if typing else PER_PAGE,
        facets=not typing,
        count=not typing,
    )
    if request.member and not typing and results.page == 1 and _has_words(results):
        RecentSearch.note(source, by=request.member)
    context = _context(request, source, results, typing=typing)
    template = "posts/searches/_results.html" if typing else "posts/searches/index.html"
    return render(request, template, context)


@reader_required
def help(request: TeamRequest) -> HttpResponse:
    """The search language on one page; the same is a dialog on the list."""
    return render(request, "posts/searches/help.html")


@member_required
def saved(request: MemberRequest) -> HttpResponse:
    """Saved searches: to keep one more, and to let go of them."""
    form: dict[str, Any] = {"name": "", "query": request.GET.get("q", ""), "for_team": False}
    status = 200
    if request.method == "POST":
        form = {
            "name": request.POST.get("name", ""),
            "query": request.POST.get("query", ""),
            "for_team": bool(request.POST.get("for_team")),
        }
        try:
            kept = SavedSearch.keep(by=request.member, **form)
        except ValidationError as problem:
            form["problem"], status = problem.messages[0], 422
        else:
            return redirect(f"{reverse('posts')}?{urlencode({'q': kept.query})}")
    searches = [(each, each.can_be_removed_by(request.member)) for each in saved_searches(request)]
    return render(request, "posts/searches/saved.html", {"form": form, "searches": searches}, status=status)


@member_required
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    found = find_saved_search(request, pk)
    if request.method == "POST":
        found.delete()
        return redirect("saved_searches")
    return render(request, "posts/searches/delete.html", {"search": found})


def _source(request: HttpRequest) -> str:
    """The query, with what links of the kind ?tag=… add to it."""
    asked = {name: request.GET.get(name, "").strip() for name in ("tag", "user", "category", "kind", "wip")}
    source = request.GET.get("q", "").strip()
    for term in terms.from_parameters(**asked):
        if not terms.has(source, term):
            source = terms.added(source, term)
    return source.replace("\x00", "")


def _usual_sort(source: str) -> str:
    """Words ask for the best match, anything else for what is new; an order in the query wins over both."""
    query = parse(source)
    return "" if query.sort or not query.texts else "best_match"


def _page(request: HttpRequest) -> int:
    asked = request.GET.get("page", "")
    return (
        min(int(asked), FURTHEST_PAGE) if asked.isascii() and asked.isdigit() and len(asked) < 9 and asked != "0" else 1
    )


def _has_words(results: Results) -> bool:
    return any(isinstance(leaf, Text) for leaf in results.query.leaves())


def _context(request: TeamRequest, source: str, results: Results, *, typing: bool) -> dict[str, Any]:
    nothing = not results.hits and not results.timed_out and bool(source)
    recent: list[str] = []
    if request.member and not source:
        recent = list(request.member.recent_searches.order_by("-at").values_list("query", flat=True))
    return {
        "source": source,
        "results": results,
        "messages_of_query": [wording.words(message) for message in results.messages],
        "sorts": [(str(sort), wording.sort_label(sort)) for sort in SORTS],
        "near": suggestions.near_spellings(request, results.query, source) if nothing else [],
        "title_to_write": " ".join(text.value for text in results.query.texts) if nothing else "",
        "recent": recent,
        "own_search": True,
        "typing": typing,
    }

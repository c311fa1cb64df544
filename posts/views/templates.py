"""Select Template: what a new post can begin with."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from posts.scoping import listed_posts
from teams.decorators import member_required
from teams.http import MemberRequest

SHOWN = 50


@member_required
def index(request: MemberRequest) -> HttpResponse:
    """All templates, or those with every word in their title; a page of its own without JavaScript."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    templates = listed_posts(request).templates().order_by("category", "name", "number")
    for word in text.split()[:8]:
        templates = templates.filter(Q(name__icontains=word) | Q(category__icontains=word))
    found = list(templates[: SHOWN + 1])
    context = {"templates": found[:SHOWN], "more": len(found) > SHOWN, "text": text}
    return render(request, f"posts/templates/{'_list' if request.htmx else 'index'}.html", context)

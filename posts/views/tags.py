"""All tags of the team."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from posts.scoping import readable_tags
from teams.decorators import reader_required
from teams.http import TeamRequest

PER_PAGE = 500


@reader_required
def index(request: TeamRequest) -> HttpResponse:
    text = request.GET.get("filter", "").strip()
    tags = readable_tags(request)
    if text:
        tags = tags.filter(name__icontains=text)
    page = Paginator(tags, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "posts/tags/index.html", {"page": page, "text": text})

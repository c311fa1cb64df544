"""Pages of a post."""

from django.http import HttpResponse
from django.shortcuts import render

from posts.scoping import find_post
from teams.decorators import reader_required
from teams.http import TeamRequest


@reader_required
def show(request: TeamRequest, number: int) -> HttpResponse:
    return render(request, "posts/posts/show.html", {"post": find_post(request, number)})

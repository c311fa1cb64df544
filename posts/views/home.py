"""The front door: the category browser on a team's host, the landing page on the base domain."""

from django.http import HttpResponse

from esa import hosts
from posts.views import categories
from teams.http import TeamRequest
from teams.views import landing


def show(request: TeamRequest) -> HttpResponse:
    if hosts.team_name_of(request.get_host()):
        return categories.browse(request)
    return landing.index(request)

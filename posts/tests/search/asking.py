"""Asking as somebody, without a page around it."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from posts.search.results import Results
from teams.http import TeamRequest
from teams.models import Member, Team

Ask = Callable[..., Results]


def request_of(member: Member | None, team: Team | None = None) -> TeamRequest:
    """A request of a member; with a team, of somebody who knocks at that team's door."""
    request: TeamRequest = RequestFactory().get("/posts")  # type: ignore[assignment]
    request.team = team or member.team
    request.member = member if member and member.team == request.team else None
    request.user = member.user if member and member.user else AnonymousUser()  # type: ignore[assignment]
    return request

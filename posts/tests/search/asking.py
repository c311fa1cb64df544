"""Asking as somebody, without a page around it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from posts.search.results import Results, search
from teams.http import TeamRequest
from teams.models import Member, Team

Ask = Callable[..., Results]


def request_of(member: Member | None, team: Team | None = None) -> TeamRequest:
    """A request of a member; with a team, of somebody who knocks at another team's door."""
    request: TeamRequest = RequestFactory().get("/posts")  # type: ignore[assignment]
    request.team = team or member.team  # type: ignore[union-attr]
    request.member = member if member and member.team == request.team else None
    request.user = member.user if member and member.user else AnonymousUser()  # type: ignore[assignment]
    return request


@pytest.fixture
def ask(alice: Member) -> Ask:
    """`ask("会議")` as alice; `ask("会議", by=bob)`; `ask("会議", by=carol, team=docs)`."""

    def asked(source: str, *, by: Member | None = alice, team: Team | None = None, **options: object) -> Results:
        return search(request_of(by, team), source, **options)  # type: ignore[arg-type]

    return asked

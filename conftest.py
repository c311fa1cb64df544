"""The cast of all tests, and what they stand on (esa/testing.py: servers, migrated database, browser)."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.hashers import make_password

if TYPE_CHECKING:
    from django.test import Client

    from teams.models import Member, Team

pytest_plugins = ["esa.testing"]

# --- The cast ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def docs(db: None) -> "Team":
    """The team of the tests: closed; alice owns it, bob is in it, carol is not."""
    from esa.testing import inserted
    from teams.models import Team

    team = Team(name="docs")
    assert inserted(team)
    return team


@pytest.fixture
def alice(docs: "Team") -> "Member":
    return join(docs, "alice", "owner")


@pytest.fixture
def bob(docs: "Team", alice: "Member") -> "Member":
    return join(docs, "bob")


@pytest.fixture
def carol(docs: "Team") -> "Member":
    """The outsider: she has a team of her own, and none of docs."""
    from teams.models import Team

    return join(Team.objects.create(name="elsewhere"), "carol", "owner")


@pytest.fixture
def sign_in(client: "Client", settings: Any) -> "Callable[..., Client]":
    """`sign_in(bob)` gives a client on the team's host; `sign_in(carol, docs)` one on another's; `sign_in(None, docs)` a stranger."""

    from esa.testing import begin_session

    def sign(member: "Member | None", team: "Team | None" = None) -> "Client":
        if member is None:
            client.logout()
        else:
            assert member.user
            client.cookies[settings.SESSION_COOKIE_NAME] = begin_session(member.user)
        host = (team or member.team).name if team or member else ""
        client.defaults["HTTP_HOST"] = f"{host}.{settings.ESA_DOMAIN}" if host else settings.ESA_DOMAIN
        return client

    return sign


def join(team: "Team", screen_name: str, role: str = "member") -> "Member":
    from esa.testing import inserted
    from teams.models import Member, User

    user = User(
        email=f"{screen_name}@example.com",
        screen_name=screen_name,
        name=screen_name.capitalize(),
        language="en",
        password=hashed("correct horse"),
    )
    if not inserted(user):
        user = User.objects.get(screen_name=screen_name)
    member = Member(team=team, user=user, role=role)
    assert inserted(member)
    return member


@cache
def hashed(password: str) -> str:
    return make_password(password)

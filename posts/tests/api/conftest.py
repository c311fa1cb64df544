"""Programs that speak for the cast."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from teams import scopes

if TYPE_CHECKING:
    from teams.models import Member

EVERYTHING = [f"admin:{resource}" for resource in scopes.RESOURCES]


class Program:
    """A client with a token: `program("GET", "/teams/docs")`."""

    def __init__(self, client: Any, secret: str) -> None:
        self.client, self.secret = client, secret

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        body = "" if data is None else json.dumps(data)
        headers = {"Authorization": f"Bearer {self.secret}"} | headers
        return self.client.generic(method, f"/v1{path}", body, content_type="application/json", headers=headers)

    def get(self, path: str) -> Any:
        response = self("GET", path)
        assert response.status_code == 200, response.content
        return response.json()


@pytest.fixture
def program(client: Any) -> Callable[..., Program]:
    """`program(bob)` may read and write; `program(bob, "read")` only reads."""

    def make(member: "Member", granted: str = "read write", **more: Any) -> Program:
        from teams.models import AccessToken

        assert member.user
        _token, secret = AccessToken.make(member.user, name="a program", granted=granted.split(), **more)
        return Program(client, secret)

    return make


@pytest.fixture
def confined(client: Any) -> Callable[..., Program]:
    """A token of the second generation, under a policy that an owner has approved."""

    def make(member: "Member", *, categories: list[str] | None = None, granted: list[str] | None = None) -> Program:
        from teams.models import AccessPolicy, AccessToken

        assert member.user
        policy = AccessPolicy.objects.create(
            team=member.team,
            name=f"policy {AccessPolicy.objects.count()}",
            scopes=granted or EVERYTHING,
            listed_only=categories is not None,
            categories=categories or [],
        )
        token, secret = AccessToken.make(
            member.user, name="confined", granted=EVERYTHING, generation="v2", members=[member]
        )
        token.grants.get().approve(policy, by=member)
        return Program(client, secret)

    return make

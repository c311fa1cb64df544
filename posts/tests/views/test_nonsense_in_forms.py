"""Every address of the site gets fields that no person fills in so: they are refused or taken, and nothing breaks."""

import contextlib
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from posts.models import Post
from teams.models import AccessPolicy, AccessToken

NAMES = """
    access_tokens base_body base_number body body_md categories category code confirm content_type current done email
    emails events expected file files force icon image ids key kind language legacy_api lifetime login message move name
    new_name next number old origin_code order page parent password password1 password2 path pk policy position preview
    privacy q query reason redirect_uris role scopes screen_name secret sort tags target teams template text theme
    time_zone title to token_api url user wip
""".split()
KNOWN = {
    "code": "x", "delivery": 1, "file": "x.png", "generation": "v1", "key": "x", "kind": "posts", "name": "docs",
    "new": 2, "number": 1, "old": 1, "ordinal": 1, "path": "dev", "pk": 1, "revision": 1, "screen_name": "bob",
    "stem": "x", "team": 1, "token": "x", "uidb36": "x", "provider": "google",
}  # fmt: skip
VALUES = ["a\x00b", "9" * 40]
ON_THE_BASE = ("/user", "/teams", "/accounts")


def addresses() -> list[tuple[str, str]]:
    """Name and path of every page of ours and of the accounts."""
    found = {}

    def walk(patterns: Any) -> None:
        for pattern in patterns:
            if not isinstance(pattern, URLPattern):
                if not getattr(pattern, "namespace", None):
                    walk(pattern.url_patterns)
            elif pattern.name:
                needed = {name: KNOWN.get(name, 1) for name in pattern.pattern.converters}
                with contextlib.suppress(NoReverseMatch):
                    found[pattern.name] = reverse(pattern.name, kwargs=needed)

    walk(get_resolver().url_patterns)
    return sorted(found.items())


@pytest.fixture
def ground(docs, alice, bob):
    post = Post.write(by=alice, name="Plan", category="dev", tags=["api"], body_md="- [ ] a\n", wip=False)
    post.comment(by=alice, body_md="fine")
    post.append("more", by=alice)
    Post.write(by=bob, name="Gone").trash(by=bob)
    AccessPolicy.objects.create(team=docs, name="readers", scopes=["read:post"])
    AccessToken.make(alice.user, name="x", granted=["read:post"], generation="v2", members=[alice])


def test_no_nonsense_breaks_the_site(sign_in, docs, alice, ground, settings):
    """On the team's host, and what is on the base domain there."""
    client = sign_in(alice)
    client.raise_request_exception = False
    asked = 0
    for name, path in addresses():
        host = settings.ESA_DOMAIN if path.startswith(ON_THE_BASE) else "docs.esa.localhost"
        for value in VALUES:
            cookies = client.cookies.copy()  # signing out is among them
            with transaction.atomic():
                answer = client.post(path, dict.fromkeys(NAMES, value), HTTP_HOST=host)
                transaction.set_rollback(True)
            client.cookies = cookies
            assert answer.status_code < 500, (name, path, value)
            asked += answer.status_code != 405
    assert asked > 200

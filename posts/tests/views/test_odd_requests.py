"""What nobody types: addresses, queries and methods that are no sense. Each gets an answer, never an apology."""

import re
from collections.abc import Iterator

import pytest
from django.urls import get_resolver

from posts.models import Post
from posts.tests.views.test_outsiders import routes

PARAMETERS = ["q", "page", "path", "after", "filter", "sort", "lang", "from", "to", "old", "new", "tag", "user"]
PARAMETERS += [
    "category",
    "kind",
    "wip",
    "parent_post_id",
    "template_post_id",
    "category_path",
    "view",
    "days",
    "month",
]


def addresses(value: str) -> Iterator[str]:
    for route in sorted(set(routes(get_resolver()))):
        if not route.startswith(("v1/", "static/")):
            yield "/" + re.sub(r"<(?:\w+:)?\w+>", value, route)


@pytest.fixture
def asking(alice, sign_in):
    """An owner's client to whom a mishap comes as the 500 that it is."""
    Post.write(by=alice, name="Post", category="dev", tags=["x"], body_md="- [ ] a", wip=False)
    client = sign_in(alice)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("odd", ["%00", "99999999999999999999"])
def test_odd_addresses_are_answered(odd, asking):
    asked = [url for url in addresses(odd) if odd in url]
    assert len(asked) > 30
    assert [url for url in asked if asking.get(url).status_code >= 500] == []


@pytest.mark.parametrize("odd", ["%00", "a%%0000b", "99999999999999999999"])
def test_odd_queries_are_answered(odd, asking):
    query = "&".join(f"{name}={odd}" for name in PARAMETERS)
    urls = ["/posts", "/tags", "/category/completions", "/category/move", "/posts/new", "/bin", "/members", "/activity"]
    urls += ["/posts/1/revisions", "/posts/1/revisions/compare", "/templates", "/switcher", "/"]
    assert [url for url in urls if asking.get(f"{url}?{query}").status_code >= 500] == []
    assert asking.get(f"/category/children?q={odd}").status_code == 200
    assert asking.get(f"/category/children?after={odd}").status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused_and_do_nothing(method, asking):
    for url in ("/posts/1", "/posts/1/delete", "/posts/1/edit", "/team/settings"):
        assert getattr(asking, method)(url).status_code == 405, url
    assert Post.objects.get().deleted_at is None


def test_head_says_what_get_says(asking, docs, sign_in):
    assert asking.head("/posts/1").status_code == 200
    stranger = sign_in(None, docs)
    for url in ("/posts/1", "/posts/1/revisions", "/bin"):
        assert stranger.head(url).status_code == stranger.get(url).status_code == 302

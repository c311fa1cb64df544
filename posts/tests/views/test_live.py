"""What open pages ask: one small answer, 304 while nothing changes, and a page that works when Valkey is down."""

import pytest

from esa import presence
from posts.models import Post
from posts.models.post import Draft
from posts.tests.telling import relay
from posts.tests.views.counting import queries_of


@pytest.fixture
def post(alice, bob):
    presence._valkey().flushdb()
    return Post.write(by=alice, name="x", wip=False)


def test_it_says_nothing_new_with_304(alice, bob, post, sign_in):
    client = sign_in(bob)
    first = client.get("/live?post=1&revision=1")
    assert first.json() == {
        "unread": 0,
        "post": {"revision": 1, "by": "", "mine": False, "comments": 0, "comment": 0, "version": 0, "here": []},
    }
    again = client.get("/live?post=1&revision=1", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    comment = post.comment(by=alice, body_md="@bob")
    relay()
    news = client.get("/live?post=1&revision=1", headers={"if-none-match": first["ETag"]}).json()
    assert news["unread"] == 1
    assert (news["post"]["comments"], news["post"]["comment"]) == (1, comment.pk)
    assert news["post"]["version"] == comment.version
    comment.edit(by=alice, body_md="@bob!")
    assert client.get("/live?post=1&revision=1").json()["post"]["version"] == comment.version > news["post"]["version"]
    post.revise(Draft(body_md="more"), by=alice)
    assert client.get("/live?post=1&revision=1").json()["post"]["by"] == "Alice"


def test_it_says_who_is_there_and_who_writes(alice, bob, post, sign_in):
    sign_in(bob).get("/live?post=1&revision=1&editing=1")
    assert sign_in(alice).get("/live?post=1&revision=1").json()["post"]["here"] == [{"name": "Bob", "editing": True}]
    sign_in(bob).get("/live?post=1&revision=1")
    assert sign_in(alice).get("/live?post=1&revision=1").json()["post"]["here"] == [{"name": "Bob", "editing": False}]


def test_a_post_in_the_bin_is_gone_and_nonsense_harms_nobody(alice, post, sign_in):
    post.trash(by=alice)
    client = sign_in(alice)
    assert client.get("/live?post=1").json() == {"unread": 0, "post": None}
    assert client.get("/live?post=²").json() == {"unread": 0}
    assert client.get("/live?post=99999999999999").json() == {"unread": 0}


def test_an_outsider_learns_nothing(alice, carol, post, sign_in, docs):
    assert sign_in(carol, docs).get("/live?post=1").status_code == 404
    docs.change_privacy("open", by=alice)
    assert sign_in(carol, docs).get("/live?post=1").status_code == 404
    assert sign_in(carol).get("/live?post=1").json() == {"unread": 0, "post": None}


def test_without_valkey_it_still_answers(alice, bob, post, sign_in, settings):
    client = sign_in(bob)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    presence._valkey.cache_clear()
    try:
        told = client.get("/live?post=1&revision=1").json()
    finally:
        presence._valkey.cache_clear()
    assert told["post"]["here"] == []
    assert told["post"]["revision"] == 1


def test_it_costs_a_handful_of_queries_however_much_there_is(alice, bob, post, sign_in):
    client = sign_in(bob)
    post.comment(by=alice, body_md="a")
    few = queries_of(client, "/live?post=1&revision=1")
    for _each in range(5):
        post.comment(by=alice, body_md="a")
    relay()
    assert queries_of(client, "/live?post=1&revision=1") == few <= 7

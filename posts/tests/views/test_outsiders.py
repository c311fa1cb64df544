"""The outsider's tour: carol, who is in another team, and a stranger ask every page for what is not theirs."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from posts.models import Post
from posts.models.post import Draft

TOKEN = "zwölfkatzen"
OF_MEMBERS = [
    ("GET", "post_delete", {}),
    ("POST", "post_delete", {}),
    ("GET", "post_move", {}),
    ("POST", "post_move", {}),
    ("POST", "shipment", {}),
    ("POST", "shipment_delete", {}),
    ("POST", "archival", {}),
    ("POST", "archival_delete", {}),
    ("POST", "star", {}),
    ("POST", "star_delete", {}),
    ("POST", "watch", {}),
    ("POST", "watch_delete", {}),
    ("POST", "task", {"ordinal": 0}),
    ("POST", "comments", {}),
    ("GET", "revisions", {}),
    ("GET", "revision", {"revision": 1}),
    ("GET", "revision_diff", {"revision": 2}),
    ("GET", "revision_choice", {}),
    ("GET", "comparison", {"old": 1, "new": 2}),
    ("GET", "restoration", {"revision": 1}),
    ("POST", "restoration", {"revision": 1}),
]
OF_READERS = [
    "/",
    "/posts",
    "/posts/1",
    "/posts/1.md",
    "/tags",
    "/uncategorized",
    "/categories/dev",
    "/category/children",
    "/category/children?path=dev",
]


@pytest.fixture
def shipped(alice):
    post = Post.write(by=alice, name="Shipped", category="dev", body_md="- [ ] box", wip=False)
    post.revise(Draft(body_md="- [ ] box\n\nmore"), by=alice)
    post.comment(by=alice, body_md="a word")
    return post


@pytest.fixture
def hidden(alice, bob, carol):
    """Every kind of thing that the world may not see, each with the token in all that has text."""
    words: dict[str, Any] = {
        "name": f"{TOKEN} name",
        "category": f"{TOKEN}/deep",
        "tags": [TOKEN],
        "body_md": f"# {TOKEN}\n\n- [ ] x",
    }
    wip = Post.write(by=alice, **words)
    binned = Post.write(by=bob, wip=False, **words)
    binned.trash(by=bob)
    elsewhere = Post.write(by=carol, wip=False, **words)
    beside = Post.write(
        by=bob, name=f"A {TOKEN}", category="dev", body_md=f"see #{wip.number}"
    )  # WIP, next to a shipped one
    beside.star(by=bob, body=TOKEN)
    comment = wip.comment(by=bob, body_md=TOKEN)
    return {"wip": wip, "binned": binned, "elsewhere": elsewhere, "beside": beside, "comment": comment}


def open_up(team):
    team.privacy = "open"
    team.save()


def state(post):
    fresh = Post.objects.get(pk=post.pk)
    return (
        fresh.revision_number,
        fresh.category,
        fresh.wip,
        fresh.deleted_at,
        fresh.stars_count,
        fresh.watches_count,
        fresh.comments_count,
    )


@pytest.mark.parametrize("privacy", ["closed", "open"])
def test_what_members_do_is_not_there_for_outsiders(privacy, docs, carol, shipped, client, sign_in):
    docs.privacy = privacy
    docs.save()
    before = state(shipped)
    data = {"category": "x", "body_md": "x", "revision": "2", "checked": "1"}
    for who, of_get in ((carol, 404), (None, 302)):
        sign_in(who, docs)
        for method, name, more in OF_MEMBERS:
            url = reverse(name, kwargs={"number": shipped.number, **more})
            answer = client.post(url, data) if method == "POST" else client.get(url)
            assert answer.status_code == (of_get if method == "GET" else 404), f"{method} {url}"
    assert state(shipped) == before


def test_what_is_shipped_is_read_by_the_world_of_an_open_team_only(docs, carol, shipped, client, sign_in):
    def answers(who):
        sign_in(who, docs)
        return {client.get(url).status_code for url in OF_READERS}

    assert answers(carol) == {404}
    assert answers(None) == {302}
    open_up(docs)
    assert answers(carol) == {200}
    assert answers(None) == {200}


@pytest.mark.parametrize("privacy", ["closed", "open"])
def test_the_bin_and_moving_are_for_members(privacy, docs, carol, shipped, client, sign_in):
    docs.privacy = privacy
    docs.save()
    paths = ["/bin", "/bin/1", "/category/move?from=dev", "/category/completions?q=d"]
    sign_in(carol, docs)
    assert {client.get(path).status_code for path in paths} == {404}
    sign_in(None, docs)
    assert {client.get(path).status_code for path in paths} == {302}


@pytest.mark.parametrize("privacy", ["closed", "open"])
def test_an_outsider_moves_no_category_restores_nothing_and_changes_no_comment(
    privacy, docs, alice, carol, shipped, sign_in
):
    docs.privacy = privacy
    docs.save()
    comment = shipped.comments.get()
    gone = Post.write(by=alice, name="Gone", wip=False)
    gone.trash(by=alice)
    client = sign_in(carol, docs)

    assert client.post("/category/move", {"from": "dev", "to": "mine"}).status_code == 404
    assert client.post(f"/bin/{gone.number}/restoration").status_code == 404
    assert client.get(f"/comments/{comment.pk}/edit").status_code == 404
    assert client.post(f"/comments/{comment.pk}/edit", {"body_md": "mine"}).status_code == 404
    assert client.post(f"/comments/{comment.pk}/delete").status_code == 404
    comment.refresh_from_db()
    gone.refresh_from_db()
    shipped.refresh_from_db()
    assert (comment.body_md, shipped.category) == ("a word", "dev")
    assert gone.deleted_at


def test_another_teams_comment_is_not_there(alice, carol, sign_in):
    comment = Post.write(by=carol, name="Mine").comment(by=carol, body_md="a word")
    client = sign_in(alice)
    assert client.get(f"/comments/{comment.pk}/edit").status_code == 404
    assert client.post(f"/comments/{comment.pk}/delete").status_code == 404


def test_the_world_sees_no_drafts_members_or_forms_around_a_shipped_post(docs, alice, bob, shipped, hidden, sign_in):
    """Neighbours, counts, tags, history, people: all without what is not shipped."""
    open_up(docs)
    client = sign_in(None, docs)
    shipped.star(by=bob, body="well said")
    page = client.get(f"/posts/{shipped.number}").content.decode()

    assert "a word" in page
    for absent in ("well said", "/revisions", "/members/", "<textarea", "Ship It!", 'rel="prev"', "/watch"):
        assert absent not in page
    home = client.get("/").content.decode()
    assert re.search(r"All posts</span> <span class=\"count\">1<", home)
    assert "My WIP" not in home
    assert "post-row" not in client.get("/posts?wip=true").content.decode()


@pytest.mark.parametrize("privacy", ["closed", "open"])
@pytest.mark.parametrize("who", ["carol", "a stranger"])
def test_no_page_tells_an_outsider_what_is_hidden(privacy, who, docs, carol, shipped, hidden, sign_in):
    """Ask every address of the site for every hidden thing; its words come back nowhere."""
    docs.privacy = privacy
    docs.save()
    client = sign_in(carol if who == "carol" else None, docs)
    asked = 0
    for url in addresses(shipped, hidden):
        answer = client.get(url)
        asked += 1
        assert answer.status_code < 500, url
        assert TOKEN not in words_of(answer), url
        if url.startswith("/category"):  # fragments differ from pages
            answer = client.get(url, headers={"hx-request": "true"})
            assert TOKEN not in words_of(answer), url
    assert asked > 60


def test_the_same_tour_finds_the_words_as_a_member(docs, alice, shipped, hidden, sign_in):
    """So that the tour above cannot pass by asking for nothing."""
    client = sign_in(alice)
    telling = {url for url in addresses(shipped, hidden) if TOKEN in words_of(client.get(url))}
    for each in ("wip", "binned", "beside"):
        assert any(str(hidden[each].number) in url for url in telling)
    assert {"/", "/posts", "/tags", "/bin", "/category/children"} <= telling


def words_of(answer):
    """What an answer says; where it is text. The sign-in page is sent there with the address that was asked."""
    return b"".join(answer).decode(errors="replace") if answer.streaming else answer.content.decode(errors="replace")


def addresses(shipped: Post, hidden: dict) -> Iterator[str]:
    """Every route with every hidden thing in its place. The words themselves are in no query, or they would echo."""
    numbers = sorted({shipped.number, *(hidden[name].number for name in ("wip", "binned", "elsewhere", "beside"))})
    known = {
        "number": numbers,
        "pk": [hidden["comment"].pk],
        "revision": [1],
        "old": [1],
        "new": [2],
        "ordinal": [0],
        "path": ["dev"],
        "screen_name": ["alice", "bob", "carol"],
        "kind": ["titles", "posts", "members", "emoji", "categories"],
        "code": ["member-0"],
    }
    for pattern in routes(get_resolver()):
        urls = [pattern]
        for name in re.findall(r"<(?:\w+:)?(\w+)>", pattern):
            urls = [
                re.sub(rf"<(?:\w+:)?{name}>", quote(str(value)), url) for url in urls for value in known.get(name, [1])
            ]
        yield from (f"/{url}" for url in urls)
    letters = quote(TOKEN[:3])
    yield from (
        f"/posts?{query}"
        for query in ("wip=true", "user=bob", "sort=stars", "kind=stock", f"q={letters}", "q=wip:true", "page=2")
    )
    yield from (
        f"/category/children?q={letters}",
        f"/tags?filter={letters}",
        "/categories/dev?all=1",
        f"/category/completions?q={letters}",
    )
    yield from (f"/completions/{kind}?q={letters}" for kind in known["kind"])


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = f"{prefix}{each.pattern}"
        if isinstance(each, URLResolver):
            if not route.startswith(("operator/", "accounts/")):
                yield from routes(each, route)
        elif isinstance(each, URLPattern) and "^" not in route:
            yield route

"""Whole answers, byte for byte, one for each kind of object."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from posts.diff import diff_html
from posts.models import Post, Star, Watch
from teams.models import Member

NOON = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # 12:04:05 in Tokyo
THEN = "2026-01-02T12:04:05+09:00"


@pytest.fixture
def noon(docs: Any) -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def people(docs, noon, alice, bob) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "myself": name == "alice",
            "name": name.capitalize(),
            "screen_name": name,
            "icon": f"http://esa.localhost/icons/{name}.svg",
        }
        for name in ("alice", "bob")
    }


@pytest.fixture
def post(noon, alice, people) -> Post:
    return Post.write(
        by=alice, category="日報/2026/01/02", name="hi!", tags=["api", "dev"], body_md="a\n\n- [x] b\n- [ ] c\n"
    )


def written(post: Post, people: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "number": 1,
        "name": "hi!",
        "full_name": "日報/2026/01/02/hi! #api #dev",
        "wip": True,
        "body_md": "a\n\n- [x] b\n- [ ] c\n",
        "body_html": post.body_html,
        "created_at": THEN,
        "message": "Create post.",
        "url": "http://docs.esa.localhost/posts/1",
        "updated_at": THEN,
        "tags": ["api", "dev"],
        "category": "日報/2026/01/02",
        "revision_number": 1,
        "created_by": people["alice"],
        "updated_by": people["alice"],
        "kind": "flow",
        "comments_count": 0,
        "tasks_count": 2,
        "done_tasks_count": 1,
        "stargazers_count": 0,
        "watchers_count": 1,
        "star": False,
        "watch": True,
        "sharing_urls": None,
    } | changes


def paged(key: str, *rows: Any) -> dict[str, Any]:
    return {
        key: list(rows),
        "prev_page": None,
        "next_page": None,
        "total_count": len(rows),
        "page": 1,
        "per_page": 20,
        "max_per_page": 100,
    }


def exactly(answer: Any, expected: Any, status: int = 200) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer.content.decode() == json.dumps(expected, ensure_ascii=False, separators=(",", ":"))


def test_the_tokens_person(program, alice, docs, noon):
    shown = {
        "id": alice.user.pk,
        "name": "Alice",
        "screen_name": "alice",
        "created_at": THEN,
        "updated_at": THEN,
        "icon": "http://esa.localhost/icons/alice.svg",
        "email": "alice@example.com",
    }
    alice.user.created_at = NOON
    alice.user.save()
    exactly(program(alice)("GET", "/user"), shown)
    team = {
        "name": "docs",
        "privacy": "closed",
        "description": "",
        "icon": "http://esa.localhost/icons/teams/docs.svg",
        "url": "http://docs.esa.localhost/",
    }
    exactly(program(alice)("GET", "/user?include=teams"), {**shown, "teams": [team]})
    exactly(program(alice)("GET", "/teams?role=owner"), paged("teams", team))
    exactly(program(alice)("GET", "/teams?role=member"), paged("teams"))
    exactly(program(alice)("GET", "/teams/docs"), team)


def test_members(program, people, alice, bob, post):
    Member.objects.update(joined_at=NOON)
    shown = [
        {
            **people["alice"],
            "role": "owner",
            "posts_count": 1,
            "joined_at": THEN,
            "last_accessed_at": THEN,
            "email": "alice@example.com",
        },
        {
            **people["bob"],
            "role": "member",
            "posts_count": 0,
            "joined_at": THEN,
            "last_accessed_at": THEN,
            "email": "bob@example.com",
        },
    ]
    exactly(program(alice)("GET", "/teams/docs/members"), paged("members", *shown))
    exactly(program(alice)("GET", "/teams/docs/members?order=asc"), paged("members", *reversed(shown)))
    for name in ("bob", "BOB", "bob@example.com", "bob%40example.com"):
        exactly(program(alice)("GET", f"/teams/docs/members/{name}"), shown[1])
    exactly(program(alice)("GET", "/teams/docs/members/me"), shown[0])
    seen = program(bob).get("/teams/docs/members")["members"]
    assert ["email" in member for member in seen] == [False, True], "others' addresses are for owners"


def test_figures_of_a_team(program, alice, bob, post):
    Post.write(by=bob, name="shipped", wip=False).comment(by=alice, body_md="fine").star(by=bob)
    figures = {
        "members": 2,
        "posts": 2,
        "posts_wip": 1,
        "posts_shipped": 1,
        "comments": 1,
        "stars": 1,
        "daily_active_users": 2,
        "weekly_active_users": 2,
        "monthly_active_users": 2,
    }
    exactly(program(alice)("GET", "/teams/docs/stats"), figures)
    with time_machine.travel(datetime(2026, 1, 20, tzinfo=UTC), tick=False):
        later = program(alice).get("/teams/docs/stats")
    assert [later[f"{span}_active_users"] for span in ("daily", "weekly", "monthly")] == [0, 0, 2]


def test_a_post(program, people, post, alice):
    exactly(program(alice)("GET", "/teams/docs/posts/1"), {**written(post, people), "backlinks_count": 0})
    exactly(program(alice)("GET", "/teams/docs/posts"), paged("posts", written(post, people)))


def test_a_post_with_everything(program, people, post, alice, bob):
    comment = post.comment(by=bob, body_md="LGTM")
    comment.star(by=alice)
    post.star(by=alice, body="a")
    Star.objects.update(created_at=NOON)
    linker = Post.write(by=alice, category="dev", name="linker", body_md="see #1", wip=False)
    star = {"created_at": THEN, "body": None, "user": people["alice"]}
    said = {
        "id": comment.pk,
        "body_md": "LGTM",
        "body_html": comment.body_html,
        "created_at": THEN,
        "updated_at": THEN,
        "post_number": 1,
        "url": f"http://docs.esa.localhost/posts/1#comment-{comment.pk}",
        "created_by": people["bob"],
        "stargazers_count": 1,
        "star": True,
    }
    expected = written(post, people, comments_count=1, stargazers_count=1, watchers_count=2, star=True)
    expected["comments"] = [{**said, "stargazers": [star]}]
    expected["stargazers"] = [{**star, "body": "a"}]
    expected["backlinks_count"] = 1
    summary = {
        "number": linker.number,
        "name": "linker",
        "full_name": "dev/linker",
        "wip": False,
        "tags": [],
        "category": "dev",
        "url": f"http://docs.esa.localhost/posts/{linker.number}",
        "created_at": THEN,
        "updated_at": THEN,
    }
    expected["backlinks"] = [summary]
    exactly(program(alice)("GET", "/teams/docs/posts/1?include=comments.stargazers,stargazers,backlinks"), expected)
    exactly(program(alice)("GET", "/teams/docs/posts/1/backlinks"), paged("posts", summary))
    exactly(program(alice)("GET", "/teams/docs/posts/1/comments"), paged("comments", said))
    exactly(program(alice)("GET", "/teams/docs/comments"), paged("comments", said))
    exactly(program(alice)("GET", f"/teams/docs/comments/{comment.pk}"), said)
    exactly(
        program(alice)("GET", f"/teams/docs/comments/{comment.pk}?include=stargazers"), {**said, "stargazers": [star]}
    )
    exactly(program(alice)("GET", f"/teams/docs/comments/{comment.pk}/stargazers"), paged("stargazers", star))
    exactly(program(alice)("GET", "/teams/docs/posts/1/stargazers"), paged("stargazers", {**star, "body": "a"}))


def test_watchers(program, people, post, alice):
    Watch.objects.update(created_at=NOON)
    watcher = {"created_at": THEN, "user": people["alice"]}
    exactly(program(alice)("GET", "/teams/docs/posts/1/watchers"), paged("watchers", watcher))


def test_revisions(program, people, post, alice):
    post.append("d", by=alice)
    post.refresh_from_db()
    second = {
        "number": 2,
        "name": "hi!",
        "full_name": "日報/2026/01/02/hi! #api #dev",
        "category": "日報/2026/01/02",
        "tags": ["api", "dev"],
        "body_md": "a\n\n- [x] b\n- [ ] c\nd",
        "body_html": post.body_html,
        "diff": str(diff_html("a\n\n- [x] b\n- [ ] c\n", "a\n\n- [x] b\n- [ ] c\nd")),
        "message": "Updated via API.",
        "created_at": THEN,
        "updated_at": THEN,
        "wip": True,
        "created_by": people["alice"],
        "url": "http://docs.esa.localhost/posts/1/revisions/2",
    }
    ask = program(alice)
    exactly(ask("GET", "/teams/docs/posts/1/revisions/2"), {"revision": second})
    listed = ask.get("/teams/docs/posts/1/revisions")
    assert [row["number"] for row in listed["revisions"]] == [2, 1]
    assert listed["revisions"][0] == second
    assert listed["revisions"][1]["diff"] is None, "the first revision is against nothing"
    halves = [ask.get(f"/teams/docs/posts/1/revisions?per_page=1&page={page}")["revisions"][0] for page in (1, 2)]
    assert halves == listed["revisions"], "the change is against the revision before, also across pages"
    compared = ask.get("/teams/docs/posts/1/revisions/compare/1...2")["diff"]
    assert (compared["from_revision_number"], compared["to_revision_number"]) == (1, 2)
    assert compared["diff_html"] == second["diff"]
    assert "+d" in compared["diff_text"]
    assert set(compared) == {"from_revision_number", "to_revision_number", "diff_html", "diff_text"}


def test_categories(program, people, post, alice):
    Post.write(by=alice, category="dev", name="README", body_md="hello")
    Post.write(by=alice, category="dev/docs", name="x")
    Post.write(by=alice, name="nowhere")
    ask = program(alice)
    dev = {"name": "dev", "full_name": "dev", "count": 2, "has_child": True}
    inner = {"name": "docs", "full_name": "dev/docs", "count": 1, "has_child": False}
    daily = {"name": "日報", "full_name": "日報", "count": 1, "has_child": True}
    shown = ask.get("/teams/docs/categories?select=/dev/&include=parent_categories,posts&descendant_posts=true")
    assert list(shown) == [
        "current_category", "categories", "parent_categories", "readme", "descendant_posts", "posts",
        "prev_page", "next_page", "total_count", "page", "per_page", "max_per_page",
    ]  # fmt: skip
    assert (shown["current_category"], shown["categories"], shown["total_count"]) == ("dev", [inner], 2)
    assert shown["parent_categories"] == [
        {"current_category": "", "categories": [{**dev, "selected": True}, {**daily, "selected": False}]}
    ]
    assert shown["readme"]["full_name"] == "dev/README"
    assert {row["full_name"] for row in shown["posts"]} == {"dev/README", "dev/docs/x"}
    plain = ask.get("/teams/docs/categories?select=dev/docs")
    assert not {"posts", "descendant_posts", "parent_categories", "no_category"} & set(plain)
    top = ask.get("/teams/docs/categories/top")
    assert (top["current_category"], top["categories"]) == ("", [dev, daily])
    assert top["no_category"] == {"name": "No category", "count": 1}
    alone = ask.get("/teams/docs/categories/no_category")
    assert [row["name"] for row in alone["posts"]] == ["nowhere"]
    assert ask("GET", "/teams/docs/categories?select=none").status_code == 404
    assert ask("GET", "/teams/docs/categories").status_code == 400


def test_paths_of_categories(program, post, alice):
    for category in ("dev", "dev/docs", "dev-secret"):
        Post.write(by=alice, category=category, name="x")
    Post.write(by=alice, name="nowhere")
    ask = program(alice)

    def paths(query: str = "") -> list[Any]:
        return [row["path"] for row in ask.get(f"/teams/docs/categories/paths{query}")["categories"]]

    assert ask.get("/teams/docs/categories/paths?exact_match=/dev/") == {"categories": [{"path": "dev", "posts": 1}]}
    assert paths() == [None, "dev", "dev-secret", "dev/docs", "日報/2026/01/02"]
    assert paths("?prefix=dev/") == ["dev/docs"]
    assert paths("?suffix=docs") == ["dev/docs"]
    assert paths("?match=sec") == ["dev-secret"]
    assert ask.get("/teams/docs/categories/paths?v=2&per_page=2")["next_page"] == 2


def test_tags(program, post, alice):
    Post.write(by=alice, name="x", tags=["dev"])
    rows = [{"name": "dev", "posts_count": 2}, {"name": "api", "posts_count": 1}]
    exactly(program(alice)("GET", "/teams/docs/tags"), paged("tags", *rows))


def test_moving_a_category(program, post, alice):
    Post.write(by=alice, category="foo/bar", name="x")
    Post.write(by=alice, category="foo/bar/deep", name="y")
    moved = program(alice)("POST", "/teams/docs/categories/batch_move", {"from": "/foo/bar/", "to": "/baz/"})
    exactly(moved, {"count": 2, "from": "/foo/bar/", "to": "/baz/"})
    assert sorted(Post.objects.exclude(pk=post.pk).values_list("category", flat=True)) == ["baz", "baz/deep"]


@pytest.mark.parametrize(
    ("path", "name", "body"),
    [("parent_post_id=1", "日報/2026/01/02/hi!", "a\n\n- [x] b\n- [ ] c\n"), ("category_path=dev/", "dev/", "")],
)
def test_what_a_new_post_begins_with(program, post, alice, path, name, body):
    exactly(program(alice)("GET", f"/teams/docs/posts/new?{path}"), {"post": {"name": name, "body_md": body}})

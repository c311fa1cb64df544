"""The rules of writing by programs, one after the other."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Comment, Post
from posts.models.post import Draft
from teams.models import Event


@pytest.fixture
def post(alice: Any) -> Post:
    return Post.write(by=alice, category="dev", name="hi", tags=["a"], body_md="one\n\ntwo\n\nthree\n", wip=False)


def patched(ask: Any, **given: Any) -> dict[str, Any]:
    answer = ask("PATCH", "/teams/docs/posts/1", {"post": given})
    assert answer.status_code == 200, answer.content
    return answer.json()


def created(ask: Any, **given: Any) -> dict[str, Any]:
    answer = ask("POST", "/teams/docs/posts", {"post": given})
    assert answer.status_code == 201, answer.content
    return answer.json()


# --- Create -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "full_name"),
    [
        ({"name": "hi"}, "hi"),
        ({"name": "dev/2026/hi! #api"}, "dev/2026/hi! #api"),
        ({"name": "/dev/hi"}, "dev/hi"),
        ({"name": "hi", "category": "/dev/docs/"}, "dev/docs/hi"),
        ({"name": "docs/hi", "category": "dev"}, "dev/docs/hi"),
        ({"name": "/x", "category": "smoke"}, "smoke/x"),
        ({"name": "hi", "category": ""}, "hi"),
        ({"name": "hi", "category": None, "tags": None, "user": "", "message": ""}, "hi"),
        ({"name": "hi #b", "tags": ["a", "b"]}, "hi #a #b"),
        ({"name": "a &#47; b &#35;c"}, "a &#47; b &#35;c"),
        ({"name": "C# guide"}, "C&#35; guide"),
    ],
)
def test_a_name_may_hold_category_and_tags(program, bob, given, full_name):
    shown = created(program(bob), **given)
    assert shown["full_name"] == full_name
    assert (shown["wip"], shown["message"], shown["revision_number"], shown["watch"]) == (True, "Create post.", 1, True)


def test_a_template_gives_what_is_not_given(program, alice, bob):
    Post.write(by=alice, category="Templates/dev", name="report of %{me}", tags=["t"], body_md="by %{me}", wip=False)
    shown = created(program(bob), template_post_id=1)
    assert (shown["full_name"], shown["body_md"]) == ("dev/report of bob #t", "by bob")
    shown = created(program(bob), template_post_id=1, name="mine", body_md="own", category="x", tags=[])
    assert (shown["full_name"], shown["body_md"]) == ("x/mine", "own")
    copied = created(program(bob), parent_post_id=shown["number"])
    assert (copied["full_name"], copied["body_md"]) == ("x/mine", "own")


def test_the_template_of_a_category_fills_a_new_post(program, alice, bob):
    Post.write(by=alice, category="Templates/dev", name="plan", tags=["t"], body_md="for %{me}", wip=False)
    assert program(bob).get("/teams/docs/posts/new?category_path=/dev/") == {
        "post": {"name": "dev/plan", "body_md": "for bob"}
    }


# --- Authors ----------------------------------------------------------------------------------------------------------


def test_owners_write_in_others_names(program, alice, bob, docs):
    shown = created(program(alice), name="x", user="bob")
    assert [shown[key]["screen_name"] for key in ("created_by", "updated_by")] == ["bob", "bob"]
    shown = created(program(alice), name="x", user="esa_bot")
    assert shown["created_by"]["screen_name"] == "esa_bot"
    shown = created(program(alice), name="x", created_by="bob", updated_by="esa_bot")
    assert [shown[key]["screen_name"] for key in ("created_by", "updated_by")] == ["bob", "esa_bot"]
    said = program(alice)("POST", "/teams/docs/posts/1/comments", {"comment": {"body_md": "x", "user": "esa_bot"}})
    assert said.json()["created_by"]["screen_name"] == "esa_bot"


def test_a_post_counts_for_whom_it_is_by(program, alice, bob, post):
    """Also after an owner gave it to somebody else."""

    def counted():
        members = program(alice).get("/teams/docs/members")["members"]
        return {each["screen_name"]: each["posts_count"] for each in members}

    before = counted()
    giver, taker = (alice, bob) if post.created_by == alice else (bob, alice)
    ask = program(alice)
    assert ask("PATCH", "/teams/docs/posts/1", {"post": {"created_by": taker.handle}}).status_code == 200
    assert counted() == before | {giver.handle: before[giver.handle] - 1, taker.handle: before[taker.handle] + 1}
    assert ask("PATCH", "/teams/docs/posts/1", {"post": {"created_by": taker.handle, "name": "y"}}).status_code == 200
    assert ask("DELETE", "/teams/docs/posts/1").status_code == 204
    assert counted() == before | {giver.handle: before[giver.handle] - 1}


@pytest.mark.parametrize("key", ["user", "created_by", "updated_by"])
def test_others_do_not(program, bob, alice, post, key):
    ask = program(bob)
    for method, path in (("POST", "/posts"), ("PATCH", "/posts/1")):
        refused = ask(method, f"/teams/docs{path}", {"post": {"name": "x", key: "alice"}})
        assert (refused.status_code, refused.json()["error"]) == (400, "bad_request")
        assert ask(method, f"/teams/docs{path}", {"post": {"name": "x", key: ""}}).status_code in {200, 201}
    assert program(alice)("POST", "/teams/docs/posts", {"post": {"name": "x", key: "carol"}}).status_code == 400


# --- Change -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "full_name"),
    [
        ({"name": "new"}, "dev/new #a"),
        ({"name": ""}, "dev/hi #a"),
        ({"name": "/other/new"}, "other/new #a"),
        ({"name": "/new"}, "new #a"),
        ({"name": "/x", "category": "smoke"}, "smoke/x #a"),
        ({"category": ""}, "hi #a"),
        ({"category": "/a/b/"}, "a/b/hi #a"),
        ({"category": None}, "dev/hi #a"),
        ({"tags": []}, "dev/hi"),
        ({"tags": None}, "dev/hi #a"),
        ({"tags": ["b"]}, "dev/hi #b"),
        ({"name": "hi #b"}, "dev/hi #a #b"),
        (
            {"name": "", "category": None, "tags": None, "user": "", "message": "", "body_md": None, "wip": None},
            "dev/hi #a",
        ),
    ],
)
def test_what_is_absent_stays(program, bob, post, given, full_name):
    shown = patched(program(bob), **given)
    assert shown["full_name"] == full_name
    assert (shown["body_md"], shown["wip"], shown["message"]) == (post.body_md, False, "Update post.")
    assert (shown["revision_number"], shown["overlapped"]) == (2, False), "also a change that changes nothing is one"


def test_both_changes_of_a_text_are_kept(program, alice, bob, post):
    base = {"body_md": post.body_md, "number": 1, "user": "alice"}
    post.revise(Draft(body_md="ONE\n\ntwo\n\nthree\n"), by=alice)
    shown = patched(program(bob), body_md="one\n\ntwo\n\nTHREE\n", original_revision=base)
    assert (shown["body_md"], shown["overlapped"], shown["revision_number"]) == ("ONE\n\ntwo\n\nTHREE\n", False, 3)


def test_a_clash_is_saved_with_both_sides(program, alice, bob, post):
    base = {"body_md": post.body_md, "number": 1, "user": "alice"}
    post.revise(Draft(body_md="ours\n\ntwo\n\nthree\n"), by=alice)
    shown = patched(program(bob), body_md="theirs\n\ntwo\n\nthree\n", original_revision=base)
    assert shown["overlapped"] is True
    assert all(word in shown["body_md"] for word in ("<<<<<<<", "ours", "=======", "theirs", ">>>>>>>"))


def test_without_a_base_the_last_writer_wins(program, alice, bob, post):
    post.revise(Draft(body_md="ours"), by=alice)
    shown = patched(program(bob), body_md="theirs")
    assert (shown["body_md"], shown["overlapped"]) == ("theirs", False)
    assert patched(program(bob), body_md="b", original_revision={"body_md": "theirs"})["body_md"] == "b"
    assert patched(program(bob), body_md="c", original_revision=None)["body_md"] == "c"


def test_skip_notice_is_quiet(program, bob, post):
    patched(program(bob), body_md="x", message="typo [skip notice]")
    assert Event.objects.filter(action="post_update").latest("pk").quiet


def test_what_a_program_wrote_is_marked(program, bob, post):
    patched(program(bob), body_md="x")
    assert post.revisions.latest("number").via == "api"


# --- Add, archive, delete, go back ------------------------------------------------------------------------------------


def test_text_is_glued_on_as_it_is(program, bob, post):
    ask = program(bob)
    shown = ask("POST", "/teams/docs/posts/1/append", {"post": {"content": "x\r\ny"}}).json()
    assert shown["body_md"] == "one\n\ntwo\n\nthree\nx\ny"
    assert (shown["message"], shown["wip"], "overlapped" in shown) == ("Updated via API.", False, False)
    shown = ask("POST", "/teams/docs/posts/1/prepend", {"post": {"content": "0", "wip": True, "message": "m"}}).json()
    assert (shown["body_md"][:4], shown["wip"], shown["message"]) == ("0one", True, "m")
    for given in ({}, {"content": ""}, {"content": None}):
        assert ask("POST", "/teams/docs/posts/1/append", {"post": given}).status_code == 400


@pytest.mark.parametrize(
    ("before", "given", "message"),
    [("", None, "Archived!"), ("why", None, "why"), ("why", "because", "because"), ("why", " ", "why"), ("", "Create post.", "Archived!"), ("why", "Update post.", "Archived!")],
)  # fmt: skip
def test_archiving_keeps_a_telling_message(program, bob, post, before, given, message):
    if before:
        post.revise(Draft(message=before), by=bob)
    shown = program(bob)("POST", "/teams/docs/posts/1/archive", None if given is None else {"post": {"message": given}})
    assert (shown.status_code, shown.json()["category"], shown.json()["message"]) == (200, "Archived/dev", message)


def test_archiving_again_changes_nothing(program, bob, post):
    ask = program(bob)
    first = ask("POST", "/teams/docs/posts/1/archive").json()
    assert ask("POST", "/teams/docs/posts/1/archive", {"post": {"message": "x"}}).json() == first


def test_a_deleted_post_is_gone_for_programs(program, bob, post):
    ask = program(bob)
    assert ask("DELETE", "/teams/docs/posts/1").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/archive"), ("GET", "/revisions"), ("POST", "/star")):
        assert ask(method, f"/teams/docs/posts/1{path}").status_code == 404
    assert ask.get("/teams/docs/posts")["total_count"] == 0
    assert ask.get("/teams/docs/tags")["tags"] == []
    assert Post.objects.get().deleted_by == bob


def test_going_back_makes_a_new_revision(program, bob, post):
    ask = program(bob)
    patched(ask, name="/elsewhere/new", tags=["z"], body_md="new", message="second", wip=True)
    assert ask("POST", "/teams/docs/posts/1/revisions/2/rollback").status_code == 400, "it is the newest"
    shown = ask("POST", "/teams/docs/posts/1/revisions/1/rollback").json()
    assert (shown["full_name"], shown["body_md"], shown["wip"]) == ("dev/hi #a", post.body_md, False)
    assert (shown["revision_number"], shown["message"]) == (3, "Roll back to rev 1: Create post.")
    shown = ask("POST", "/teams/docs/posts/1/revisions/2/rollback", {"post": {"wip": False, "message": "m"}}).json()
    assert (shown["wip"], shown["message"]) == (False, "m")
    assert ask("POST", "/teams/docs/posts/1/revisions/99/rollback").status_code == 404


def test_stars_and_watches_are_harmless_twice(program, bob, post):
    ask = program(bob)
    for data in (None, {"body": "one"}, None, {"body": "one"}):
        assert ask("POST", "/teams/docs/posts/1/star", data).status_code == 204
    shown = ask.get("/teams/docs/posts/1")
    assert (shown["star"], shown["stargazers_count"]) == (True, 1)
    assert [row["body"] for row in ask.get("/teams/docs/posts/1/stargazers")["stargazers"]] == [None, "one"]
    for method, watch, count in (("POST", True, 2), ("POST", True, 2), ("DELETE", False, 1), ("DELETE", False, 1)):
        assert ask(method, "/teams/docs/posts/1/watch").status_code == 204
        shown = ask.get("/teams/docs/posts/1")
        assert (shown["watch"], shown["watchers_count"]) == (watch, count)
    for _ in range(2):
        assert ask("DELETE", "/teams/docs/posts/1/star").status_code == 204
    assert ask.get("/teams/docs/posts/1")["stargazers_count"] == 0


def test_comments_are_written_changed_and_deleted(program, bob, post):
    ask = program(bob)
    made = ask("POST", "/teams/docs/posts/1/comments", {"comment": {"body_md": "x", "user": ""}}).json()
    changed = ask("PATCH", f"/teams/docs/comments/{made['id']}", {"comment": {"body_md": "y"}})
    assert (changed.status_code, changed.json()["body_md"]) == (200, "y")
    for given in ({}, {"body_md": ""}, {"body_md": " "}, {"body_md": "x" * 60_000}):
        assert ask("POST", "/teams/docs/posts/1/comments", {"comment": given}).status_code == 400
    assert ask("DELETE", f"/teams/docs/comments/{made['id']}").status_code == 204
    assert not Comment.objects.exists()


# --- Lists ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(alice, bob) -> list[Post]:
    made = [Post.write(by=alice, category="dev", name=name, body_md="text", wip=False) for name in ("b", "a", "c")]
    made[1].star(by=bob)
    made[2].comment(by=bob, body_md="x")
    return made


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "cab"),
        ("?sort=number", "cab"),
        ("?sort=number&order=asc", "bac"),
        ("?order=asc", "bac"),
        ("?sort=stars", "acb"),
        ("?sort=comments", "cab"),
        ("?sort=nonsense&order=sideways", "cab"),
        ("?q=sort:number-asc number:>1", "ac"),
        ("?q=sort:number-asc&sort=number", "cab"),
        ("?q=text sort:number-asc&order=desc", "bac"),
        ("?q=", "cab"),
        ("?q=in: dev number: 2", "a"),
        ('?q=on:"dev/" name:c', "c"),
    ],
)
def test_posts_are_searched_and_sorted(program, bob, three, query, order):
    found = program(bob).get(f"/teams/docs/posts{query}")
    assert "".join(row["name"] for row in found["posts"]) == order
    assert found["total_count"] == len(order)


def test_lists_ask_the_database_as_often_for_many_rows_as_for_one(program, alice, bob):
    ask = program(bob)
    paths = [
        "/posts?include=comments.stargazers,stargazers", "/posts?q=text", "/comments", "/posts/1/comments", "/posts/1/revisions", "/posts/1/stargazers",
        "/posts/1/watchers", "/posts/1/backlinks", "/posts/1?include=comments.stargazers,stargazers,backlinks", "/members", "/tags",
        "/categories?select=dev&include=posts,parent_categories", "/categories/top", "/categories/paths",
    ]  # fmt: skip

    def grow(number: int) -> None:
        post = Post.write(
            by=alice, category=f"dev/c{number}", name=f"n{number}", tags=[f"t{number}"], body_md="text #1", wip=False
        )
        post.comment(by=bob, body_md="x").star(by=alice)
        post.star(by=bob)
        first = Post.objects.get(number=1)
        first.append("x", by=alice)
        first.comment(by=bob, body_md="x").star(by=alice)
        first.star(by=bob, body=f"{number}")

    grow(1)
    grow(2)
    counts = {}
    for path in paths:
        ask.get(f"/teams/docs{path}")
        with CaptureQueriesContext(connection) as few:
            ask.get(f"/teams/docs{path}")
        counts[path] = len(few)
    for number in range(3, 9):
        grow(number)
    for path, count in counts.items():
        with CaptureQueriesContext(connection) as many:
            ask.get(f"/teams/docs{path}")
        # Search looks once more where the newest rows do not fill a page.
        assert count <= len(many) <= count + ("q=" in path), path

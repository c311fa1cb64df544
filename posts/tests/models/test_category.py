"""Moving a category with all below it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Category, Post, Revision
from posts.models.search import PostSearch
from teams.models import Event


def counts(team):
    rows = Category.objects.filter(team=team)
    return {row.path: (row.posts, row.total, row.shipped, row.shipped_total) for row in rows}


def recounted(team):
    """The counts as the posts themselves say them."""
    Category.objects.filter(team=team).delete()
    for category, wip in team.posts.alive().values_list("category", "wip"):
        Category.shift(team, (category, 1, int(not wip)))
    return counts(team)


def test_every_post_below_gets_a_revision_and_nobody_is_told(alice, bob, carol):
    posts = [
        Post.write(by=alice, name="one", category="dev", body_md="# text", tags=["t"], wip=False),
        Post.write(by=alice, name="two", category="dev/検索/bigram", body_md="body"),
        Post.write(by=alice, name="three", category="dev/検索/bigram"),
    ]
    beside = Post.write(by=alice, name="secret", category="dev-secret")
    theirs = Post.write(by=carol, name="theirs", category="dev")
    gone = Post.write(by=alice, name="gone", category="dev")
    gone.trash(by=alice)

    assert Category.move(alice.team, "/dev/", "eng/core", by=bob) == 2

    for post in posts:
        post.refresh_from_db()
    assert [post.category for post in posts] == ["eng/core", "eng/core/検索/bigram", "eng/core/検索/bigram"]
    newest = [post.revisions.get(number=2) for post in posts]
    assert {revision.message for revision in newest} == {"Move category from dev to eng/core"}
    assert {revision.created_by for revision in newest} == {bob}
    assert [revision.category for revision in newest] == [post.category for post in posts]
    assert (newest[0].body_md, newest[0].body_html, newest[0].tags, newest[0].wip) == (
        "# text",
        posts[0].body_html,
        ["t"],
        False,
    )
    assert set(Event.objects.filter(action="post_update").values_list("quiet", flat=True)) == {True}
    for post in (beside, theirs, gone):
        post.refresh_from_db()
        assert post.revision_number == 1
    assert (beside.category, theirs.category, gone.category) == ("dev-secret", "dev", "dev")
    assert counts(alice.team) == recounted(alice.team)


def test_a_move_into_a_category_that_exists_joins_them(alice):
    Post.write(by=alice, name="one", category="a/x")
    Post.write(by=alice, name="two", category="b/x", wip=False)
    plan = Category.plan_move(alice.team, "a", "b")
    assert (plan.posts, plan.joins, plan.moves) == (1, 1, [("a/x", "b/x")])
    assert Category.move(alice.team, "a", "b", by=alice) == 1
    assert counts(alice.team) == {"": (0, 2, 0, 1), "b": (0, 2, 0, 1), "b/x": (2, 2, 1, 1)}


def test_a_move_to_a_dated_place_makes_stock_flow(alice):
    post = Post.write(by=alice, name="one", category="log")
    Category.move(alice.team, "log", "日報/2026/11/23", by=alice)
    post.refresh_from_db()
    assert post.kind == "flow"


def test_moving_up_into_the_own_parent_is_allowed(alice):
    post = Post.write(by=alice, name="one", category="a/b/c")
    Category.move(alice.team, "a/b", "a", by=alice)
    post.refresh_from_db()
    assert post.category == "a/c"


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("", "a", "source"),
        ("dev", "", "target"),
        ("dev", "/dev/", "same"),
        ("dev", "dev/below", "into_itself"),
        ("dev", "/".join("abcdefghijklmnopqrst"), "category_too_deep"),
        ("dev", "x" * 240, "category_too_long"),
    ],
)
def test_what_cannot_be_moved_is_refused_and_changes_nothing(source, target, code, alice):
    Post.write(by=alice, name="one", category="dev/abcdefghijklmnop")
    with pytest.raises(ValidationError) as refused:
        Category.move(alice.team, source, target, by=alice)
    assert refused.value.code == code
    assert Revision.objects.count() == 1


def test_moving_what_does_not_exist_moves_nothing(alice):
    assert Category.move(alice.team, "nothing", "somewhere", by=alice) == 0


def test_moving_many_posts_takes_as_many_queries_as_moving_one(alice, django_assert_max_num_queries):
    """Only batches count: search finds each in its new place, and each has its event."""
    for number in range(12):
        post = Post.write(by=alice, name=f"Post {number}", category="many/below", body_md="tortoise", wip=False)
        post.comment(by=alice, body_md="elephant")
    Post.write(by=alice, name="Single", category="one", wip=False)
    with CaptureQueriesContext(connection) as one:
        Category.move(alice.team, "one", "uno", by=alice)
    with django_assert_max_num_queries(len(one) + 4):
        Category.move(alice.team, "many", "viele", by=alice)

    moved = Event.objects.filter(particulars__message="Move category from many to viele", quiet=True)
    assert moved.count() == 12
    assert set(moved.values_list("action", "particulars__revision")) == {("post_update", 2)}
    rows = PostSearch.objects.filter(path="viele/below")
    assert rows.count() == 12
    for post in Post.objects.filter(category="viele/below"):
        bulk = list(
            PostSearch.objects.filter(post_id=post.pk).values("norm", "path", "tags", "updated_by_id", "body_at")
        )
        post.refresh_search()
        fields = ("norm", "path", "tags", "updated_by_id", "body_at")
        assert bulk == list(PostSearch.objects.filter(post_id=post.pk).values(*fields))
        assert "elephant" in bulk[0]["norm"]

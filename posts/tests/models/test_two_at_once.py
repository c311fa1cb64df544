"""Writers who meet: each on a connection of their own, held at the point where they would once have locked each other out."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from posts import title
from posts.folder_import import FolderImport
from posts.models import Category, Comment, Post, Star
from posts.models.post import Draft, render_referrers
from teams.models import Event, Group, Member

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], Any]) -> None:
    """Do all at the same time; whatever one of them raises is raised here."""

    def run(deed: Callable[[], Any]) -> None:
        try:
            deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        for done in [pool.submit(run, deed) for deed in deeds]:
            done.result(timeout=20)


def until_somebody_waits() -> None:
    """For a lock that is held here."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted")
            if cursor.rowcount:
                return
    raise TimeoutError("nobody waits")


def test_posts_that_come_to_link_to_each_other_are_both_saved(alice, bob):
    one, two = Post.write(by=alice, name="One"), Post.write(by=bob, name="Two")
    met = Barrier(2, timeout=10)

    def link(post: Post, to: Post, by: Any) -> None:
        with transaction.atomic():
            post.lock()
            met.wait()
            post.revise(Draft(body_md=f"see #{to.number}", wip=False), by=by)

    at_once(lambda: link(one, two, alice), lambda: link(two, one, bob))
    assert (list(one.backlinks()), list(two.backlinks())) == ([two], [one])


def test_people_who_mention_each_other_under_one_post_are_both_heard(alice, bob):
    post = Post.write(by=alice, name="Post")
    post.watches.all().delete()
    Post.objects.update(watches_count=0)
    rounds = 4
    met = Barrier(3, timeout=10)

    def talk(by: Any, to: str) -> None:
        for _round in range(rounds):
            met.wait()
            Post.objects.get(pk=post.pk).comment(by=by, body_md=f"@{to} look")

    def look_away() -> None:
        for _round in range(rounds):
            met.wait()
            mine = Post.objects.get(pk=post.pk)
            mine.unwatch(by=bob)
            mine.watch(by=bob)

    at_once(lambda: talk(alice, "bob"), lambda: talk(bob, "alice"), look_away)
    post.refresh_from_db()
    assert (post.comments_count, post.watches_count) == (2 * rounds, 2)


def test_categories_moved_in_opposite_directions_keep_every_post_and_count(alice, bob):
    posts = [Post.write(by=alice, name=f"{n}", category="a/x" if n % 2 else "b/x", wip=n < 3) for n in range(6)]
    met = Barrier(3, timeout=10)

    def move(source: str, target: str, by: Any) -> None:
        met.wait()
        Category.move(by.team, source, target, by=by)

    def archive() -> None:
        met.wait()
        for post in reversed(posts):
            Post.objects.get(pk=post.pk).archive(by=bob)

    at_once(lambda: move("a", "b", alice), lambda: move("b", "a", bob), archive)
    expected: Counter[str] = Counter()
    for category in Post.objects.values_list("category", flat=True):
        expected.update(["", *title.ancestors(category), category])
    assert dict(Category.objects.values_list("path", "total")) == expected
    assert expected[""] == len(posts)
    for post in Post.objects.all():
        assert post.revisions.count() == post.revision_number


def test_a_post_is_renamed_while_the_worker_renders_it_for_another_name(alice, bob):
    hub = Post.write(by=alice, name="Hub")
    one = Post.write(by=alice, name="One", body_md=f"#{hub.number}")
    two = Post.write(by=alice, name="Two", body_md=f"#{hub.number}")
    one.revise(Draft(body_md=f"#{hub.number} #{two.number}"), by=alice)
    for post in (hub, two):
        post.revise(Draft(name="Renamed"), by=alice)
    held = Barrier(2, timeout=10)

    def rename() -> None:
        with transaction.atomic():
            two.lock()
            held.wait()
            until_somebody_waits()
            two.revise(Draft(name="Renamed again"), by=bob)

    def render() -> None:
        held.wait()
        Event.objects.filter(subject_id=hub.pk).latest("pk").relay()
        render_referrers(hub.pk)

    at_once(rename, render)
    assert [post.revision_number for post in Post.objects.order_by("number")] == [2, 2, 3]
    one.refresh_from_db()
    assert "Renamed" in one.body_html


def test_a_post_that_is_shipped_twice_is_shipped_once(alice, bob):
    post = Post.write(by=alice, name="Post")
    met = Barrier(2, timeout=10)

    def ship(by: Any) -> None:
        mine = Post.objects.get(pk=post.pk)
        met.wait()
        mine.ship(by=by)

    at_once(lambda: ship(alice), lambda: ship(bob))
    post.refresh_from_db()
    assert (post.wip, post.revision_number) == (False, 2)


def test_somebody_is_removed_while_the_owner_writes(alice, bob):
    numbered = Barrier(2, timeout=10)

    def write() -> None:
        with transaction.atomic():
            alice.team.next_post_number()
            numbered.wait()
            until_somebody_waits()
            Post.write(by=alice, name="Post")

    def remove() -> None:
        numbered.wait()
        bob.leave(by=alice)

    at_once(write, remove)
    bob.refresh_from_db()
    assert (bob.active, Post.objects.count()) == (False, 1)


def test_a_comment_is_removed_while_somebody_stars_it(alice, bob):
    comment = Post.write(by=alice, name="Post").comment(by=bob, body_md="a word")
    late = Comment.objects.get(pk=comment.pk)
    starred = Barrier(2, timeout=10)

    def star() -> None:
        with transaction.atomic():
            Comment.objects.get(pk=comment.pk).star(by=alice)
            starred.wait()
            until_somebody_waits()

    def remove() -> None:
        starred.wait()
        comment.remove(by=bob)

    at_once(star, remove)
    late.star(by=alice)
    late.unstar(by=alice)
    assert (Comment.objects.count(), Star.objects.count()) == (0, 0)


def test_a_comment_removed_twice_counts_once_and_is_not_written_again(alice, bob):
    post = Post.write(by=alice, name="Post")
    comment = post.comment(by=bob, body_md="a word")
    held = [Comment.objects.get(pk=comment.pk) for _copy in range(3)]
    held[0].remove(by=bob)
    held[1].remove(by=alice)
    with pytest.raises(ValidationError):
        held[2].edit(by=bob, body_md="back again")
    post.refresh_from_db()
    assert (post.comments_count, post.comments.count()) == (0, 0)


def test_a_name_that_a_group_and_a_newcomer_want_goes_to_one_of_them(alice, carol):
    met = Barrier(2, timeout=10)
    refused = []

    def take(deed: Callable[[], Any]) -> None:
        met.wait()
        try:
            deed()
        except ValidationError as problem:
            refused.append(problem)

    at_once(
        lambda: take(lambda: Group.define("carol", by=alice)),
        lambda: take(lambda: Member.join(alice.team, carol.user)),
    )
    assert len(refused) == 1
    assert alice.team.groups.count() + alice.team.members.filter(user=carol.user).count() == 1


def test_two_imports_of_one_folder_make_one_post_of_each_file(alice, tmp_path):
    for name in "abcdef":
        (tmp_path / f"{name}.md").write_text(f"# {name}\n")
    met = Barrier(2, timeout=10)
    runs = [FolderImport(alice.team, tmp_path, source="wiki") for _run in range(2)]

    def run(one: FolderImport) -> None:
        one.run(lambda done, of, path: met.wait() and None)

    at_once(lambda: run(runs[0]), lambda: run(runs[1]))
    assert [one.report.created + one.report.unchanged for one in runs] == [6, 6]
    assert sum(one.report.created for one in runs) == Post.objects.count() == 6

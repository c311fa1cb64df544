"""The verbs of a post: what they store, count and record."""

import pytest
from django.core.exceptions import ValidationError

from posts.models import Category, Post, Tag
from posts.models.post import Clash, Draft, PostGone, render_referrers
from teams.models import Event


def counts(team):
    return {c.path: (c.posts, c.total, c.shipped, c.shipped_total) for c in Category.objects.filter(team=team)}


def test_writing_numbers_posts_per_team_and_watches(alice, bob, carol):
    first = Post.write(by=alice, name="Hello", category="dev/2026", tags=["api"], body_md="- [x] a\n- [ ] b")
    second = Post.write(by=bob, name="日報", category="日報/2026/11/23", wip=False)
    other = Post.write(by=carol, name="Mine")

    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert (first.tasks_count, first.done_tasks_count, first.watches_count, first.revision_number) == (2, 1, 1, 1)
    assert (first.kind, second.kind) == ("stock", "flow")
    assert first.full_name == "dev/2026/Hello #api"
    assert list(Event.objects.filter(subject_id=first.pk).values_list("action", "quiet")) == [("post_create", True)]
    assert Event.objects.get(subject_id=second.pk, team=bob.team).quiet is False


def test_counts_follow_every_verb(alice):
    post = Post.write(by=alice, name="Hello", category="a/b", tags=["x", "y"])
    assert counts(alice.team) == {"": (0, 1, 0, 0), "a": (0, 1, 0, 0), "a/b": (1, 1, 0, 0)}

    post.ship(by=alice)
    assert counts(alice.team)["a"] == (0, 1, 0, 1)

    post.revise(Draft(category="a/c", tags=["y"]), by=alice)
    assert counts(alice.team) == {"": (0, 1, 0, 1), "a": (0, 1, 0, 1), "a/c": (1, 1, 1, 1)}
    assert dict(Tag.objects.values_list("name", "posts_count")) == {"y": 1}

    post.trash(by=alice)
    assert counts(alice.team) == {"": (0, 0, 0, 0)}
    assert Tag.objects.count() == 0
    alice.refresh_from_db()
    assert alice.posts_count == 0

    post.restore(by=alice)
    assert counts(alice.team)["a/c"] == (1, 1, 1, 1)
    alice.refresh_from_db()
    assert alice.posts_count == 1


def test_a_clean_merge_keeps_both_writers_lines(alice, bob):
    post = Post.write(by=alice, name="Hello", body_md="one\ntwo\nthree\n")
    Post.objects.get(pk=post.pk).revise(Draft(body_md="ONE\ntwo\nthree\n"), by=bob, base_number=1)
    saved = post.revise(Draft(body_md="one\ntwo\nTHREE\n", name="Hello"), by=alice, base_number=1)

    assert saved.merged
    assert not saved.overlapped
    assert post.body_md == "ONE\ntwo\nTHREE\n"
    assert post.revision_number == 3


def test_a_clash_saves_nothing_and_gives_both_sides(alice, bob):
    post = Post.write(by=alice, name="Hello", body_md="one\n")
    Post.objects.get(pk=post.pk).revise(Draft(body_md="bob's\n"), by=bob, base_number=1)
    with pytest.raises(Clash) as clash:
        post.revise(Draft(body_md="alice's\n"), by=alice, base_number=1)

    assert "bob's" in clash.value.merged.text
    assert "alice's" in clash.value.merged.text
    assert Post.objects.get(pk=post.pk).revision_number == 2

    saved = post.revise(Draft(body_md="alice's\n"), by=alice, base_number=1, save_clash=True)
    assert saved.overlapped
    assert "bob's" in post.body_md


def test_a_merge_does_not_unship_what_somebody_shipped_meanwhile(alice, bob):
    post = Post.write(by=alice, name="Hello", body_md="one\ntwo\n")
    Post.objects.get(pk=post.pk).ship(by=bob)
    post.revise(Draft(body_md="one\n2\n", wip=True), by=alice, base_number=1)
    assert post.wip is False


def test_archiving_twice_changes_nothing(alice):
    post = Post.write(by=alice, name="Old", category="dev")
    post.archive(by=alice)
    assert (post.category, post.message, post.revision_number) == ("Archived/dev", "Archived!", 2)
    post.archive(by=alice)
    assert (post.category, post.revision_number) == ("Archived/dev", 2)


def test_rolling_back_is_a_new_revision(alice):
    post = Post.write(by=alice, name="Hello", body_md="one", tags=["a"])
    post.revise(Draft(name="Bye", body_md="two", tags=[]), by=alice)
    post.roll_back(post.revisions.get(number=1), by=alice)
    assert (post.name, post.body_md, post.tags, post.revision_number) == ("Hello", "one", ["a"], 3)
    assert post.message == "Roll back to rev 1: Create post."
    with pytest.raises(ValidationError):
        post.roll_back(post.revisions.get(number=3), by=alice)


def test_a_post_in_the_bin_takes_no_text(alice):
    post = Post.write(by=alice, name="Hello")
    Post.objects.get(pk=post.pk).trash(by=alice)
    with pytest.raises(PostGone):
        post.revise(Draft(body_md="late"), by=alice)


def test_links_keep_backlinks_and_follow_a_rename(alice, django_capture_on_commit_callbacks):
    target = Post.write(by=alice, name="Target")
    source = Post.write(by=alice, name="Source", body_md=f"see #{target.number}", wip=False)
    assert list(target.backlinks()) == [source]

    target.revise(Draft(name="Renamed"), by=alice)
    for event in Event.objects.waiting():
        event.relay()
    render_referrers(target.pk)  # which the worker was told to do
    source.refresh_from_db()
    assert "Renamed" in source.body_html
    assert source.revision_number == 1


def test_ticking_a_box_changes_one_character(alice):
    post = Post.write(by=alice, name="Tasks", body_md="- [ ] 牛乳\n- [ ] 卵\n")
    post.toggle_task(1, checked=True, revision_number=1, by=alice)
    assert post.body_md == "- [ ] 牛乳\n- [x] 卵\n"
    assert post.done_tasks_count == 1
    with pytest.raises(ValidationError):
        post.toggle_task(0, checked=True, revision_number=1, by=alice)


def test_quote_stars_count_once_and_a_mute_stays(alice, bob):
    post = Post.write(by=alice, name="Hello")
    post.star(by=bob)
    post.star(by=bob, body="this line")
    post.star(by=bob)
    assert (post.stars_count, post.stars.count()) == (1, 2)
    post.unstar(by=bob)
    assert (post.stars_count, post.stars.count()) == (0, 0)

    post.unwatch(by=bob)
    post.comment(by=bob, body_md="hm @alice")
    assert post.watches_count == 1
    post.watch(by=bob)
    assert post.watches_count == 2

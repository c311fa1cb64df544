"""A group named in a text calls each of its members, once."""

import pytest

from conftest import join
from posts.models import Post
from posts.models.post import Draft
from posts.tests.telling import relay, send_mail
from posts.tests.views.test_completions import ask
from teams.models import Group, Mailing, Notification


@pytest.fixture
def dan(docs, alice):
    return join(docs, "dan")


@pytest.fixture
def design(alice, bob, dan):
    return Group.define("design", by=alice, members=[alice, bob, dan], description="Looks")


def told(member):
    return [(n.kind, n.event.action) for n in Notification.objects.filter(member=member).order_by("pk")]


def test_it_is_a_link_and_tells_each_member_once_by_inbox_and_mail(alice, bob, dan, design, mailoutbox):
    Group.define("more", by=alice, members=[bob])
    post = Post.write(by=alice, name="x", body_md="@Design and @more, also @bob: look. `@design`", wip=False)
    assert '<a class="mention" href="/team/groups/design" title="@design">@design</a>' in post.body_html
    assert "<code>@design</code>" in post.body_html
    relay()
    send_mail()
    assert told(bob) == told(dan) == [("mention", "post_create")]
    assert told(alice) == []
    assert sorted(mail.to[0] for mail in mailoutbox) == ["bob@example.com", "dan@example.com"]
    assert post.watches.filter(muted=False).count() == post.watches_count == 3
    relay()
    assert Mailing.objects.count() == 2


def test_a_comment_calls_a_group_but_nobody_who_muted_the_post(alice, bob, dan, design):
    post = Post.write(by=alice, name="x", wip=False)
    post.unwatch(by=bob)
    post.comment(by=alice, body_md="what do you think, @design?")
    relay()
    assert told(bob) == []
    assert told(dan) == [("mention", "comment_create")]


def test_a_quiet_save_stays_quiet_until_it_is_shipped(alice, bob, dan, design):
    post = Post.write(by=alice, name="x", body_md="@design")
    post.revise(Draft(body_md="@design!", wip=True), by=alice)
    relay()
    assert told(bob) == told(dan) == []
    post.ship(by=alice)
    relay()
    assert told(bob) == told(dan) == [("mention", "post_update")]


def test_everybody_is_everybody_who_is_there(docs, alice, bob, dan, carol):
    Group.define("all", by=alice, everybody=True)
    bob.leave(by=bob)
    Post.write(by=alice, name="x", body_md="@all", wip=False)
    relay()
    assert told(dan) == [("mention", "post_create")]
    assert told(bob) == told(carol) == []


def test_a_group_has_no_face_and_another_team_does_not_know_it(alice, design, carol):
    post = Post.write(by=alice, name="x", body_md=":@design:")
    assert "member-icon" not in post.body_html
    elsewhere = Post.write(by=carol, name="x", body_md="@design")
    assert "mention" not in elsewhere.body_html


def test_groups_are_offered_where_members_are_but_for_faces(alice, design, sign_in):
    client = sign_in(alice)
    assert ask(client, "members", "de") == ["@design"]
    assert ask(client, "members", "")[0] == "@design"
    assert ask(client, "people", "de") == []
    assert ask(client, "emoji", "@de") == []


def test_a_large_group_costs_no_more_queries_than_a_small_one(docs, alice, design):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    post = Post.write(by=alice, name="x", wip=False)
    with CaptureQueriesContext(connection) as few:
        post.comment(by=alice, body_md="@design")
    Group.define("crowd", by=alice, members=[join(docs, f"p{number}") for number in range(6)])
    with CaptureQueriesContext(connection) as many:
        post.comment(by=alice, body_md="@crowd")
    assert len(many) == len(few)

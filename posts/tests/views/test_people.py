"""The page of a person: what they wrote, and their figures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post
from posts.models.post import Draft
from posts.tests.views.counting import queries_of
from teams.models import Event, Group


@pytest.fixture
def busy(alice, bob):
    shipped = Post.write(by=bob, name="Shipped", wip=False)
    shipped.star(by=alice)
    shipped.star(by=alice, body="and a passage of it")
    draft = Post.write(by=bob, name="Draft")
    draft.revise(Draft(body_md="more"), by=bob)
    hers = Post.write(by=alice, name="Hers", wip=False)
    hers.star(by=bob)
    hers.comment(by=bob, body_md="well").star(by=alice)
    gone = Post.write(by=bob, name="Gone", wip=False)
    gone.star(by=alice)
    gone.trash(by=bob)
    return shipped


def figures(answer):
    return {str(label): number for label, number in answer.context["figures"]}


def test_the_figures_are_those_of_the_person(alice, bob, busy, sign_in):
    Group.define("crew", by=alice, members=[bob])
    answer = sign_in(alice).get("/members/bob")
    assert figures(answer) == {"Shipped": 1, "WIP": 1, "Comments": 1, "Stars got": 2, "Stars given": 1}
    assert [post.name for post in answer.context["posts"]] == ["Draft", "Shipped"]
    page = answer.content.decode()
    assert "Gone" not in page
    assert 'href="/team/groups/crew"' in page
    assert figures(sign_in(bob).get("/members/Alice"))["Stars given"] == 2


def test_each_month_has_its_own(alice, bob, busy, sign_in):
    year_ago = timezone.now() - timedelta(days=330)
    Event.objects.filter(action="comment_create").update(created_at=year_ago)
    Event.objects.filter(action="post_star").update(created_at=timezone.now() - timedelta(days=800))
    rows = sign_in(alice).get("/members/bob").context["rows"]
    assert len(rows) == 12
    assert rows[0] == (timezone.localdate().replace(day=1), [2, 0, 1, 0])  # shipped, comments, stars got and given
    assert sum(values[1] for _month, values in rows) == 1
    assert [values[1] for month, values in rows if month == timezone.localdate(year_ago).replace(day=1)] == [1]
    assert sum(values[3] for _month, values in rows) == 0


def test_an_outsider_sees_nobody(docs, alice, bob, carol, busy, sign_in):
    assert sign_in(carol, docs).get("/members/bob").status_code == 404
    docs.change_privacy("open", by=alice)
    assert sign_in(carol, docs).get("/members/bob").status_code == 404
    assert sign_in(carol).get("/members/bob").status_code == 404


def test_a_long_life_costs_as_many_queries_as_a_short_one(alice, bob, sign_in):
    Post.write(by=bob, name="x", wip=False).comment(by=bob, body_md="y")
    client = sign_in(alice)
    one = queries_of(client, "/members/bob")
    for number in range(8):
        post = Post.write(by=bob, name=f"n{number}", tags=["t"], wip=number % 2 == 0)
        post.comment(by=bob, body_md="z").star(by=alice)
        post.star(by=alice)
        post.star(by=bob)
    assert queries_of(client, "/members/bob") == one

"""A prepared query answers as the query that it was made of, for other values, too."""

import pytest

from esa.prepared import Prepared
from posts.models import Post
from teams.models import Member, Team

pytestmark = pytest.mark.django_db


def test_it_answers_as_the_query_itself_for_each_value(docs, alice, bob):
    one, two = Post.write(by=alice, name="One", tags=["t"]), Post.write(by=bob, name="50% _off\\")

    def build(team, name):
        return Post.objects.filter(team_id=team, name=name).for_display().with_star_of(alice)

    ask = Prepared(build)
    for post in (one, two, one):
        (found,), (expected,) = ask(docs.pk, post.name), build(docs.pk, post.name)
        assert found == expected == post
        assert (found.tags, found.starred, found.created_by.user) == (expected.tags, False, post.created_by.user)
        assert found.created_at == post.created_at
    assert ask(docs.pk, "Two") == []
    assert ask.first(docs.pk + 1, "One") is None


def test_what_decides_the_shape_is_worded_by_itself(docs, alice):
    ask = Prepared(lambda team, left: Member.objects.filter(team_id=team, left_at__isnull=left))
    assert alice in ask(docs.pk, True)
    assert ask(docs.pk, False) == []


def test_a_value_that_would_be_lost_in_the_text_is_refused(docs):
    with pytest.raises(TypeError):
        Prepared(lambda team, most: Team.objects.filter(pk=team)[:most])(docs.pk, 5)
    with pytest.raises(TypeError):
        Prepared(lambda name: Team.objects.filter(name__startswith=name))("do")

"""What `manage.py bench` invents can be taken away again, whatever was done with it."""

import pytest
from django.core.management import call_command

from posts import bench
from posts.models import Post
from posts.models.post import Draft
from teams.models import Event, Team


@pytest.mark.django_db
def test_invented_teams_go_with_everything_that_people_did_in_them(alice, settings):
    settings.DEBUG = True
    kept = Post.write(by=alice, name="Kept", body_md="this stays")
    bench.fill(bench.found("bench-large"), 12, seed=1, progress=lambda _: None)
    invented = Team.objects.get(name="bench-large")
    post = invented.posts.first()
    member = post.created_by
    comment = post.comment(by=member, body_md="a word")
    comment.star(by=member)
    post.star(by=member)
    other = Post.write(by=member, name="Linking", body_md=f"see #{post.number}", wip=False)
    other.revise(Draft(body_md=f"see #{post.number} and more"), by=member)

    call_command("bench", "clean")

    assert not Team.objects.filter(name="bench-large").exists()
    assert list(Post.objects.all()) == [kept]
    assert not Event.objects.exclude(team=alice.team).exists()

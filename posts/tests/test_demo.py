"""The demo team that `make run` shows a newcomer."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from posts.models import Post
from teams.models import Mailing, Member, Team


def test_the_demo_team_lives_and_its_help_pages_have_the_numbers_that_clients_ask_for(db, settings, tmp_path):
    settings.DEBUG, settings.MEDIA_ROOT = True, tmp_path / "media"
    call_command("seed", verbosity=0)
    settings.DEBUG = False
    # What `make run` prints for the newcomer.
    told = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert {each["role"] for each in told} == {"Owner", "Member"}
    assert len(told) == 4

    team = Team.objects.get(name="docs")

    categories = dict(team.posts.values_list("number", "category"))
    assert {categories[49], categories[102], categories[104]} == {"help"}
    assert team.next_post_number() == 105
    assert Member.objects.active().filter(team=team).count() == 4
    assert team.posts.filter(wip=True).exists()
    assert team.posts.filter(comments_count__gt=1, stars_count__gt=1).exists()
    assert Post.objects.templates().count() == 3
    for post in team.posts.all():
        assert "post-ref broken" not in post.body_html, post.full_name
        assert post.is_template or "%{" not in post.full_name + post.body_md
    assert "アーキテクチャ概要" in team.posts.get(number=2).body_html

    dates = list(team.events.order_by("pk").values_list("created_at", flat=True))
    assert dates == sorted(dates)
    # What was said days ago rings the bell as of then, and sends nobody mail today.
    said = team.events.filter(action="comment_create").earliest("created_at")
    assert said.relayed_at
    assert {each.created_at for each in said.notifications.all()} == {said.created_at} == {said.subject.created_at}
    assert said.created_at < timezone.now() - timedelta(days=7)
    assert not Mailing.objects.exists()

    with pytest.raises(CommandError):
        call_command("seed", verbosity=0)
    call_command("seed", "--if-empty", verbosity=0)  # as docker compose does each time it starts
    assert Team.objects.count() == 1

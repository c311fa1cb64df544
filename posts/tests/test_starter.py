"""What a new team finds."""

from django.utils import translation

from posts.models import Post
from teams.models import Event, Team


def test_a_new_team_has_three_templates_and_a_readme_in_its_founders_language(carol):
    with translation.override("ja"):
        team = Team.found(by=carol.user, name="atarashii")

    templates = Post.objects.templates().filter(team=team)
    assert {post.category.split("/")[1] for post in templates} == {"日報", "議事録", "手順書"}
    assert team.posts.get(name="README").created_by.is_bot
    assert not Event.objects.filter(team=team, action="post_create", quiet=False).exists()

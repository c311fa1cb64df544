"""Titles in other texts of an open team: hidden from the world with the post, not some time after it."""

import pytest

from posts.models import Post
from posts.models.post import Draft

SECRET = "Merger with Kobayashi"


@pytest.fixture
def told(docs, alice):
    """A shipped post whose title is shown in a post and in a comment, as the world read them."""
    docs.privacy = "open"
    docs.save()
    secret = Post.write(by=alice, name=SECRET, wip=False)
    source = Post.write(by=alice, name="Plans", category="dev", body_md=f"see #{secret.number}", wip=False)
    source.comment(by=alice, body_md=f"and #{secret.number}")
    Post.write(by=alice, name="README", category="dev", body_md=f"about #{secret.number}", wip=False)
    return secret, source


HIDING = {
    "un-shipped": lambda post, by: post.unship(by=by),
    "into the bin": lambda post, by: post.trash(by=by),
    "renamed": lambda post, by: post.revise(Draft(name="Plans of the week"), by=by),
    "archived as WIP": lambda post, by: post.revise(Draft(category="Archived", wip=True), by=by),
}


@pytest.mark.parametrize("deed", HIDING)
def test_no_text_keeps_a_hidden_title_for_the_world(deed, alice, told, docs, sign_in):
    """No worker runs here: what the world sees does not wait for one."""
    secret, source = told
    client = sign_in(None, docs)
    assert client.get(f"/posts/{source.number}").content.decode().count(SECRET) == 2
    assert SECRET in client.get("/categories/dev").content.decode()

    HIDING[deed](secret, alice)
    for url in (f"/posts/{source.number}", f"/posts/{source.number}/slides", "/categories/dev"):
        assert SECRET not in client.get(url).content.decode(), url


def test_a_comment_of_closed_days_tells_no_draft_when_the_team_opens(alice, docs, sign_in):
    draft = Post.write(by=alice, name=SECRET)
    shipped = Post.write(by=alice, name="Plans", wip=False)
    shipped.comment(by=alice, body_md=f"see #{draft.number}")
    docs.change_privacy("open", by=alice)

    page = sign_in(None, docs).get(f"/posts/{shipped.number}").content.decode()
    assert f"#{draft.number}" in page
    assert SECRET not in page


def test_what_was_hidden_in_a_closed_spell_is_hidden_when_the_team_opens_again(alice, told, docs, sign_in):
    secret, source = told
    client = sign_in(None, docs)
    assert SECRET in client.get(f"/posts/{source.number}").content.decode()
    docs.change_privacy("closed", by=alice)
    secret.unship(by=alice)
    docs.change_privacy("open", by=alice)
    assert SECRET not in client.get(f"/posts/{source.number}").content.decode()


def test_the_world_is_not_told_how_often_a_post_was_written(alice, told, docs, sign_in):
    _secret, source = told
    assert 'data-revision=""' in sign_in(None, docs).get(f"/posts/{source.number}").content.decode()
    assert 'data-revision="1"' in sign_in(alice).get(f"/posts/{source.number}").content.decode()

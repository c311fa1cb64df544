"""Revisions: what is kept, and what is made anew."""

import pytest
from django.core.exceptions import ValidationError

from esa import markdown
from posts.models import Category, Post, Revision
from posts.models.post import Draft

FROM_BEFORE = '<p>one <img src="x" onerror="alert(1)"></p>'


def test_html_that_an_older_renderer_let_through_is_not_shown_again(alice, sign_in):
    post = Post.write(by=alice, name="Post", category="dev", body_md="one")
    made = post.body_html
    post.revise(Draft(body_md="two"), by=alice)
    post.revisions.filter(number=1).update(body_html=FROM_BEFORE, renderer_version=markdown.RENDERER_VERSION - 1)
    client = sign_in(alice)
    page = client.get(f"/posts/{post.number}/revisions/1").content.decode()
    assert "onerror" not in page
    kept = post.revisions.get(number=1)
    assert (kept.body_html, kept.renderer_version) == (made, markdown.RENDERER_VERSION)
    assert kept.body_html in page


def test_every_verb_keeps_which_renderer_it_was(alice):
    post = Post.write(by=alice, name="Post", category="dev", body_md="one")
    post.archive(by=alice)
    Category.move(alice.team, "Archived/dev", "Archived/old", by=alice)
    assert set(Revision.objects.values_list("renderer_version", flat=True)) == {markdown.RENDERER_VERSION}


@pytest.mark.parametrize("message", ["x" * 501, "half a pair \ud83d"])
def test_an_archive_message_that_cannot_be_stored_is_refused(message, alice):
    post = Post.write(by=alice, name="Post", category="dev")
    with pytest.raises(ValidationError):
        post.archive(by=alice, message=message)
    assert Post.objects.get().category == "dev"

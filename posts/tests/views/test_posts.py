"""The page of a post, its Markdown, and the list of posts."""

import pytest
from django.urls import reverse

from posts.models import Post
from posts.models.post import Draft


def test_the_page_shows_a_post_with_its_place_people_and_text(alice, bob, sign_in):
    post = Post.write(
        by=alice, name="Search &#47; find", category="dev/検索", tags=["api"], body_md="# One\n\ntext\n\n## Two"
    )
    post.revise(Draft(body_md="# One\n\nnew text\n\n## Two"), by=bob)
    page = sign_in(bob).get(f"/posts/{post.number}").content.decode()

    assert "Search / find" in page
    assert reverse("category", args=["dev/検索"]) in page
    assert "new text" in page
    assert 'href="/members/alice"' in page
    assert 'href="/members/bob"' in page
    assert "/posts/1/revisions" in page
    assert page.count('href="#Two"') >= 2  # contents beside and above the text
    assert "Ship It!" in page

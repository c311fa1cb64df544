"""Comments, their stars, and watching places."""

import re

import pytest

from posts.models import Category, Comment, PlaceWatch, Post, SavedSearch
from posts.views import comments as views


@pytest.fixture
def post(alice, bob):
    return Post.write(by=alice, name="x", category="dev", wip=False)


def text_of(answer):
    return answer.content.decode()


def test_footnotes_of_two_comments_do_not_collide(alice, bob, post, sign_in):
    for _twice in range(2):
        post.comment(by=bob, body_md="word[^1]\n\n[^1]: note\n\n## Head")
    page = text_of(sign_in(alice).get("/posts/1"))
    anchors = re.findall(r'(?:id|name)="([^"]+)"', page[page.index('id="comments-list"') :])
    first, second = Comment.objects.order_by("pk")
    assert [each for each in anchors if each.startswith(f"c{first.pk}-")]
    assert [each for each in anchors if each.startswith(f"c{second.pk}-")]
    notes = [each for each in anchors if "note" in each or "fn" in each]
    assert len(notes) == len(set(notes)) >= 2


def test_an_open_page_gets_what_is_new(alice, bob, carol, post, sign_in, docs):
    first = post.comment(by=bob, body_md="first")
    second = post.comment(by=bob, body_md="second")
    fragment = text_of(sign_in(alice).get(f"/posts/1/comments?after={first.pk}"))
    assert "second" in fragment
    assert ">first<" not in fragment
    assert f'id="comment-{second.pk}"' in fragment
    assert f'data-there="{first.pk} {second.pk} "' in fragment
    assert sign_in(carol, docs).get("/posts/1/comments").status_code == 404


def test_an_open_page_gets_what_was_changed_and_learns_what_is_gone(alice, bob, post, sign_in, monkeypatch):
    monkeypatch.setattr(views, "MOST_AT_ONCE", 1)
    first, second, third = (post.comment(by=bob, body_md=name) for name in ("first", "second", "third"))
    client = sign_in(alice)
    shown = f"after={third.pk}&version={third.version}"
    assert 'class="comment"' not in text_of(client.get(f"/posts/1/comments?{shown}"))
    second.edit(by=bob, body_md="two")
    first.edit(by=bob, body_md="one")
    third.remove(by=bob)
    fragment = text_of(client.get(f"/posts/1/comments?{shown}"))
    assert f'data-there="{first.pk} {second.pk} "' in fragment
    assert f'id="comment-{second.pk}" data-version="{second.version}"' in fragment  # not more at once than so many
    assert "one" not in fragment
    fragment = text_of(client.get(f"/posts/1/comments?after={second.pk}&version={second.version}"))
    assert ">one<" in fragment
    assert ">two<" not in fragment
    assert client.get("/posts/1/comments?after=99²&version=99999999999999999").status_code == 200


def test_a_comment_says_to_members_who_starred_it_and_what_in_it(alice, bob, carol, post, sign_in, docs):
    comment = post.comment(by=bob, body_md="well said")
    comment.star(by=bob, body="well")
    comment.star(by=alice)
    comment.star(by=bob)
    post.comment(by=bob, body_md="unstarred")
    page = text_of(sign_in(alice).get("/posts/1"))
    stars = page[page.index(f'id="stars-of-comment-{comment.pk}"') :]
    stars = stars[: stars.index("</article>")]
    people = re.findall(r'href="/members/(\w+)"', stars)
    assert people == ["bob", "alice"]
    assert '<p class="note__words" data-words>well</p>' in stars
    assert page.count('aria-label="Starred by"') == 1
    docs.change_privacy("open", by=alice)
    page = text_of(sign_in(carol, docs).get("/posts/1"))
    assert "well said" in page
    assert "Starred by" not in page


def test_a_comment_is_starred_and_unstarred(alice, bob, carol, post, sign_in, docs):
    comment = post.comment(by=bob, body_md="well")
    client = sign_in(alice)
    assert client.post(f"/comments/{comment.pk}/star")["Location"] == f"/posts/1#comment-{comment.pk}"
    fragment = text_of(client.post(f"/comments/{comment.pk}/star", headers={"hx-request": "true"}))
    assert 'aria-pressed="true"' in fragment
    assert fragment.count(f'id="stars-of-comment-{comment.pk}" hx-swap-oob="true"') == 1
    assert '<a href="/members/alice">' in fragment
    assert Comment.objects.get().stars_count == 1
    client.post(f"/comments/{comment.pk}/star/delete")
    assert Comment.objects.get().stars_count == 0
    outsider = sign_in(carol, docs)
    assert outsider.post(f"/comments/{comment.pk}/star").status_code == 404
    assert outsider.post(f"/comments/{comment.pk}/star/delete").status_code == 404
    post.trash(by=alice)
    assert sign_in(alice).post(f"/comments/{comment.pk}/star").status_code == 404


def test_a_passage_is_starred_and_shown_with_the_post(alice, bob, post, sign_in):
    client = sign_in(bob)
    client.post("/posts/1/star", {"body": "a fine <passage>"})
    assert "a fine &lt;passage&gt;" in text_of(client.get("/posts/1"))


def test_a_preview_beside_other_texts_has_anchors_of_its_own(alice, post, sign_in):
    told = sign_in(alice).post("/preview", {"body_md": "## Head\n#99", "prefix": "1"}).json()
    assert 'href="#preview-Head"' in told["html"]
    assert told["broken"] == [99]


def test_a_category_and_a_search_are_watched_and_left(alice, bob, carol, post, sign_in, docs):
    client = sign_in(bob)
    client.post("/category/watch", {"path": "dev"})
    assert "Watching" in text_of(client.get("/categories/dev"))
    client.post("/category/watch/delete", {"path": "dev"})
    assert not PlaceWatch.objects.exists()
    assert client.post("/category/watch", {"path": "nowhere"}).status_code == 404
    mine = SavedSearch.keep(by=bob, name="mine", query="x")
    client.post(f"/searches/{mine.pk}/watch")
    assert "Watching" in text_of(client.get("/searches"))
    assert sign_in(alice).post(f"/searches/{mine.pk}/watch").status_code == 404
    outsider = sign_in(carol, docs)
    for path in ("/category/watch", "/category/watch/delete", f"/searches/{mine.pk}/watch"):
        assert outsider.post(path, {"path": "dev"}).status_code == 404
    assert Category.objects.filter(path="dev").exists()
    sign_in(bob).post(f"/searches/{mine.pk}/watch/delete")
    assert not PlaceWatch.objects.exists()


BOTH = "one\ntwo\nthree\nfour\nfive\n"


def test_two_who_change_a_comment_at_once_lose_nothing(alice, bob, post, sign_in):
    """Alice, an owner, and Bob, who wrote it, both began with the same text."""
    comment = post.comment(by=bob, body_md=BOTH)
    url = f"/comments/{comment.pk}/edit"
    assert f'name="base_body" value="{BOTH}"' in text_of(sign_in(bob).get(url))
    comment.star(by=alice)
    sent = BOTH.replace("\n", "\r\n")  # as browsers send it
    sign_in(alice).post(url, {"body_md": sent.replace("one", "ONE"), "base_body": sent})
    answer = sign_in(bob).post(url, {"body_md": sent.replace("five", "FIVE"), "base_body": sent}, follow=True)
    assert "It now holds what both changed" in text_of(answer)
    comment.refresh_from_db()
    assert comment.body_md == BOTH.replace("one", "ONE").replace("five", "FIVE")
    assert comment.stars_count == 1


def test_the_same_lines_changed_twice_are_shown_side_by_side_and_settled(alice, bob, post, sign_in):
    comment = post.comment(by=bob, body_md="one")
    url = f"/comments/{comment.pk}/edit"
    sign_in(alice).post(url, {"body_md": "hers", "base_body": "one"})
    answer = sign_in(bob).post(url, {"body_md": "his", "base_body": "one"})
    assert answer.status_code == 409
    page = text_of(answer)
    assert Comment.objects.get().body_md == "hers"
    assert re.search(r"(&lt;){7} yours\nhis\n={7}\nhers\n(&gt;){7} theirs", page)
    assert page.count("<textarea") == 3
    assert 'name="base_body" value="hers"' in page
    marked = answer.context["body"]
    again = sign_in(bob).post(url, {"body_md": marked, "base_body": "hers", "settling": "1"})
    assert again.status_code == 422
    assert 'name="settling"' in text_of(again)
    assert sign_in(bob).post(url, {"body_md": "his and hers", "base_body": "hers", "settling": "1"}).status_code == 302
    assert Comment.objects.get().body_md == "his and hers"


def test_a_program_without_a_base_still_has_the_last_word(alice, bob, post):
    comment = post.comment(by=bob, body_md="one")
    Comment.objects.get().edit(by=alice, body_md="two")
    assert comment.edit(by=bob, body_md="three") is False
    assert Comment.objects.get().body_md == "three"


def test_a_text_for_a_comment_that_is_gone_goes_back_to_its_writer(alice, bob, carol, post, sign_in, docs):
    comment = post.comment(by=bob, body_md="one")
    elsewhere = Post.write(by=carol, name="x").comment(by=carol, body_md="hers")
    client = sign_in(bob)
    post.trash(by=alice)
    for pk in (comment.pk, elsewhere.pk, 10**9):
        answer = client.post(f"/comments/{pk}/edit", {"body_md": "a <long> text", "base_body": "one"})
        assert answer.status_code == 404
        assert "a &lt;long&gt; text" in text_of(answer)
        assert client.get(f"/comments/{pk}/edit").status_code == 404
    outsider = sign_in(carol, docs).post(f"/comments/{comment.pk}/edit", {"body_md": "a text"})
    assert outsider.status_code == 404
    assert "a text" not in text_of(outsider)

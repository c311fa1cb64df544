"""The bin, stars, watches, tasks, tags and comments, as members use them."""

import re

import pytest

from posts.models import Comment, Post
from posts.models.post import Draft
from posts.tests.views.counting import queries_of


def text_of(answer):
    return answer.content.decode()


def test_the_bin_lists_who_and_when_shows_a_post_and_gives_it_back(alice, bob, sign_in):
    post = Post.write(by=alice, name="Gone", category="dev", body_md="*still here*", wip=False)
    post.star(by=bob)
    post.trash(by=bob)
    client = sign_in(alice)
    listed = text_of(client.get("/bin"))
    assert "Gone" in listed
    assert "deleted by Bob" in listed
    assert "<em>still here</em>" in text_of(client.get("/bin/1"))

    answer = client.post("/bin/1/restoration", follow=True)
    assert answer.redirect_chain == [("/posts/1", 302)]
    post.refresh_from_db()
    assert (post.deleted_at, post.category, post.stars_count) == (None, "dev", 1)
    assert client.get("/bin/1").status_code == 404


def test_the_bin_takes_as_many_queries_for_many_posts_as_for_one(alice, bob, sign_in):
    Post.write(by=alice, name="x").trash(by=alice)
    client = sign_in(bob)
    one = queries_of(client, "/bin")
    for number in range(8):
        Post.write(by=bob, name=f"n{number}", tags=["t"]).trash(by=alice if number % 2 else bob)
    assert queries_of(client, "/bin") == one


def test_a_star_goes_on_and_off_with_and_without_javascript(alice, bob, sign_in):
    Post.write(by=alice, name="x", wip=False)
    client = sign_in(bob)
    assert client.post("/posts/1/star")["Location"] == "/posts/1"
    fragment = text_of(client.post("/posts/1/star", headers={"hx-request": "true"}))
    assert 'aria-pressed="true"' in fragment
    assert "/posts/1/star/delete" in fragment
    assert '<div id="stargazers" hx-swap-oob="true">' in fragment
    assert '<a href="/members/bob">' in fragment
    assert Post.objects.get().stars_count == 1
    assert "Starred by" in text_of(client.get("/posts/1"))
    answer = client.post("/posts/1/star/delete", headers={"hx-request": "true"})
    assert 'aria-pressed="false"' in text_of(answer)
    assert '<div id="stargazers" hx-swap-oob="true"></div>' in text_of(answer)
    assert "HX-Refresh" not in answer
    assert Post.objects.get().stars_count == 0
    client.post("/posts/1/star", {"body": "a passage"})  # which stands beside the text: the page comes anew
    assert client.post("/posts/1/star/delete", headers={"hx-request": "true"})["HX-Refresh"] == "true"


def test_a_passage_is_shown_once_with_all_who_starred_it(docs, alice, bob, carol, sign_in):
    post = Post.write(by=alice, name="x", body_md="one two three", wip=False)
    post.star(by=alice, body="one two")
    post.star(by=bob, body="one\ntwo")
    post.star(by=alice, body="<b>gone</b>")
    page = text_of(sign_in(alice).get("/posts/1"))
    people = page[page.index('class="stargazers"') :].partition("</div>")[0]
    assert re.findall(r'href="/members/(\w+)"', people) == ["alice", "bob"]  # once each
    assert page.count("data-quote") == 2
    assert 'data-count="2" data-label="Starred by Alice, Bob"' in page
    assert "&lt;b&gt;gone&lt;/b&gt;" in page
    docs.change_privacy("open", by=alice)
    assert "data-quote" not in text_of(sign_in(carol, docs).get("/posts/1"))


def test_a_watch_goes_on_and_off(alice, bob, sign_in):
    Post.write(by=alice, name="x")
    client = sign_in(bob)
    assert "Watching" in text_of(client.post("/posts/1/watch", headers={"hx-request": "true"}))
    assert Post.objects.get().watches_count == 2
    assert client.post("/posts/1/watch/delete")["Location"] == "/posts/1"
    assert Post.objects.get().watches_count == 1


def test_ticking_a_box_changes_one_mark_and_answers_the_next_revision(alice, bob, sign_in):
    post = Post.write(by=alice, name="x", body_md="- [ ] one\n- [ ] two\n")
    client = sign_in(bob)
    answer = client.post("/posts/1/tasks/1", {"checked": "1", "revision": "1"})
    assert answer.json() == {"revision": 2, "done": 1, "tasks": 2}
    post.refresh_from_db()
    assert post.body_md == "- [ ] one\n- [x] two\n"

    stale = client.post("/posts/1/tasks/0", {"checked": "1", "revision": "1"})
    assert stale.status_code == 409
    assert "changed in the meantime" in stale.json()["message"]
    assert client.post("/posts/1/tasks/7", {"checked": "1", "revision": "2"}).status_code == 409
    assert client.post("/posts/1/tasks/0", {"checked": "1"}).status_code == 400
    assert Post.objects.get().revision_number == 2


def test_tags_are_listed_by_use_and_lead_to_their_posts(alice, sign_in):
    Post.write(by=alice, name="one", tags=["rare", "often"])
    Post.write(by=alice, name="two", tags=["often"])
    client = sign_in(alice)
    page = text_of(client.get("/tags"))
    assert page.index(">often ") < page.index(">rare ")
    assert "/posts?tag=rare" in page
    assert "often" not in text_of(client.get("/tags?filter=rar")).split("<main")[1]


def test_a_comment_is_written_changed_and_removed(alice, bob, sign_in):
    Post.write(by=alice, name="x", wip=False)
    client = sign_in(bob)
    written = client.post("/posts/1/comments", {"body_md": "**hello**"})
    comment = Comment.objects.get()
    assert written["Location"] == f"/posts/1#comment-{comment.pk}"
    page = text_of(client.get("/posts/1"))
    assert f'id="comment-{comment.pk}"' in page
    assert "<strong>hello</strong>" in page

    assert "**hello**" in text_of(client.get(f"/comments/{comment.pk}/edit"))
    client.post(f"/comments/{comment.pk}/edit", {"body_md": "bye"})
    comment.refresh_from_db()
    assert comment.body_md == "bye"
    client.post(f"/comments/{comment.pk}/delete")
    assert Comment.objects.count() == Post.objects.get().comments_count == 0


@pytest.mark.parametrize("body", ["", "  \n", "x" * 60_000])
def test_a_comment_that_cannot_be_saved_is_given_back(body, alice, sign_in):
    post = Post.write(by=alice, name="x")
    comment = post.comment(by=alice, body_md="before")
    client = sign_in(alice)
    for url in ("/posts/1/comments", f"/comments/{comment.pk}/edit"):
        answer = client.post(url, {"body_md": body})
        assert answer.status_code == 422
        assert body.strip() in text_of(answer)
        assert "field__errors" in text_of(answer)
    comment.refresh_from_db()
    assert comment.body_md == "before"


def test_only_authors_and_owners_change_a_comment(alice, bob, sign_in):
    post = Post.write(by=alice, name="x")
    of_alice, of_bob = post.comment(by=alice, body_md="a"), post.comment(by=bob, body_md="b")
    client = sign_in(bob)
    assert client.get(f"/comments/{of_alice.pk}/edit").status_code == 403
    assert client.post(f"/comments/{of_alice.pk}/delete").status_code == 403
    assert f"/comments/{of_alice.pk}/edit" not in text_of(client.get("/posts/1"))
    assert sign_in(alice).post(f"/comments/{of_bob.pk}/delete").status_code == 302


def test_a_save_by_somebody_else_does_not_lose_a_tick(alice, bob, sign_in):
    post = Post.write(by=alice, name="x", body_md="- [ ] one\n")
    post.revise(Draft(body_md="- [ ] one\n- [ ] two\n"), by=bob)
    assert sign_in(bob).post("/posts/1/tasks/0", {"checked": "1", "revision": "1"}).status_code == 409
    assert Post.objects.get().done_tasks_count == 0

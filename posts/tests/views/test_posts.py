"""The page of a post, its Markdown, and what becomes of a post."""

import pytest
import yaml
from django.urls import reverse

from posts.models import Post
from posts.models.post import Draft
from posts.tests.views.counting import frame_queries, queries_of


def text_of(answer):
    return answer.content.decode()


def test_the_page_shows_a_post_with_its_place_people_and_text(alice, bob, sign_in):
    post = Post.write(
        by=alice, name="Search &#47; find", category="dev/検索", tags=["api"], body_md="# One\n\ntext\n\n## Two"
    )
    post.revise(Draft(body_md="# One\n\nnew text\n\n## Two"), by=bob)
    page = text_of(sign_in(bob).get(f"/posts/{post.number}"))

    assert "Search / find" in page
    assert reverse("category", args=["dev/検索"]) in page
    assert "new text" in page
    assert 'href="/members/alice"' in page
    assert 'href="/members/bob"' in page
    assert "/posts/1/revisions" in page
    assert page.count('href="#Two"') >= 2  # contents beside and above the text
    assert "Ship It!" in page


def test_banners_say_what_a_post_is(alice, sign_in):
    wip = Post.write(by=alice, name="Wip")
    shipped = Post.write(by=alice, name="Done", wip=False)
    template = Post.write(by=alice, name="Daily", category="Templates/daily", wip=False)
    readme = Post.write(by=alice, name="README", category="Templates", wip=False)
    archived = Post.write(by=alice, name="Old", category="Archived/dev", wip=False)
    client = sign_in(alice)

    def banners(post):
        page = text_of(client.get(f"/posts/{post.number}"))
        return ["Work in progress" in page, "notice--template" in page, "is archived" in page]

    assert banners(wip) == [True, False, False]
    assert banners(shipped) == [False, False, False]
    assert banners(template) == [False, True, False]
    assert banners(readme) == [False, False, False]
    assert banners(archived) == [False, False, True]


def test_neighbours_are_the_next_names_in_the_same_category(alice, sign_in):
    names = ["a", "b", "b", "c"]
    posts = [Post.write(by=alice, name=name, category="dev", wip=False) for name in names]
    Post.write(by=alice, name="bb", category="dev/below")
    client = sign_in(alice)

    def around(post):
        response = client.get(f"/posts/{post.number}")
        return [each and each.number for each in (response.context["before"], response.context["after"])]

    assert [around(post) for post in posts] == [[None, 2], [1, 3], [2, 4], [3, None]]


def test_a_page_whose_rendering_is_old_is_rendered_before_it_is_shown(alice, sign_in):
    post = Post.write(by=alice, name="Old", body_md="*new*")
    Post.objects.filter(pk=post.pk).update(body_html="<p>stale</p>", renderer_version=0)
    page = text_of(sign_in(alice).get("/posts/1"))
    assert "<em>new</em>" in page
    assert "stale" not in page
    assert Post.objects.get(pk=post.pk).revision_number == 1


def test_titles_of_drafts_vanish_from_a_shipped_text_once_the_team_is_open(alice, docs, sign_in):
    draft = Post.write(by=alice, name="Secret plan")
    Post.write(by=alice, name="Public", body_md=f"see #{draft.number}", wip=False)
    assert "Secret plan" in text_of(sign_in(alice).get("/posts/2"))
    docs.privacy = "open"
    docs.save()
    assert "Secret plan" not in text_of(sign_in(None, docs).get("/posts/2"))


def test_backlinks_leave_out_wip_and_archived_posts(alice, sign_in):
    target = Post.write(by=alice, name="Target", wip=False)
    Post.write(by=alice, name="Pointer", body_md="#1", wip=False)
    Post.write(by=alice, name="Draft pointer", body_md="#1")
    Post.write(by=alice, name="Old pointer", category="Archived", body_md="#1", wip=False)
    shown = sign_in(alice).get(f"/posts/{target.number}").context["backlinks"]
    assert [post.name for post in shown] == ["Pointer"]


def test_the_page_of_a_post_takes_a_fixed_number_of_queries(alice, bob, sign_in):
    """7, whatever hangs on the post: the post, the two beside it, backlinks, stars, comments, their stars. (The frame of
    every page has 3 or so of its own.)"""
    post = Post.write(by=alice, name="m", category="dev", body_md="text", wip=False)
    post.comment(by=bob, body_md="word").star(by=bob)
    post.star(by=bob)
    Post.write(by=alice, name="pointer", body_md="#1", wip=False)
    client = sign_in(bob)
    one = queries_of(client, "/posts/1")
    for number in range(15):
        Post.write(by=alice, name=f"n{number}", category="dev", body_md="#1 @bob", wip=bool(number % 2), tags=["x"])
        post.comment(by=alice, body_md=f"word {number}").star(by=alice)
        post.star(by=alice, body=f"quote {number}")
    assert queries_of(client, "/posts/1") == one
    assert one == frame_queries(client) + 7


def test_raw_markdown_has_the_facts_as_front_matter(alice, sign_in):
    post = Post.write(
        by=alice, name="C&#35;: “notes”", category="dev/言語", tags=["c#", "日本"], body_md="# hi\n<script>\n"
    )
    answer = sign_in(alice).get(f"/posts/{post.number}.md")
    text = text_of(answer)
    _empty, head, body = text.split("---\n", 2)
    facts = yaml.safe_load(head)

    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert body == "\n# hi\n<script>\n"
    assert (facts["title"], facts["category"], facts["tags"]) == ("C#: “notes”", "dev/言語", ["c#", "日本"])
    assert (facts["published"], facts["number"]) == (False, post.number)
    assert facts["created_at"].endswith("+09:00")
    assert text_of(sign_in(alice).get(f"/posts/{post.number}.md?front_matter=0")) == "# hi\n<script>\n"


def test_deleting_asks_first_and_leads_to_the_bin(alice, sign_in):
    Post.write(by=alice, name="Gone")
    client = sign_in(alice)
    assert "goes into the bin" in text_of(client.get("/posts/1/delete"))
    assert Post.objects.get().deleted_at is None

    answer = client.post("/posts/1/delete", follow=True)
    assert answer.redirect_chain == [("/bin", 302)]
    assert "“Gone” is in the bin." in text_of(answer)
    post = Post.objects.get()
    assert (post.deleted_by, post.deleted_at is not None) == (alice, True)


def test_a_deleted_post_leads_members_to_the_bin(alice, sign_in):
    Post.write(by=alice, name="Gone").trash(by=alice)
    assert sign_in(alice).get("/posts/1")["Location"] == "/bin/1"


def test_moving_a_post_keeps_what_was_typed_when_it_cannot_be(alice, sign_in):
    Post.write(by=alice, name="Here", category="dev")
    client = sign_in(alice)
    bad = client.post("/posts/1/move", {"category": "a/../b"})
    assert bad.status_code == 422
    assert 'value="a/../b"' in text_of(bad)
    assert client.post("/posts/1/move", {"category": "/ops/runbooks/"}).status_code == 302
    assert Post.objects.get().category == "ops/runbooks"


def test_ship_and_unship_archive_and_take_out(alice, sign_in):
    Post.write(by=alice, name="Here", category="dev")
    client = sign_in(alice)

    def after(path):
        assert client.post(f"/posts/1/{path}")["Location"] == "/posts/1"
        post = Post.objects.get()
        return post.wip, post.category, post.message

    assert after("shipment") == (False, "dev", "Ship It!")
    assert after("shipment/delete") == (True, "dev", "Back to WIP.")
    assert after("archival") == (True, "Archived/dev", "Archived!")
    assert after("archival/delete") == (True, "dev", "Moved back from the archive.")
    revisions = Post.objects.get().revision_number
    assert after("archival/delete")[1] == "dev"  # once more changes nothing
    assert Post.objects.get().revision_number == revisions


def test_the_page_offers_no_get_for_what_changes(alice, sign_in):
    Post.write(by=alice, name="Here")
    client = sign_in(alice)
    for path in ("shipment", "archival", "star", "star/delete", "watch", "watch/delete", "tasks/0"):
        assert client.get(f"/posts/1/{path}").status_code == 405


def test_a_member_page_lists_what_that_member_wrote(alice, bob, sign_in):
    Post.write(by=alice, name="By alice")
    Post.write(by=bob, name="By bob")
    html = sign_in(bob).get("/members/alice").content.decode()
    assert "By alice" in html
    assert "By bob" not in html


@pytest.mark.parametrize("verb", ["shipment", "shipment/delete", "archival"])
def test_a_post_that_is_deleted_under_a_button_says_so(verb, sign_in, alice, bob, monkeypatch):
    post = Post.write(by=alice, name="Plan", wip=verb == "shipment")
    monkeypatch.setattr(f"posts.views.{verb.partition('/')[0]}s.find_post", lambda *_asked: post)
    Post.objects.get(pk=post.pk).trash(by=bob)
    page = sign_in(alice).post(f"/posts/1/{verb}", follow=True)
    assert page.redirect_chain[-1][0] == "/bin/1"
    assert "was deleted in the meantime" in page.content.decode()

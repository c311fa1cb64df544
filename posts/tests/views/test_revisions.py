"""The history of a post: list, one revision, differences, and the way back."""

import re

import pytest

from posts.models import Post
from posts.models.post import Draft
from posts.tests.views.counting import queries_of
from posts.views import revisions


@pytest.fixture
def post(alice, bob):
    text = "\n".join(["# 設計", *(f"行{number}" for number in range(30)), "吾輩は猫である。名前はまだ無い。"])
    post = Post.write(by=alice, name="設計", category="dev", tags=["a"], body_md=text)
    changed = text.replace("名前はまだ無い", "名前はもう有る").replace("行3\n", "")
    post.revise(Draft(body_md=changed, message="猫に名前", wip=False), by=bob)
    post.revise(Draft(name="設計（改）", category="dev/検索", tags=["a", "b"]), by=alice, via="api")
    return post


def text_of(answer):
    return answer.content.decode()


def test_the_list_says_who_when_why_and_how_much(post, alice, sign_in):
    page = text_of(sign_in(alice).get("/posts/1/revisions"))
    assert "猫に名前" in page
    assert ">API<" in page
    assert ["".join(pair) for pair in re.findall(r">(\+\d+)</span>.*?(−\d+)<", page)] == ["+0−0", "+1−2", "+32−0"]
    assert page.index("rev 3") < page.index("rev 2") < page.index("rev 1")


def test_the_list_takes_as_many_queries_for_many_revisions_as_for_one(alice, bob, sign_in):
    post = Post.write(by=alice, name="x", body_md="a")
    client = sign_in(bob)
    one = queries_of(client, "/posts/1/revisions")
    for number in range(8):
        post.revise(Draft(body_md=f"b{number}"), by=bob if number % 2 else alice)
    assert queries_of(client, "/posts/1/revisions") == one


def test_long_texts_are_not_counted(post, alice, sign_in, monkeypatch):
    monkeypatch.setattr(revisions, "COUNTED", 300)
    page = sign_in(alice).get("/posts/1/revisions")
    assert [row.summary for row in page.context["rows"]] == [None, None, None]
    assert "/posts/1/revisions/2/diff" in text_of(page)


def test_an_old_revision_is_shown_as_it_was(post, alice, sign_in):
    page = text_of(sign_in(alice).get("/posts/1/revisions/1"))
    assert "名前はまだ無い" in page
    assert "名前はもう有る" not in page
    assert "the post is at revision 3" in page
    assert sign_in(alice).get("/posts/1/revisions/9").status_code == 404


def test_a_diff_marks_what_changed_inside_japanese_lines_and_folds_the_rest(post, alice, sign_in):
    page = text_of(sign_in(alice).get("/posts/1/revisions/2/diff"))
    assert "名前は<del>まだ無い</del>。" in page
    assert "名前は<ins>もう有る</ins>。" in page
    assert "行15" not in page
    assert "unchanged lines" in page
    assert "行15" in text_of(sign_in(alice).get("/posts/1/revisions/2/diff?whole=1"))


def test_a_diff_side_by_side_has_both_lines_in_one_row(post, alice, sign_in):
    page = text_of(sign_in(alice).get("/posts/1/revisions/2/diff?view=split"))
    row = next(row for row in page.split("<tr") if "まだ無い" in row)
    assert "もう有る" in row
    assert "diff__cell--none" in next(row for row in page.split("<tr") if "行3</td>" in row)


def test_changes_of_title_tags_and_state_are_shown_too(post, alice, sign_in):
    renamed = text_of(sign_in(alice).get("/posts/1/revisions/3/diff"))
    assert "The text did not change." in renamed
    assert "<ins>" in renamed.split("diff__fields")[1].split("</dl>")[0]
    assert "#b" in renamed.split("diff__fields")[1].split("</dl>")[0]
    shipped = text_of(sign_in(alice).get("/posts/1/revisions/2/diff")).split("diff__fields")[1].split("</dl>")[0]
    assert "WIP" in shipped
    assert "Shipped" in shipped


def test_any_two_are_compared_in_the_order_of_the_address(post, alice, sign_in):
    client = sign_in(alice)
    assert client.get("/posts/1/revisions/compare?old=3&new=1")["Location"] == "/posts/1/revisions/compare/1...3"
    assert client.get("/posts/1/revisions/compare?old=2&new=2")["Location"] == "/posts/1/revisions"
    assert client.get("/posts/1/revisions/compare?old=x&new=%E0%A5%A9")["Location"] == "/posts/1/revisions"
    page = text_of(client.get("/posts/1/revisions/compare/1...3"))
    assert "<ins>もう有る</ins>" in page
    assert client.get("/posts/1/revisions/compare/1...9").status_code == 404


def test_text_in_a_diff_is_text(alice, sign_in):
    post = Post.write(by=alice, name="<b>", body_md="<script>alert(1)</script> one")
    post.revise(Draft(body_md="<script>alert(1)</script> two", name="<i>"), by=alice)
    for query in ("", "?view=split"):
        page = text_of(sign_in(alice).get(f"/posts/1/revisions/2/diff{query}"))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "<b>" not in page


def test_rolling_back_asks_and_makes_a_new_revision(post, alice, sign_in):
    client = sign_in(alice)
    assert "goes back to WIP" in text_of(client.get("/posts/1/revisions/1/restoration"))
    assert Post.objects.get().revision_number == 3
    assert client.post("/posts/1/revisions/1/restoration")["Location"] == "/posts/1"
    back = Post.objects.get()
    assert (back.revision_number, back.name, back.category, back.tags, back.wip) == (4, "設計", "dev", ["a"], True)
    assert back.message == "Roll back to rev 1: Create post."

    newest = client.post("/posts/1/revisions/4/restoration", follow=True)
    assert "This is the newest revision already." in text_of(newest)
    assert Post.objects.get().revision_number == 4

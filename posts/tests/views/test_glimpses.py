"""The card beside a link to a post: what it shows, and to whom."""

import pytest

from posts.glimpses import first_lines
from posts.models import Post
from posts.tests.views.counting import queries_of


def test_it_shows_title_place_tags_state_author_and_the_first_lines(alice, bob, sign_in):
    Post.write(
        by=alice,
        name="設計 :sushi:",
        category="dev/api",
        tags=["plan"],
        body_md="# One\n\nTwo **bold**\nlines & more\n\n- three\n- four\n- five",
    )
    answer = sign_in(bob).get("/posts/1/glimpse")
    shown = answer.content.decode()
    for words in ("dev/api", "設計 🍣", "plan", "WIP", "Alice", "One\nTwo bold\nlines &amp; more\nthree\nfour"):
        assert words in shown, words
    assert "five" not in shown
    assert answer["Cache-Control"] == "private, max-age=60"
    assert "Cookie" in answer["Vary"]


def test_an_outsider_sees_nothing_and_the_world_what_an_open_team_ships(docs, alice, carol, sign_in):
    draft = Post.write(by=alice, name="Merger with Kobayashi")
    Post.write(by=alice, name="Plans", body_md=f"see #{draft.number}", wip=False)
    assert sign_in(carol, docs).get("/posts/2/glimpse").status_code == 404
    assert sign_in(None, docs).get("/posts/2/glimpse").status_code == 302
    docs.change_privacy("open", by=alice)
    for reader in (carol, None):
        client = sign_in(reader, docs)
        shown = client.get("/posts/2/glimpse").content.decode()
        assert "see #1" in shown
        assert "Kobayashi" not in shown
        assert client.get("/posts/1/glimpse").status_code == 404
    Post.objects.get(number=2).trash(by=alice)
    assert sign_in(carol, docs).get("/posts/2/glimpse").status_code == 404


def test_a_long_post_costs_no_more_than_a_short_one(alice, sign_in):
    Post.write(by=alice, name="short", body_md="x")
    Post.write(by=alice, name="long", body_md="@alice #1\n\n" * 500, tags=["a", "b"], category="a/b/c")
    client = sign_in(alice)
    assert queries_of(client, "/posts/1/glimpse") == queries_of(client, "/posts/2/glimpse") <= 5


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("", ""),
        ("<p>a\nb</p>\n<p>c</p>", "a b\nc"),
        ("<p>1 &lt; 2</p>", "1 < 2"),
        ("<svg><text>drawn</text></svg><p>said</p>", "said"),
        ("<p>cut <a href='x", "cut"),
        ("<svg>" + "x" * 20_000, ""),
        ("<p>" + "あ" * 400 + "</p>", "あ" * 299 + "…"),
    ],
)
def test_first_lines(html, lines):
    assert first_lines(html) == lines

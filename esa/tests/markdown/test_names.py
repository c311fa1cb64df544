"""Names in a text: members, posts, emoji and addresses, where they count and where they do not."""

import pytest

from esa.markdown import NoLinks, Options, render, render_inline
from esa.markdown.urls import end_of_url
from esa.tests.markdown.dom import parse
from esa.tests.markdown.team import Docs


def test_a_mention_links_only_to_a_member_who_exists():
    rendered = render("@alice と @carol", Docs())
    links = parse(rendered.html).find("a", "mention")
    assert [(link.text, link.attributes["href"]) for link in links] == [("@alice", "/members/alice")]
    assert rendered.mentions == ["alice"]
    assert "@carol" in rendered.html


@pytest.mark.parametrize(
    "text", ["@alice", "さん@alice、", "(@alice)", "@alice_", "**@alice**", "> @alice", "- @alice-"]
)
def test_a_mention_is_found(text):
    assert render(text, Docs()).mentions == ["alice"]


@pytest.mark.parametrize(
    "text",
    [
        "`@alice`",
        "```\n@alice\n```",
        r"\@alice",
        "x@alice",
        "alice@alice.example",
        "[@alice](/x)",
        "$@alice$",
        "/@alice",
        '<a href="/x">@alice</a>',
        "https://example.com/@alice",
        "![@alice](x)",
        ":@alice:",
        "<!-- @alice -->",
    ],
)
def test_what_is_no_mention(text):
    assert render(text, Docs()).mentions == []


def test_a_mention_that_ends_in_an_underscore_means_the_member_of_that_name():
    assert render("@bob_ @bob", Docs()).mentions == ["bob_"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("#12", "#12: 設計/認証"),
        ("/posts/12", "#12: 設計/認証"),
        ("参照/posts/12。", "#12: 設計/認証"),
        ("https://docs.esa.example/posts/12", "#12: 設計/認証"),
        ("参照https://docs.esa.example/posts/12を", "#12: 設計/認証"),
        ("https://docs.esa.example/posts/12を", "#12: 設計/認証"),
        ("[#12: とうに変わった題](/posts/12)", "#12: 設計/認証"),
        ("[自分の言葉](/posts/12)", "自分の言葉"),
        ("[**太い** :ppap:](/posts/12)", "太い "),
        ("[#120](/posts/12)", "#120"),
    ],
)
def test_a_link_to_a_post_shows_its_title_unless_the_author_chose_words(text, shown):
    rendered = render(text, Docs())
    (link,) = parse(rendered.html).find("a", "post-ref")
    assert link.text == shown
    assert link.attributes["href"] == "/posts/12"
    assert "rel" not in link.attributes
    assert rendered.references == [12]
    assert rendered.broken == []


def test_the_title_of_a_post_that_someone_linked_in_their_own_words_is_a_hint():
    (link,) = parse(render("[これ](/posts/12)", Docs()).html).find("a", "post-ref")
    assert link.attributes["title"] == "#12: 設計/認証"


def test_a_link_keeps_its_place_in_the_post():
    (link,) = parse(render("/posts/12#comment-3", Docs()).html).find("a", "post-ref")
    assert link.attributes["href"] == "/posts/12#comment-3"


def test_broken_references_are_listed_and_links_look_broken():
    rendered = render("#404 [x](/posts/405) /posts/406 #12", Docs())
    assert rendered.references == [404, 405, 406, 12]
    assert rendered.broken == [404, 405, 406]
    broken = [element.text for element in parse(rendered.html).all() if "broken" in element.classes]
    assert broken == ["x", "/posts/406"]


@pytest.mark.parametrize(
    "text", ["#12a", "a#12", "##12", "&#12", "#012", "/posts/12/edit", "x/posts/12", "`#12`", "#0"]
)
def test_what_is_no_reference_in_running_text(text):
    assert render(text, Docs()).references == []


def test_links_below_a_post_and_links_in_raw_html_are_references_too():
    rendered = render('[rev](/posts/12/revisions/2) <a href="/posts/13">x</a>', Docs())
    assert rendered.references == [12, 13]


def test_each_thing_is_listed_once_in_order_of_appearance():
    rendered = render("**#13** #12 #13 @bob_ *@alice* @bob_\n\n[^1]\n\n[^1]: #1", Docs())
    assert rendered.references == [13, 12, 1]
    assert rendered.mentions == ["bob_", "alice"]


def test_names_are_prepared_once_whatever_their_number():
    links = Docs()
    render("@alice #12 :ppap: [x](/posts/13) https://docs.esa.example/posts/1 :@alice:\n\n" * 20, links)
    assert len(links.prepared) == 1
    assert links.prepared[0] == ({1, 12, 13}, {"alice"}, {"ppap"})


def test_a_text_without_names_asks_nothing():
    links = Docs()
    render("# 見出し\n\n本文だけ", links)
    assert links.prepared == []


def test_the_emoji_of_the_team_come_before_unicode_ones():
    class Sushi(Docs):
        def emoji(self, code: str) -> str | None:
            return "/emoji/our-sushi.png"

    (image,) = parse(render(":sushi:", Sushi()).html).find("img", "emoji")
    assert image.attributes["src"] == "/emoji/our-sushi.png"
    assert image.attributes["alt"] == ":sushi:"


@pytest.mark.parametrize(
    ("code", "character"), [("+1", "👍"), ("sushi", "🍣"), ("heart", "❤️"), ("tada", "🎉"), ("jp", "🇯🇵")]
)
def test_emoji_have_their_names_of_github(code, character):
    assert parse(render(f":{code}:").html).text.strip() == character


def test_emoji_work_in_headings_links_and_titles():
    rendered = render("# :sushi: 屋\n\n[:tada:](/x)", NoLinks())
    assert rendered.toc[0].text == "🍣 屋"
    assert parse(rendered.html).find("a")[-1].text == "🎉"
    assert render_inline("日報/:sushi: &#35;1 <b>") == "日報/🍣 #1 &lt;b&gt;"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://x.example/fooを参照", "https://x.example/foo"),
        ("https://x.example/foo参照", "https://x.example/foo"),
        ("https://x.example/を見る", "https://x.example/"),
        ("https://x.exampleを見る", "https://x.example"),
        ("https://x.example/a）", "https://x.example/a"),
        ("https://x.example/a、次", "https://x.example/a"),
        ("https://ja.example/wiki/東京", "https://ja.example/wiki/東京"),
        ("https://ja.example/wiki/東京を", "https://ja.example/wiki/東京"),
        ("https://ja.example/?q=検索", "https://ja.example/?q=検索"),
        ("https://日本語.example/a", "https://日本語.example/a"),
        ("https://x.example/a-b_c", "https://x.example/a-b_c"),
    ],
)
def test_an_address_ends_where_japanese_text_goes_on(text, url):
    assert text[: end_of_url(text)] == url


def test_an_address_right_behind_japanese_text_is_a_link():
    links = parse(render("詳細はhttps://x.example/a(b))。と（https://x.example/c）").html).find("a")
    assert [link.attributes["href"] for link in links] == ["https://x.example/a(b)", "https://x.example/c"]


def test_only_links_to_other_hosts_are_not_vouched_for():
    text = "[a](https://evil.example) [b](//evil.example) [c](/x) [d](#x) [e](https://docs.esa.example/tags) [f](mailto:a@b.c)"
    rel = [link.attributes.get("rel") for link in parse(render(text, Docs()).html).find("a")]
    outside = "nofollow noopener"
    assert rel == [outside, outside, None, None, None, outside]


def test_attachments_are_found_in_markdown_and_in_raw_html():
    text = '![a](/attachments/a.png) <img src="/attachments/b.png"> [c](https://files.esa.example/c.pdf?x=1&y=2) ![](x.png)'
    found = ["/attachments/a.png", "/attachments/b.png", "https://files.esa.example/c.pdf?x=1&y=2"]
    assert render(text + text, Docs()).attachments == found


def test_images_load_late():
    (image,) = parse(render("![x](/x.png)").html).find("img")
    assert image.attributes["loading"] == "lazy"


def test_a_prefix_keeps_two_texts_on_one_page_apart():
    rendered = render("# 題\n\nx[^1] [go](#題)\n\n[^1]: y", options=Options(prefix="c7-"))
    page = parse(rendered.html)
    assert page.find("a", "anchor")[0].attributes["name"] == rendered.toc[0].anchor == "c7-題"
    assert [link.attributes["href"] for link in page.find("a")][1:] == ["#fn-c7-1", "#c7-%E9%A1%8C", "#fnref-c7-1"]
    assert page.find("li")[0].attributes["id"] == "fn-c7-1"

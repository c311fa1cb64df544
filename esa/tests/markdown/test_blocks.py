"""Headings, fences, tables, diagrams and the words that the renderer adds."""

import base64
import zlib

import pytest

from esa.markdown import Options, render
from esa.markdown.plantuml import URL_LIMIT, encode
from esa.tests.markdown.dom import parse


def anchors(text: str) -> list[str]:
    return [heading.anchor for heading in render(text).toc]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("見出し", "見出し"),
        ("Getting Started", "Getting-Started"),
        ("  `code` と *強調*  ", "code-と-強調"),
        ("100% #1 <x>", "100-1-x"),
        ("ゼロから「学ぶ」", "ゼロから「学ぶ」"),
        ("か\u3099", "が"),
        (":tada:", "🎉"),
        ("[]", "section"),
    ],
)
def test_the_anchor_of_a_heading_is_its_text(heading, anchor):
    assert anchors(f"# {heading}") == [anchor]


def test_anchors_are_unique_even_where_a_heading_looks_like_a_numbered_one():
    assert anchors("# a\n# a-1\n# a\n# a") == ["a", "a-1", "a-2", "a-3"]


def test_an_anchor_is_no_id_so_that_it_can_shadow_nothing():
    page = parse(render("# location\n\n<p id=x></p> <a id='main'></a> <a class=x id=nav></a>").html)
    (anchor,) = page.find("a", "anchor")
    assert page.find("a")[1].attributes == {"name": "main"}
    assert anchor.attributes["name"] == "location"
    assert all(element.attributes.get("id", "fn").startswith("fn") for element in page.all())


@pytest.mark.parametrize("link", ["#見出し-です", "#%E8%A6%8B%E5%87%BA%E3%81%97-%E3%81%A7%E3%81%99", "#見出し です"])
def test_a_link_to_a_heading_is_found_however_it_is_spelled(link):
    page = parse(render(f"# 見出し です\n\n[x](<{link}>)").html)
    assert page.find("a")[-1].attributes["href"] == "#%E8%A6%8B%E5%87%BA%E3%81%97-%E3%81%A7%E3%81%99"


def test_a_heading_of_another_tool_keeps_the_anchor_that_was_chosen_for_it():
    rendered = render("## `ref()` の使い方 {#ref}\n\n[x](#ref) [y](#ref-の使い方) {#not}\n\n# 空 {#}")
    assert [(heading.text, heading.anchor) for heading in rendered.toc] == [
        ("ref() の使い方", "ref"),
        ("空 {#}", "空-"),
    ]
    assert [link.attributes["href"] for link in parse(rendered.html).find("a")] == ["#ref", "#ref", "#ref", "#空-"]


def test_links_made_for_github_find_their_headings():
    page = parse(render("# What's New, Bob?\n\n[x](#whats-new-bob)").html)
    assert page.find("a")[-1].attributes["href"] == "#What's-New,-Bob?"


def test_the_table_of_contents_has_levels_and_plain_text():
    toc = render("# 一 **太**\n\n## 二 `c`\n\n三\n===").toc
    assert [(heading.level, heading.text) for heading in toc] == [(1, "一 太"), (2, "二 c"), (1, "三")]


def test_a_fence_has_its_file_name_and_colours():
    page = parse(render("```ruby:lib/a b.rb\nputs 1\n```\n```ruby:Gemfile\nputs 1\n```").html)
    assert [name.text for name in page.find("div", "code-filename")] == ["lib/a", "Gemfile"]
    assert page.find("span", "mi")[0].text == "1"
    assert page.find("div", "code-block")[0].attributes["data-lang"] == "ruby"


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("rust,ignore", "rust"),
        ("js{1,3-5}", "js"),
        ("js {1,3-5}", "js"),
        ("{.python .numberLines}", "python"),
        ("vue-html{2}", "vue-html"),
        ("ruby{2}:a,b{c}.rb", "ruby"),
        ("c++", "c++"),
    ],
)
def test_what_other_tools_write_behind_a_language_is_no_part_of_it(info, language):
    page = parse(render(f"```{info}\n<b>1</b> = 'x'\n```").html)
    assert page.find("div", "code-block")[0].attributes["data-lang"] == language
    assert page.find("code")[0].find("span")
    assert [name.text for name in page.find("div", "code-filename")] == (["a,b{c}.rb"] if ":" in info else [])


def test_code_is_never_changed_by_its_colours():
    code = 'def f(x):\n\treturn  x  # あ\u2028い\n\n\n"""a\nb"""\n'
    for language in ("python", "diff_python", "diff", "nosuch", "", "text"):
        (block,) = parse(render(f"````{language}\n{code}````").html).find("code")
        assert block.text == code


def test_a_diff_marks_lines_and_keeps_the_colours_of_the_language():
    page = parse(render("```diff_python\n-x = 1\n+def f(): pass\n same\n```").html)
    (added,) = page.find("span", "gi")
    assert added.text == "+def f(): pass"
    assert [keyword.text for keyword in added.find("span", "k")] == ["def", "pass"]
    assert page.find("span", "gd")[0].text == "-x = 1"


def test_code_of_more_than_50_kB_has_no_colours():
    small, large = "x = 1\n" * 100, "x = 1\n" * 10_000
    assert "<span" in render(f"```python\n{small}```").html
    assert "<span" not in render(f"```python\n{large}```").html


def test_a_table_can_be_scrolled_by_keyboard_and_has_a_name():
    (wrap,) = parse(render("| 項目 | 値 |\n|--|--|\n| a | b |").html).find("div", "table-wrap")
    assert wrap.attributes["tabindex"] == "0"
    assert wrap.attributes["role"] == "region"
    assert wrap.attributes["aria-label"] == "項目, 値"


@pytest.mark.parametrize(
    ("text", "tag", "kind", "source"),
    [
        ("$a<b$", "span", "inline", "a<b"),
        ("$$\na\n$$", "div", "display", "a"),
        ("x $$a$$ y", "span", "display", "a"),
        ("```math\na\n```", "div", "display", "a"),
    ],
)
def test_a_formula_is_left_to_the_page_as_source(text, tag, kind, source):
    (formula,) = parse(render(text).html).find(tag, "math")
    assert formula.attributes["data-math"] == kind
    assert formula.text == source


@pytest.mark.parametrize(
    "text",
    [
        "価格は$5から$10です",
        "変数$HOMEと$PATHと$USERと$LANGを見る",
        "${name}と${other}",
        "*$HOME/bin*を`$PATH`に足す",
        "[$slots](/a#$slots)と[$refs](/b#$refs)",
        "- [x] $HOMEと$PATH\n\n  > $AとB\n  > $CとD",
    ],
)
def test_prices_and_variables_are_no_formulas(text):
    rendered = render(text)
    assert "math" not in rendered.html
    assert "&#36;" not in rendered.html + rendered.text
    assert rendered.text.count("$") == text.count("$") - text.count("(/")


def test_a_formula_beside_variables_is_one():
    page = parse(render("$HOMEと$PATHで$x$は、*$A/b*が`$B`に、$y_1$個").html)
    assert [formula.text for formula in page.find("span", "math")] == ["x", "y_1"]
    assert [page.find(tag)[0].text for tag in ("em", "code")] == ["$A/b", "$B"]


def test_mermaid_is_left_to_the_page_as_source():
    (diagram,) = parse(render("```mermaid\ngraph TD\n  A-->B\n```").html).find("pre", "diagram")
    assert diagram.attributes["data-diagram"] == "mermaid"
    assert diagram.text == "graph TD\n  A-->B\n"


@pytest.mark.parametrize("language", ["uml", "plantuml"])
def test_plantuml_without_a_server_is_shown_as_source_with_a_note(language):
    page = parse(render(f"```{language}\na -> b\n```").html)
    (diagram,) = page.find("pre", "unrendered")
    assert diagram.text == "a -> b\n"
    assert "PlantUML" in page.find("p", "diagram-note")[0].text


def plantuml_source(url: str) -> str:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
    usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    packed = base64.b64decode(url.rpartition("/")[2].translate(str.maketrans(alphabet, usual)))
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed).decode()


def test_a_plantuml_server_draws_with_the_defaults():
    options = Options(plantuml_url="https://uml.example/plantuml/")
    (image,) = parse(render("```uml\n太郎 -> 花子\n```", options=options).html).find("img", "diagram")
    assert image.attributes["src"].startswith("https://uml.example/plantuml/svg/")
    lines = plantuml_source(image.attributes["src"]).splitlines()
    assert lines == [
        "@startuml",
        "skin rose",
        "skinparam monochrome true",
        "scale max 1024 width",
        "太郎 -> 花子",
        "@enduml",
    ]


def test_a_whole_plantuml_diagram_is_drawn_as_it_is():
    options = Options(plantuml_url="https://uml.example")
    source = "@startmindmap\n* a\n@endmindmap\n"
    (image,) = parse(render(f"```uml\n{source}```", options=options).html).find("img", "diagram")
    assert plantuml_source(image.attributes["src"]) == source


def test_plantuml_is_packed_without_a_header_and_unpacks_to_itself():
    assert plantuml_source("https://uml.example/svg/SyfFKj2rKt3CoKnELR1Io4ZDoSa70000") == "Bob -> Alice : hello"
    assert plantuml_source(encode("太郎 -> 花子")) == "太郎 -> 花子"


def test_a_plantuml_diagram_too_long_for_an_address_is_shown_as_source():
    options = Options(plantuml_url="https://uml.example")
    source = "".join(f"a{number * 7919 % 100003} -> b{number * 104729 % 1000003}\n" for number in range(URL_LIMIT // 4))
    page = parse(render(f"```uml\n{source}```", options=options).html)
    assert page.find("pre", "unrendered")
    assert not page.find("img")


def test_a_video_is_a_placeholder_that_asks_nobody_anything():
    (embed,) = parse(render("https://youtu.be/dQw4w9WgXcQ?t=42").html).find("div", "embed")
    assert embed.attributes["data-id"] == "dQw4w9WgXcQ"
    assert embed.attributes["data-start"] == "42"
    assert not embed.find("img")
    assert not embed.find("iframe")
    assert embed.find("a")[0].attributes["href"] == "https://youtu.be/dQw4w9WgXcQ?t=42"


@pytest.mark.parametrize(
    "text",
    ["見て https://youtu.be/dQw4w9WgXcQ", "[x](https://youtu.be/dQw4w9WgXcQ)", "https://youtu.be/short", "- https://x"],
)
def test_what_is_no_video(text):
    assert "embed" not in render(text).html


def test_the_words_of_the_renderer_follow_the_language_of_the_text():
    assert "メモ" in render("> [!NOTE]\n> ひらがな").html
    assert "Note" in render("> [!NOTE]\n> letters").html
    assert "独自" in render("> [!NOTE] 独自\n> ひらがな").html


def test_a_line_break_is_a_line_break():
    assert len(parse(render("一\n二\n三").html).find("br")) == 2


def test_bold_works_beside_japanese_punctuation():
    assert parse(render("これは**「重要」**です。").html).find("strong")[0].text == "「重要」"


def test_details_hold_markdown():
    page = parse(render("<details>\n<summary>題</summary>\n\n- 項目\n\n</details>").html)
    assert page.find("details")[0].find("li")[0].text == "項目"


def test_what_looks_like_front_matter_is_markdown():
    page = parse(render("---\ntitle: x\n---\n").html)
    assert page.find("hr")
    assert page.find("h2")


def test_blocks_know_their_lines():
    page = parse(render("# a\n\nb\n\n- c\n- d\n\n```\ne\n```\n\n$$\nf\n$$").html)
    lines = [
        (element.tag, element.attributes["data-line"]) for element in page.all() if "data-line" in element.attributes
    ]
    assert lines == [("h1", "1"), ("p", "3"), ("ul", "5"), ("li", "5"), ("li", "6"), ("div", "8"), ("div", "12")]


def test_the_plain_text_says_what_a_reader_reads():
    text = render(
        "# 題 :sushi:\n\n一行目\n**太い** `code` #12\n\n| a | b |\n|--|--|\n| c | d |\n\n- [ ] 仕事", None
    ).text
    assert text == "題 🍣\n一行目\n太い code #12\na\nb\nc\nd\n仕事"


@pytest.mark.parametrize("size", ['width="320"', 'height="10"', 'width="50%"'])
def test_images_keep_their_size(size):
    (image,) = parse(render(f'<img src="/x.png" {size}>').html).find("img")
    name, _, value = size.partition("=")
    assert image.attributes[name] == value.strip('"')


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("color: #c00; position: fixed", "color:#c00"),
        ("width: calc(100% - 2px)", "width:calc(100% - 2px)"),
        ("color: rgb(1, 2, 3)", "color:rgb(1, 2, 3)"),
        ("text-align: center; font-weight: bold", "text-align:center;font-weight:bold"),
        ("color: url(https://evil.example/x)", None),
        ("background: red", None),
        ("width: var(--sidebar)", None),
    ],
)
def test_a_style_says_no_more_than_colour_place_weight_and_width(written, kept):
    (paragraph,) = parse(render(f'<p style="{written}">x</p>').html).find("p")
    assert paragraph.attributes.get("style") == kept

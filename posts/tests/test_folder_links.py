"""Links among files: every way to write one, what only looks like one, and what stays behind."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts import folder_links, markdown_folder

FILES = {
    "index.md": "# Top\n",
    "guide/index.md": "# Guide\n",
    "guide/setup.md": "## 導入 {#install}\n\n<Note>\n### 型 `T` {/*inside*/}\n</Note>\n\n### Rustの`Result<T>`型\n",
    "guide/my file.md": "---\nnumber: 12\n---\n<span id='spot'></span>\n",
    "notes/計画.md": "---\nnumber: 15\n---\n",
}
NUMBERS = {path: number for number, path in enumerate(FILES, 101)}


@pytest.fixture
def rewrite(tmp_path):
    def rewrite(text: str, path: str = "guide/a.md", *, without: str = "") -> folder_links.Rewritten:
        files = {name: body for name, body in {**FILES, path: text}.items() if not without or without not in body}
        for name, body in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body, encoding="utf-8")
        documents = {name: markdown_folder.read(tmp_path, name) for name in files}
        targets = {name: (NUMBERS.get(name, 100), document) for name, document in documents.items()}
        return folder_links.rewrite(documents[path], folder_links.Finder(targets))

    return rewrite


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        ("[a](setup.md)", "[a](/posts/103)"),
        ("[a](./setup.md#install 'title (1)')", "[a](/posts/103#導入 'title (1)')"),
        ("[a](setup.html#inside)", "[a](/posts/103#型-T)"),
        ("[a](setup#rustのresultt型)", "[a](/posts/103#RustのResultT型)"),
        ("[a](<my file.md#spot>)", "[a](/posts/104#spot)"),
        ("[a](my%20file.md)", "[a](/posts/104)"),
        ("[a](/)", "[a](/posts/101)"),
        ("[a](/guide/)", "[a](/posts/102)"),
        ("[`a[0]` **b**](setup.md)", "[`a[0]` **b**](/posts/103)"),
        ("[![x](y.png)](setup.md)", "[![x](y.png)](/posts/103)"),
        ("> [two\n> lines](setup.md)", "> [two\n> lines](/posts/103)"),
        ("- `a\n- [b](setup.md) `c`", "- `a\n- [b](/posts/103) `c`"),
        ("| [a](setup.md) | `b` |\n|--|--|", "| [a](/posts/103) | `b` |\n|--|--|"),
        ("[a]: setup.md 'title'\n[b]:\n  <my file.md>", "[a]: /posts/103 'title'\n[b]:\n  /posts/104"),
        ('<a class="x" href="setup.md#install">a</a>', '<a class="x" href="/posts/103#導入">a</a>'),
        ("<div>\n<a href='setup.md'>a</a>\n</div>", "<div>\n<a href='/posts/103'>a</a>\n</div>"),
        ("[[計画]] [[My File|b]]", "[計画](/posts/105) [b](/posts/104)"),
        ("[[notes/計画]] [[setup#導入]]", "[notes/計画](/posts/105) [setup#導入](/posts/103#導入)"),
        ("| [[計画\\|a]] |\n|--|", "| [a](/posts/105) |\n|--|"),
        ("#12 and #15: [a](/posts/12#x), /posts/15", "#104 and #105: [a](/posts/104#x), /posts/105"),
    ],
)
def test_a_link_to_a_file_becomes_one_to_its_post(rewrite, written, rewritten):
    result = rewrite(f"{written}\n")
    assert result.body == f"{rewritten}\n"
    assert not result.lost


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://example.com/setup.md) <https://example.com/#1> https://example.com/?a=#1",
        "`[a](setup.md) #1`, ``[`a`](setup.md)``, `two\nlines [a](setup.md)`",
        "1. a\n   - b\n     ```md\n     [a](setup.md) #1 [[計画]]\n     ```\n",
        "> ```\n> [a](setup.md)\n> ```",
        "a\n\n    [a](setup.md) #1\n",
        "<!-- [a](setup.md) #1 -->",
        "[^1]\n\n[^1]: setup.md is meant\n",
        "[comment]: <> (what it is)\n",
        "\\[a](b) ![a](https://example.com/#1)",
        "a\ufdd00\ufdd1 [a](setup.md)",
        "$x_1 #1$ と $$ #1 $$",
    ],
)
def test_what_only_looks_like_one_stays(rewrite, text):
    result = rewrite(f"{text.strip()}\n")
    assert result.body == f"{text.strip()}\n"
    assert not result.lost


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("[a](gone.md)", "gone.md"),
        ("[a](file.pdf)", "file.pdf"),
        ("[a](/posts/13)", "/posts/13"),
        ("[a](setup.md#gone)", "setup.md#gone"),
        ("[a](#gone)", "#gone"),
        ("[[gone]]", "[[gone]]"),
        ("[a]: gone.md", "gone.md"),
        ("<a href='gone.md'>a</a>", "gone.md"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_of(rewrite, text, lost):
    assert rewrite(text).lost == [lost]


def test_a_number_is_a_post_only_where_files_say_which_they_had(rewrite):
    text = "#12、(#3) [a](/posts/12) /posts/15 &#12; a#1 #1a\n"
    result = rewrite(text, without="number:")
    assert result.body == "\\#12、(\\#3) [a](/posts/12) /posts/15 &#12; a#1 #1a\n"
    assert not result.lost


def test_pictures_stay_and_are_told_of(rewrite):
    text = "![a](./b.png) ![a](https://example.com/c.png) <img src='/d.png'>\n"
    result = rewrite(text)
    assert (result.body, result.pictures) == (text, ["./b.png", "/d.png"])


MARKS = st.sampled_from(
    [*"[](){}<>|*_$`\\!-\n \t", "\n\n", "```\n", "    ", "> ", "- ", "1. ", "# ", "[^1]: ", "[a]: "]
)
WORDS = st.sampled_from(
    ["あ", "a", "x.md", "https://x.y/", "<!--", "-->", "<div>", "<a href='", "[[a]]", "](", "/posts/5"]
)


@settings(max_examples=100)
@given(st.lists(MARKS | WORDS, max_size=30).map("".join))
def test_a_text_in_a_folder_of_no_files_stays_as_it_is(text: str) -> None:
    document = markdown_folder.Document(path="a.md", body=text, category="", name="a")
    assert folder_links.rewrite(document, folder_links.Finder({})).body == text

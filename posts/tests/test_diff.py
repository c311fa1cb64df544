"""Diffs: nothing of either text is lost, marks are where a reader of Japanese or English expects them."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from posts.diff import DiffSummary, Hunk, Span, diff_html, diff_lines, diff_text, diff_words, summarize

few_lines = st.lists(
    st.sampled_from(["a", "b", "", "hello world", "hello there", "日本語の行", "日本の行"]), max_size=12
)
texts = st.builds(lambda lines, end: "\n".join(lines) + end, few_lines, st.sampled_from(["", "\n"])) | st.text()
words = st.text(st.sampled_from([*"ab 1_-。日本ーがか\u3099\u0301\u200d👨👩🇯🇵🏽\ufe0f"]), max_size=20)


def shown(spans: tuple[Span, ...]) -> str:
    return "".join(f"[{text}]" if changed else text for text, changed in spans)


def applied(old: str, hunks: list[Hunk]) -> list[str]:
    """The new text's lines, made from the old one's and the diff alone."""
    old_lines = old.split("\n")
    at = 0
    result: list[str] = []
    for hunk in hunks:
        result += old_lines[at : at + hunk.skipped]
        at += hunk.skipped
        for line in hunk.lines:
            if line.kind != "ins":
                assert old_lines[at] == line.text
                at += 1
                assert line.old == at
            if line.kind != "del":
                result.append(line.text)
                assert line.new == len(result)
    if hunks:
        assert len(old_lines[at:]) - hunks[-1].rest in {0, 1}  # the empty last line behind a newline
    return result + old_lines[at:]


def patched(old: str, patch: str) -> str:
    """What `patch` makes of a text: a small reader of unified diffs."""
    old_lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    result: list[str] = []
    at = 0
    lines = re.findall(r"[^\n]*\n", patch)
    for index, line in enumerate(lines):
        if index < 2:
            assert line.startswith(("--- ", "+++ "))
            continue
        if header := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", line):
            start = int(header[1]) - (header[2] != "0")
            result += old_lines[at:start]
            at = start
            assert len(result) == int(header[3]) - (header[4] != "0")
            continue
        if line.startswith("\\"):
            continue
        text = line[1:]
        if index + 1 < len(lines) and lines[index + 1].startswith("\\"):
            text = text.removesuffix("\n")
        if line[0] in " -":
            assert old_lines[at] == text
            at += 1
        if line[0] in " +":
            result.append(text)
    return "".join(result + old_lines[at:])


@given(texts, texts, st.integers(0, 4) | st.none())
def test_the_old_text_and_the_diff_make_the_new_text(old: str, new: str, context: int | None) -> None:
    hunks = diff_lines(old, new, context=context)
    if old and new:
        assert applied(old, hunks) == new.split("\n")
    # The empty text has no lines, so a newline at the end of the other adds none.
    elif old:
        assert [line.text for hunk in hunks for line in hunk.lines] == old.removesuffix("\n").split("\n")
    elif new:
        assert [line.text for hunk in hunks for line in hunk.lines] == new.removesuffix("\n").split("\n")


@given(texts, texts)
def test_a_patch_makes_the_new_text(old: str, new: str) -> None:
    assert patched(old, diff_text(old, new, "revision 1", "revision 2")) == new


@given(texts, texts)
def test_the_split_view_holds_each_line_once_and_partners_beside_each_other(old: str, new: str) -> None:
    for hunk in diff_lines(old, new):
        rows = hunk.pairs
        assert [left.text for left, _right in rows if left] == [line.text for line in hunk.lines if line.kind != "ins"]
        assert [right.text for _left, right in rows if right] == [
            line.text for line in hunk.lines if line.kind != "del"
        ]
        for left, right in rows:
            if left and left.kind == "del" and left.partner:
                assert right
                assert right.new == left.partner
                assert right.partner == left.old


@given(texts, texts)
def test_the_summary_counts_what_the_diff_shows(old: str, new: str) -> None:
    kinds = [line.kind for hunk in diff_lines(old, new) for line in hunk.lines]
    assert summarize(old, new) == DiffSummary(added=kinds.count("ins"), removed=kinds.count("del"))


class Reader(HTMLParser):
    """Takes a diff apart as a browser does, and refuses whatever is not part of its frame."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"div", "ul", "li", "del", "ins"}
        if tag == "li":
            self.items.append((dict(attrs)["class"] or "", ""))
        else:
            assert attrs == ([("class", "diff")] if tag == "div" else [])

    def handle_data(self, data: str) -> None:
        kind, text = self.items.pop()
        self.items.append((kind, text + data))


hostile = st.lists(
    st.sampled_from(
        ["<script>", "</li>", "</del>", "&amp;", "&", "<", ">", '"', "'", "\n", "a", "<!--", "]]>", "<img onerror=x>"]
    ),
    max_size=12,
).map("".join)


@given(hostile, hostile)
def test_no_markup_of_a_text_gets_into_the_html(old: str, new: str) -> None:
    html = diff_html(old, new)
    reader = Reader()
    reader.feed(html)
    reader.close()
    shown_lines = [(line.kind, line.text) for hunk in diff_lines(old, new) for line in hunk.lines]
    assert [item for item in reader.items if item[0] != "skip"] == shown_lines
    assert unescape(re.sub(r"</?(?:del|ins|div|ul|li)\b[^>]*>", "", html)).replace("…", "") == "".join(
        text for _kind, text in shown_lines
    )


def test_the_html_has_the_shape_of_the_api() -> None:
    assert diff_html("a", "b") == '<div class="diff"><ul><li class="del">a</li><li class="ins">b</li></ul></div>'
    assert diff_html("same", "same") == '<div class="diff"><ul></ul></div>'
    assert diff_html("0\n1\n2\n3\nold <word>\n", "0\n1\n2\n3\nnew <word>\n") == (
        '<div class="diff"><ul><li class="skip">…</li>'
        '<li class="unchanged">1</li><li class="unchanged">2</li><li class="unchanged">3</li>'
        '<li class="del"><del>old</del> &lt;word&gt;</li><li class="ins"><ins>new</ins> &lt;word&gt;</li></ul></div>'
    )


def test_a_unified_diff_reads_as_usual() -> None:
    assert diff_text("a\nb\nc", "a\nB\nc\n", "revision\n1", "revision 2") == (
        "--- revision 1\n+++ revision 2\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n\\ No newline at end of file\n+B\n+c\n"
    )
    assert diff_text("a\n", "a\n", "x", "y") == ""
    assert diff_text("", "a\n", "x", "y") == "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n"


def test_far_apart_changes_are_folded() -> None:
    old = "\n".join(map(str, range(100)))
    first, second = diff_lines(old, old.replace("10\n", "ten\n", 1).replace("80\n", "eighty\n"))
    assert (first.skipped, len(first.lines), first.rest) == (7, 8, 0)
    assert (second.skipped, len(second.lines), second.rest) == (63, 8, 16)
    (whole,) = diff_lines(old, old.replace("50", "fifty"), context=None)
    assert (whole.skipped, len(whole.lines), whole.rest) == (0, 101, 0)


def test_an_endless_diff_breaks_off_and_says_so() -> None:
    old = "\n".join(map(str, range(100)))
    (hunk,) = diff_lines(old, "\n".join(map(str, range(1000, 1100))), limit=30)
    assert (len(hunk.lines), hunk.cut) == (30, 170)
    assert [line.text for line in hunk.lines] == old.split("\n")[:30]
    # Three changes far apart, of which two fit.
    hunks = diff_lines(old, old.replace("10", "ten").replace("50", "fifty").replace("80", "eighty"), limit=16)
    assert [(len(hunk.lines), hunk.cut) for hunk in hunks] == [(8, 0), (8, 8)]


@pytest.mark.parametrize(
    ("old", "new", "summary"),
    [
        ("", "", (0, 0)),
        ("", "a\nb\n", (2, 0)),
        ("a\nb\n", "", (0, 2)),
        ("a\n", "a\nb\n", (1, 0)),
        ("a", "a\nb", (1, 0)),
        ("a", "a\n", (1, 0)),
        ("a\nb\n", "a\nc\n", (1, 1)),
        ("\n", "\n\n", (1, 0)),
    ],
)
def test_lines_are_counted_as_people_count_them(old: str, new: str, summary: tuple[int, int]) -> None:
    assert summarize(old, new) == summary


@pytest.mark.parametrize(
    ("old", "new", "old_shown", "new_shown"),
    [
        # Japanese by characters, scraps between two changes swallowed.
        (
            "明日の会議は第3会議室です。",
            "明日の会議は第5会議室です。",
            "明日の会議は第[3]会議室です。",
            "明日の会議は第[5]会議室です。",
        ),
        ("ECS移行の手順", "ECS移行の手順書", "ECS移行の手順", "ECS移行の手順[書]"),
        ("東京都港区", "東京都渋谷区", "東京都[港]区", "東京都[渋谷]区"),
        ("今日は会議の資料です", "今日は打合の書類です", "今日は[会議の資料]です", "今日は[打合の書類]です"),
        # English by words.
        (
            "The quick brown fox jumps",
            "The slow brown fox jumped",
            "The [quick] brown fox [jumps]",
            "The [slow] brown fox [jumped]",
        ),
        ("total: 100 yen", "total: 1000 yen", "total: [100] yen", "total: [1000] yen"),
        ("naïve café", "naïve cafe", "naïve [café]", "naïve [cafe]"),
        # Both in one line.
        ("AWSへの移行をした", "GCPへの移行をした", "[AWS]への移行をした", "[GCP]への移行をした"),
        # Never inside a family, a flag, a dakuten typed as a combining mark.
        ("家族は👨‍👩‍👧です", "家族は👨‍👩‍👦です", "家族は[👨‍👩‍👧]です", "家族は[👨‍👩‍👦]です"),
        ("国旗は🇯🇵です", "国旗は🇯🇲です", "国旗は[🇯🇵]です", "国旗は[🇯🇲]です"),
        ("これは か\u3099 です", "これは か です", "これは [か\u3099] です", "これは [か] です"),
        ("- [ ] task", "- [x] task", "- [[ ]] task", "- [[x]] task"),
        ("same", "same", "same", "same"),
        ("old", "new", "[old]", "[new]"),
        ("", "new", "", "[new]"),
    ],
)
def test_marks_are_where_a_reader_expects_them(old: str, new: str, old_shown: str, new_shown: str) -> None:
    assert tuple(map(shown, diff_words(old, new))) == (old_shown, new_shown)


@given(words, words)
def test_marks_fall_between_whole_characters_and_lose_nothing(old: str, new: str) -> None:
    for text, spans in zip((old, new), diff_words(old, new), strict=True):
        assert "".join(span.text for span in spans) == text
        ends = {found.end() for found in regex.finditer(r"\X", text)} | {0}
        at = 0
        for span in spans:
            at += len(span.text)
            assert at in ends


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_text_can_be_compared(old: str, new: str) -> None:
    diff_html(old, new)
    diff_words(old, new)
    assert patched(old, diff_text(old, new, old, new)) == new


def test_a_changed_line_is_found_again_among_new_ones() -> None:
    (hunk,) = diff_lines("intro\nhello world\nend", "intro\nfirst of all\nhello there\nlast of all\nend")
    rows = [(left and left.text, right and right.text) for left, right in hunk.pairs]
    assert ("hello world", "hello there") in rows
    (changed,) = [line for line in hunk.lines if line.kind == "del"]
    assert shown(changed.spans) == "hello [world]"


def test_lines_with_little_in_common_carry_no_marks() -> None:
    (hunk,) = diff_lines("completely different", "まったく別の行")
    assert [shown(line.spans) for line in hunk.lines] == ["completely different", "まったく別の行"]


def test_a_long_paragraph_is_still_marked() -> None:
    paragraph = "長い段落の文章です。" * 1500
    old_spans, new_spans = diff_words(f"{paragraph}古い{paragraph[:3000]}", f"{paragraph}新しい{paragraph[:3000]}")
    assert [span.text for span in old_spans if span.changed] == ["古"]
    assert [span.text for span in new_spans if span.changed] == ["新し"]

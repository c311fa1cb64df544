"""Merging two people's changes: both are kept, clashes are shown, and no line is ever lost."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merge3 import Merge3

from posts.merge import Labels, deleted_lines, merge, unresolved


def normalized(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(text: str) -> list[str]:
    return normalized(text).removesuffix("\n").split("\n") if normalized(text) else []


# Few different lines, so that they meet often: repeated ones, blank ones, ones that look like markers.
LINES = ["a", "b", "c", "", " ", "<<<<<<< x", "=======", ">>>>>>> x", "| --- |"]
texts = st.builds(
    lambda lines, end: "\n".join(lines) + end,
    st.lists(st.sampled_from(LINES[:4]) | st.sampled_from(LINES), max_size=12),
    st.sampled_from(["", "\n", "\r\n"]),
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text and two edits of it, as two people would make them: lines put in, taken out, replaced, moved."""
    base = draw(st.lists(st.sampled_from(LINES), max_size=10))

    def side() -> list[str]:
        lines = list(base)
        for _ in range(draw(st.integers(0, 4))):
            at = draw(st.integers(0, len(lines)))
            change = draw(st.sampled_from(["in", "out", "replace", "move"]))
            if change == "in":
                lines.insert(at, draw(st.sampled_from([*LINES, "new", "other"])))
            elif at < len(lines) and change == "out":
                del lines[at]
            elif at < len(lines) and change == "replace":
                lines[at] = draw(st.sampled_from([*LINES, "new", "other"]))
            elif at < len(lines):
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        return lines

    ends = st.sampled_from(["", "\n"])
    return tuple("\n".join(lines) + draw(ends) for lines in (base, side(), side()))  # type: ignore[return-value]


triples = st.tuples(texts, texts, texts) | edited()


def test_changes_of_different_lines_are_both_taken() -> None:
    merged = merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\ne\n")
    assert merged.text == "A\nb\nc\nD\ne\n"
    assert not merged.overlapped


def test_a_clash_shows_both_sides_between_markers() -> None:
    merged = merge("a\nb\nc\n", "a\nmine\nc\n", "a\ntheirs\nc\n", Labels("yours", "revision 3 by bob"))
    assert merged.text == "a\n<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> revision 3 by bob\nc\n"
    assert merged.overlapped
    (conflict,) = merged.conflicts
    assert (conflict.line, conflict.base, conflict.mine, conflict.theirs) == (2, ("b",), ("mine",), ("theirs",))


def test_the_same_change_by_both_is_taken_once() -> None:
    merged = merge("a\nb\n", "a\nnew\nb\n", "a\nnew\nb\n")
    assert (merged.text, merged.overlapped) == ("a\nnew\nb\n", False)


def test_what_one_deletes_and_the_other_changes_is_a_clash() -> None:
    merged = merge("a\nb\nc\n", "a\nc\n", "a\nB\nc\n")
    assert merged.text == "a\n<<<<<<< mine\n=======\nB\n>>>>>>> theirs\nc\n"


def test_touching_changes_are_a_clash() -> None:
    assert merge("a\nb\n", "A\nb\n", "a\nB\n").overlapped
    assert merge("a\n", "a\nmine\n", "a\ntheirs\n").overlapped


def test_lines_on_which_both_sides_agree_stay_out_of_the_clash() -> None:
    merged = merge("old\n", "same\nmine\nend\n", "same\ntheirs\nend\n")
    assert merged.text == "same\n<<<<<<< mine\nmine\n=======\ntheirs\n>>>>>>> theirs\nend\n"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "text"),
    [
        ("a\nb", "a\nb\n", "A\nb", "A\nb\n"),
        ("a\nb\n", "a\nb", "A\nb\n", "A\nb"),
        ("a\nb", "a\nb\n", "a\nb\nc", "a\nb\nc\n"),
        ("a\nb", "a\nb", "a\nb\n", "a\nb\n"),
        ("a", "", "a\n", ""),
        ("a\r\nb\r\n", "a\nb\nc\n", "A\rb\r", "A\nb\nc\n"),
        ("", "", "a", "a"),
        ("\n", "\n", "\n\n", "\n\n"),
    ],
)
def test_the_last_newline_is_merged_on_its_own(base: str, mine: str, theirs: str, text: str) -> None:
    merged = merge(base, mine, theirs)
    assert merged.text == text
    assert not merged.overlapped


def test_a_clash_at_the_end_ends_its_last_marker_with_a_newline() -> None:
    assert merge("a", "b", "c").text == "<<<<<<< mine\nb\n=======\nc\n>>>>>>> theirs\n"


def test_a_label_stays_on_its_line() -> None:
    assert "<<<<<<< two lines\n" in merge("a", "b", "c", ("two\nlines", "")).text


def test_markers_differ_from_lines_that_look_like_them() -> None:
    merged = merge("x\n", "Heading\n=======\nmine\n", "Heading\n=======\ntheirs\n")
    assert merged.text == "Heading\n=======\n<<<<<<<< mine\nmine\n========\ntheirs\n>>>>>>>> theirs\n"
    assert unresolved(merged.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Heading\n=======\n",
        "> > > quote\n>>>>>>> deep quote\n",
        "<<<<<<< a\nmine\n>>>>>>> b\n",
        "=======\n<<<<<<< a\n>>>>>>> b\n",
        "  <<<<<<< a\n  =======\n  >>>>>>> b\n",
        "<<<<<<< a\n========\n>>>>>>> b\n",
    ],
)
def test_a_text_without_a_whole_conflict_is_resolved(text: str) -> None:
    assert not unresolved(text)


def test_a_conflict_that_still_stands_is_found() -> None:
    assert unresolved("a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\nd")
    assert unresolved("<<<<<<< x\r\n=======\r\n>>>>>>> y\r\n")
    # The upper half was tidied up by hand, a second conflict was not.
    assert unresolved("<<<<<<< x\n<<<<<<< x\n=======\n>>>>>>> y\n")


@settings(max_examples=100)
@given(triples)
def test_no_line_disappears_unless_one_side_deleted_it(three: tuple[str, str, str]) -> None:
    base, mine, theirs = (lines_of(text) for text in three)
    result = Counter(lines_of(merge(*three).text))
    before, my_lines, their_lines = Counter(base), Counter(mine), Counter(theirs)
    # What either added is there, however the lines are matched.
    assert my_lines - before <= result
    assert their_lines - before <= result
    # A line that stood once in the base and that both kept is there.
    for line, count in before.items():
        if count == 1 and my_lines[line] and their_lines[line]:
            assert result[line]
    # Each line of one side is there, but for those that the other side took out of the base.
    assert my_lines - deleted_lines(base, theirs) <= result
    assert their_lines - deleted_lines(base, mine) <= result


@settings(max_examples=100)
@given(edited())
def test_numbered_lines_disappear_only_when_deleted(three: tuple[str, str, str]) -> None:
    """With no line twice there is no doubt about which line is which."""
    base, mine, theirs = (
        list(dict.fromkeys(f"{line} {lines[:index].count(line)}" for index, line in enumerate(lines)))
        for lines in map(lines_of, three)
    )
    result = lines_of(merge("\n".join(base), "\n".join(mine), "\n".join(theirs)).text)
    for line in {*base, *mine, *theirs}:
        was, in_mine, in_theirs = line in base, line in mine, line in theirs
        if (in_mine and in_theirs) if was else (in_mine or in_theirs):
            assert line in result


@given(texts, texts)
def test_a_side_that_changed_nothing_has_no_say(base: str, text: str) -> None:
    for merged in (merge(base, text, base), merge(base, base, text), merge(base, text, text)):
        assert not merged.overlapped
        assert merged.text == normalized(text)


@given(triples)
def test_the_sides_may_be_swapped(three: tuple[str, str, str]) -> None:
    base, mine, theirs = three
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert one.overlapped == other.overlapped
    if not one.overlapped:
        assert one.text == other.text
    assert [(conflict.mine, conflict.theirs) for conflict in one.conflicts] == [
        (conflict.theirs, conflict.mine) for conflict in other.conflicts
    ]


@given(triples)
def test_each_conflict_is_where_it_says_and_is_seen(three: tuple[str, str, str]) -> None:
    merged = merge(*three)
    lines = merged.text.split("\n")
    for conflict in merged.conflicts:
        at = conflict.line - 1
        size = len(lines[at].split(" ")[0])
        middle = at + 1 + len(conflict.mine)
        end = middle + 1 + len(conflict.theirs)
        assert lines[at : end + 1] == [
            "<" * size + " mine",
            *conflict.mine,
            "=" * size,
            *conflict.theirs,
            ">" * size + " theirs",
        ]
    assert unresolved(merged.text) or not merged.overlapped


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_any_text_can_be_merged(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    assert mine != theirs or merged.text == normalized(mine)


def test_a_line_lost_by_the_library_makes_the_whole_a_clash(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Merge3.merge_groups

    def forgetful(self):
        return (group for group in real(self) if "new" not in group[1])

    monkeypatch.setattr(Merge3, "merge_groups", forgetful)
    merged = merge("a\nb\n", "a\nb\nnew\n", "A\nb\n")
    assert merged.overlapped
    assert {"a", "A", "new"} <= set(lines_of(merged.text))

"""Matching lines: what is matched is equal and in order, and hard cases end in time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts import lines
from posts.lines import Block, matching_blocks

few = st.lists(st.sampled_from("abc"), max_size=15)


@given(few, few)
def test_blocks_are_equal_in_order_and_apart(old: list[str], new: list[str]) -> None:
    blocks = matching_blocks(old, new)
    for a, b, size in blocks:
        assert size > 0
        assert old[a : a + size] == new[b : b + size]
    for before, after in pairwise(blocks):
        gap = (after.a - before.a - before.size, after.b - before.b - before.size)
        assert min(gap) >= 0
        assert gap != (0, 0)


@given(few)
def test_a_text_matches_itself_whole(text: list[str]) -> None:
    assert matching_blocks(text, text) == ([Block(0, 0, len(text))] if text else [])


@given(few, few, few)
def test_what_was_put_between_is_all_that_is_new(head: list[str], between: list[str], tail: list[str]) -> None:
    matched = sum(block.size for block in matching_blocks(head + tail, head + between + tail))
    assert matched == len(head + tail)


def test_lines_that_are_there_once_hold_the_texts_together() -> None:
    # By number alone, the blank lines would win over the heading.
    old = ["Heading", "", "", ""]
    new = ["x", "", "", "", "Heading", "y"]
    assert matching_blocks(old, new) == [Block(0, 4, 1)]


def test_too_many_pairs_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = list("xabab"), list("babay")
    assert sum(block.size for block in matching_blocks(old, new)) == 3
    monkeypatch.setattr(lines, "COMPARED_PAIRS", 3)
    assert matching_blocks(old, new) == []

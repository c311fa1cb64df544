"""Which lines two texts have in common, in bounded time: the ground that merge and diff stand on."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

# Two stretches with more pairs than this (20,000 lines against 20,000) are not compared any further:
# about 0.1 s and 50 MB for the library's bit matrix.
COMPARED_PAIRS = 400_000_000


class Block(NamedTuple):
    """`size` items from `old[a]` on are those from `new[b]` on."""

    a: int
    b: int
    size: int


def matching_blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Block]:
    """The stretches that both have, in order and as long as can be, without overlap.

    What both begin and end with is taken first; then lines that each has once hold the two together, as in a
    patience diff, so that blank lines and brackets never do; in between goes the longest common subsequence.
    """
    start, limit = 0, min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    pairs: list[tuple[int, int]] = []
    a, b = start, start
    for next_a, next_b in [
        *_anchors(old, start, len(old) - end, new, start, len(new) - end),
        (len(old) - end, len(new) - end),
    ]:
        pairs.extend(_common(old, a, next_a, new, b, next_b))
        pairs.append((next_a, next_b))
        a, b = next_a + 1, next_b + 1
    pairs.pop()  # the end of both is no pair
    return list(
        _joined([Block(0, 0, start), *(Block(a, b, 1) for a, b in pairs), Block(len(old) - end, len(new) - end, end)])
    )


def _anchors(
    old: Sequence[Hashable], old_start: int, old_end: int, new: Sequence[Hashable], new_start: int, new_end: int
) -> list[tuple[int, int]]:
    """The longest run of pairs, rising on both sides, of items that each side has exactly once."""
    old_counts, new_counts = Counter(old[old_start:old_end]), Counter(new[new_start:new_end])
    place = {new[b]: b for b in range(new_start, new_end) if new_counts[new[b]] == 1}
    candidates = [(a, place[old[a]]) for a in range(old_start, old_end) if old_counts[old[a]] == 1 and old[a] in place]
    # Patience sorting: the tops of the piles, and for each pair the one before it.
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_a, b) in enumerate(candidates):
        pile = bisect_left(tops, b)
        before.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [b]
        ends[pile : pile + 1] = [index]
    run = []
    index = ends[-1] if ends else -1
    while index >= 0:
        run.append(candidates[index])
        index = before[index]
    return run[::-1]


def _common(
    old: Sequence[Hashable], old_start: int, old_end: int, new: Sequence[Hashable], new_start: int, new_end: int
) -> Iterator[tuple[int, int]]:
    """Pairs of a longest common subsequence between two anchors; none where that would take too long."""
    if old_start == old_end or new_start == new_end:
        return
    # Items as numbers, because the library compares by hash; what only one side has cannot match.
    numbers: dict[Hashable, int] = {}
    shared = set(old[old_start:old_end]).intersection(new[new_start:new_end])
    old_places = [a for a in range(old_start, old_end) if old[a] in shared]
    new_places = [b for b in range(new_start, new_end) if new[b] in shared]
    if len(old_places) * len(new_places) > COMPARED_PAIRS:
        return
    blocks = LCSseq.opcodes(
        [numbers.setdefault(old[a], len(numbers)) for a in old_places],
        [numbers.setdefault(new[b], len(numbers)) for b in new_places],
    ).as_matching_blocks()
    for block in blocks:
        for step in range(block.size):
            yield old_places[block.a + step], new_places[block.b + step]


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks that touch on both sides made one, empty ones left out."""
    last = Block(0, 0, 0)
    for block in blocks:
        if (last.a + last.size, last.b + last.size) == (block.a, block.b):
            last = last._replace(size=last.size + block.size)
        else:
            if last.size:
                yield last
            last = block
    if last.size:
        yield last

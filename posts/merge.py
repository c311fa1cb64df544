"""Three-way merge by lines, for two people who saved the same post: nothing that either wrote gets lost."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from merge3 import Merge3

from posts.lines import matching_blocks

MARKER_SIZE = 7
MARKER_LINE = re.compile(rf"(?:(<{{{MARKER_SIZE},}})|(>{{{MARKER_SIZE},}}))(?: .*)?|(={{{MARKER_SIZE},}})")


class Labels(NamedTuple):
    """Whose side is whose, as written behind the markers."""

    mine: str = "mine"
    theirs: str = "theirs"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both sides changed differently, with the line of the merged text where its first marker is."""

    line: int
    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text; where the sides clashed it holds both, between conflict markers."""

    text: str
    conflicts: tuple[Conflict, ...] = ()

    @property
    def overlapped(self) -> bool:
        return bool(self.conflicts)


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the result: settled lines, or the clash of two sides over what was there before."""

    lines: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()

    @property
    def clash(self) -> bool:
        return bool(self.mine or self.theirs)


def merge(base: str, mine: str, theirs: str, labels: tuple[str, str] = Labels()) -> Merged:
    """Join what `mine` and `theirs` each changed since `base`.

    Changes of different lines are both taken, the same change by both is taken once, and where both changed the
    same or touching lines each side stands whole between markers. Line ends become \\n.
    """
    base_lines, base_ends = _split(base)
    my_lines, mine_ends = _split(mine)
    their_lines, theirs_end = _split(theirs)
    regions = list(_regions(base_lines, my_lines, their_lines))
    if _loses_a_line(regions, base_lines, my_lines, their_lines):
        regions = list(_reduced(base_lines, my_lines, their_lines))
    # Whether the last line ends in a newline is merged on its own, so that adding one is no change of that line.
    ends = theirs_end if mine_ends == base_ends else mine_ends
    return _written(regions, Labels(*labels), ends=ends)


def unresolved(text: str) -> bool:
    """Whether a conflict stands in the text: its three markers, of one length, in order."""
    awaited: dict[int, str] = {}
    for line in text.split("\n"):
        marker = MARKER_LINE.fullmatch(line.rstrip("\r")) if line[:1] in {"<", "=", ">"} else None
        if marker is None:
            continue
        sign, size = line[0], len(marker[marker.lastindex or 0])
        if sign == "<":
            awaited[size] = "="
        elif sign == awaited.get(size):
            if sign == ">":
                return True
            awaited[size] = ">"
    return False


class _Matcher:
    """Our line matching in the shape that merge3 expects of difflib."""

    def __init__(
        self,
        isjunk: Callable[[str], bool] | None = None,
        a: Sequence[str] = (),
        b: Sequence[str] = (),
        autojunk: bool = False,
    ) -> None:
        self.a, self.b = a, b

    def get_matching_blocks(self) -> list[tuple[int, int, int]]:
        return [*matching_blocks(self.a, self.b), (len(self.a), len(self.b), 0)]


def _split(text: str) -> tuple[list[str], bool]:
    """The lines of a text, and whether the last one ends in a newline."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        return [], False
    ends = text.endswith("\n")
    return text.removesuffix("\n").split("\n"), ends


def _regions(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[Region]:
    for group in Merge3(base, mine, theirs, sequence_matcher=_Matcher).merge_groups():
        if group[0] == "conflict":
            yield from _reduced(*group[1:])
        else:
            yield Region(lines=tuple(group[1]))


def _reduced(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Region]:
    """A clash without the lines that both sides begin or end with: on those they agree."""
    start, limit = 0, min(len(mine), len(theirs))
    while start < limit and mine[start] == theirs[start]:
        start += 1
    end = 0
    while end < limit - start and mine[-1 - end] == theirs[-1 - end]:
        end += 1
    yield Region(lines=tuple(mine[:start]))
    yield Region(
        base=tuple(base), mine=tuple(mine[start : len(mine) - end]), theirs=tuple(theirs[start : len(theirs) - end])
    )
    yield Region(lines=tuple(mine[len(mine) - end :]))


def _loses_a_line(regions: Sequence[Region], base: list[str], mine: list[str], theirs: list[str]) -> bool:
    """Whether a line of one side is missing from the result though the other side did not delete it.

    It guards against errors of the library and of our matching; as they are, it never holds.
    """
    result = Counter(line for region in regions for line in (*region.lines, *region.mine, *region.theirs))
    return bool(
        Counter(mine) - deleted_lines(base, theirs) - result or Counter(theirs) - deleted_lines(base, mine) - result
    )


def deleted_lines(base: Sequence[str], side: Sequence[str]) -> Counter[str]:
    """How often a side took out each line of the base; a line that it moved counts as taken out and put in."""
    deleted = Counter(base)
    for block in matching_blocks(base, side):
        deleted.subtract(base[block.a : block.a + block.size])
    return +deleted


def _written(regions: Sequence[Region], labels: Labels, *, ends: bool) -> Merged:
    size = _marker_size(regions)
    my_label, their_label = (" ".join(label.split()) for label in labels)
    lines: list[str] = []
    conflicts: list[Conflict] = []
    closed = False
    for region in regions:
        if region.clash:
            conflicts.append(Conflict(len(lines) + 1, region.base, region.mine, region.theirs))
            lines.append(f"{'<' * size} {my_label}")
            lines.extend(region.mine)
            lines.append("=" * size)
            lines.extend(region.theirs)
            lines.append(f"{'>' * size} {their_label}")
            closed = True
        elif region.lines:
            lines.extend(region.lines)
            closed = False
    text = "\n".join(lines)
    # An empty last line exists only by its newline, and a marker always has one.
    if lines and (ends or closed or not lines[-1]):
        text += "\n"
    return Merged(text, tuple(conflicts))


def _marker_size(regions: Sequence[Region]) -> int:
    """Seven, or the next length that no line of the text looks like: `=======` also underlines a heading."""
    taken = {
        len(marker[marker.lastindex or 0])
        for region in regions
        for line in (*region.lines, *region.mine, *region.theirs)
        if line[:1] in {"<", "=", ">"} and (marker := MARKER_LINE.fullmatch(line))
    }
    size = MARKER_SIZE
    while size in taken:
        size += 1
    return size

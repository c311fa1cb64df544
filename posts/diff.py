"""What changed between two texts: by lines with marks inside them, for the history page and the API."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice, pairwise, zip_longest
from typing import Literal, NamedTuple

import regex
from django.utils.html import escape
from django.utils.safestring import SafeString
from rapidfuzz.distance import Indel, LCSseq

from posts.lines import matching_blocks

CONTEXT = 3
SHOWN_LINES = 40_000

# Bounds that keep a diff of two large texts within a second; beyond them lines are shown as changed as a whole.
MARKED_LINE = 20_000  # characters of a line that is looked into
MARKED_TOKENS = 2_000  # words or characters between what both lines begin and end with
MARKED_TOTAL = 400_000  # characters of all lines looked into
PAIRED_LINES = 400  # deleted × inserted lines of one place among which partners are sought

# Lines that have less than this in common are a new line, not a changed one.
ALIKE = 0.4
# A partner of which less than this stays is marked as a whole, which is to say not at all.
MARKED_SHARE = 0.2
# What stays between two changes is swallowed by them when it is this short, and no longer than either.
ISLAND = 8

# Words of scripts that put spaces between them stay whole; Japanese, Chinese, Korean and Thai go by characters.
# Each step is a whole grapheme cluster (\X), so that no mark falls inside an accent, a flag or a family emoji.
TOKEN = regex.compile(
    r"""
    (?: (?= [[\p{L}\p{N}_]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ーｰ]] ) \X )+
  | (?: (?= \s ) \X )+
  | \X
    """,
    regex.VERBOSE | regex.V1,
)
LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Span(NamedTuple):
    """A piece of a line, and whether it is what changed in it."""

    text: str
    changed: bool = False


class Change(NamedTuple):
    """`old[a:a_end]` was replaced by `new[b:b_end]`; one of the two may be empty."""

    a: int
    a_end: int
    b: int
    b_end: int


class DiffSummary(NamedTuple):
    """How many lines came and went."""

    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff, with its number in the old text, in the new text, or in both.

    A changed line's `partner` is the number, on the other side, of the line that it became or was.
    """

    kind: Literal["unchanged", "del", "ins"]
    old: int | None
    new: int | None
    spans: tuple[Span, ...]
    partner: int | None = None

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changes close to each other, with the lines around them."""

    lines: tuple[Line, ...]
    skipped: int  # unchanged lines before it
    rest: int = 0  # unchanged lines behind the last hunk
    cut: int = 0  # lines of the diff left out behind the last hunk, where it broke off

    @property
    def pairs(self) -> list[tuple[Line | None, Line | None]]:
        """The rows of a split view: old on the left, new on the right, None where a side has no line."""
        rows: list[tuple[Line | None, Line | None]] = []
        left: list[Line] = []
        right: list[Line] = []
        for line in self.lines:
            if line.kind == "del":
                left.append(line)
            elif line.kind == "ins":
                right.append(line)
            else:
                rows += _rows(left, right)
                left, right = [], []
                rows.append((line, line))
        return rows + _rows(left, right)


def diff_lines(old: str, new: str, *, context: int | None = CONTEXT, limit: int = SHOWN_LINES) -> list[Hunk]:
    """The changes with `context` unchanged lines around them; with None, everything in one hunk.

    After `limit` lines the diff breaks off, and its last hunk says how many more lines it has.
    """
    old_lines, new_lines = _both_lines(old, new)
    budget = _Budget(MARKED_TOTAL)
    around = max(len(old_lines), len(new_lines)) if context is None else context
    hunks: list[Hunk] = []
    at = cut = 0
    for group in _groups(_changes(old_lines, new_lines), around):
        start, end = max(group[0].a - around, 0), min(group[-1].a_end + around, len(old_lines))
        size = end - start + sum(change.b_end - change.b for change in group)
        if limit > 0:
            lines = tuple(islice(_hunk_lines(old_lines, new_lines, group, start, end, budget), limit))
            limit -= len(lines)
            size -= len(lines)
            hunks.append(Hunk(lines, start - at))
        cut += size
        at = end
    if hunks:
        hunks[-1] = replace(hunks[-1], rest=len(old_lines) - at, cut=cut)
    return hunks


def diff_html(old: str, new: str) -> SafeString:
    """The changes as the API gives them: a list of lines, the changed words in <del> and <ins>."""
    fold = '<li class="skip">…</li>'
    items: list[str] = []
    for hunk in diff_lines(old, new):
        if hunk.skipped:
            items.append(fold)
        items += [f'<li class="{line.kind}">{spans_html(line.spans, line.kind)}</li>' for line in hunk.lines]
        if hunk.rest or hunk.cut:
            items.append(fold)
    return SafeString(f'<div class="diff"><ul>{"".join(items)}</ul></div>')


def spans_html(spans: Sequence[Span], kind: Literal["unchanged", "del", "ins"]) -> SafeString:
    """A line's text, escaped, with what changed in it inside <del> or <ins>."""
    return SafeString(
        "".join(f"<{kind}>{escape(text)}</{kind}>" if changed else escape(text) for text, changed in spans)
    )


def diff_text(old: str, new: str, from_label: str, to_label: str) -> str:
    """A unified diff that `patch` can apply; empty when nothing changed."""
    old_lines, new_lines = LINE.findall(old), LINE.findall(new)
    parts: list[str] = []
    for group in _groups(_changes(old_lines, new_lines), CONTEXT):
        before = min(CONTEXT, group[0].a)
        after = min(CONTEXT, len(old_lines) - group[-1].a_end)
        old_range = _range(group[0].a - before, group[-1].a_end + after)
        new_range = _range(group[0].b - before, group[-1].b_end + after)
        parts.append(f"@@ -{old_range} +{new_range} @@\n")
        at = group[0].a - before
        for change in group:
            parts += _prefixed(" ", old_lines[at : change.a])
            parts += _prefixed("-", old_lines[change.a : change.a_end])
            parts += _prefixed("+", new_lines[change.b : change.b_end])
            at = change.a_end
        parts += _prefixed(" ", old_lines[at : at + after])
    if not parts:
        return ""
    return "".join([f"--- {' '.join(from_label.split())}\n", f"+++ {' '.join(to_label.split())}\n", *parts])


def diff_words(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Two versions of a short text, a title for one, with what changed marked in each."""
    if old == new:
        return (Span(old),), (Span(new),)
    marked = _marked(old, new)
    return marked or ((Span(old, changed=bool(old)),), (Span(new, changed=bool(new)),))


def summarize(old: str, new: str) -> DiffSummary:
    changes = _changes(*_both_lines(old, new))
    return DiffSummary(
        added=sum(change.b_end - change.b for change in changes),
        removed=sum(change.a_end - change.a for change in changes),
    )


class _Budget:
    """How many characters may still be looked into."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, cost: int) -> bool:
        self.left -= cost
        return self.left >= 0


def _both_lines(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines of both texts. A newline at the end of only one of them shows as an empty last line there."""
    if not old or not new or (old.endswith("\n") and new.endswith("\n")):
        old_lines, new_lines = old.removesuffix("\n"), new.removesuffix("\n")
    else:
        old_lines, new_lines = old, new
    return old_lines.split("\n") if old else [], new_lines.split("\n") if new else []


def _changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    changes = []
    a = b = 0
    for block in [*matching_blocks(old, new), (len(old), len(new), 0)]:
        if (a, b) != block[:2]:
            changes.append(Change(a, block[0], b, block[1]))
        a, b = block[0] + block[2], block[1] + block[2]
    return changes


def _groups(changes: Sequence[Change], context: int) -> Iterator[list[Change]]:
    """Changes whose surroundings touch, together."""
    group: list[Change] = []
    for change in changes:
        if group and change.a - group[-1].a_end > 2 * context:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _hunk_lines(
    old: Sequence[str], new: Sequence[str], group: Sequence[Change], start: int, end: int, budget: _Budget
) -> Iterator[Line]:
    a, ahead = start, group[0].b - group[0].a
    for change in group:
        yield from _unchanged_lines(old, a, change.a, ahead)
        yield from _changed_lines(old, new, change, budget)
        a, ahead = change.a_end, change.b_end - change.a_end
    yield from _unchanged_lines(old, a, end, ahead)


def _unchanged_lines(old: Sequence[str], start: int, end: int, ahead: int) -> Iterator[Line]:
    for at in range(start, end):
        yield Line("unchanged", at + 1, at + ahead + 1, (Span(old[at]),))


def _changed_lines(old: Sequence[str], new: Sequence[str], change: Change, budget: _Budget) -> Iterator[Line]:
    deleted, inserted = old[change.a : change.a_end], new[change.b : change.b_end]
    old_spans: dict[int, tuple[Span, ...]] = {}
    new_spans: dict[int, tuple[Span, ...]] = {}
    old_partner: dict[int, int] = {}
    new_partner: dict[int, int] = {}
    for i, j in _partners(deleted, inserted, budget):
        old_partner[i], new_partner[j] = change.b + j + 1, change.a + i + 1
        if marked := _marked(deleted[i], inserted[j]):
            old_spans[i], new_spans[j] = marked
    for i, text in enumerate(deleted):
        yield Line("del", change.a + i + 1, None, old_spans.get(i, (Span(text),)), old_partner.get(i))
    for j, text in enumerate(inserted):
        yield Line("ins", None, change.b + j + 1, new_spans.get(j, (Span(text),)), new_partner.get(j))


def _partners(deleted: Sequence[str], inserted: Sequence[str], budget: _Budget) -> list[tuple[int, int]]:
    """Which deleted line became which inserted one: pairs in order that are alike, the most alike in sum."""
    if len(deleted) * len(inserted) > PAIRED_LINES:
        return [
            (index, index)
            for index, (old, new) in enumerate(zip(deleted, inserted, strict=False))
            if budget.spend(len(old) + len(new)) and _likeness(old, new)
        ]
    if not deleted or not inserted or not budget.spend(sum(map(len, deleted)) + sum(map(len, inserted))):
        return []
    # best[i][j] is the largest sum for the lines from i and from j on.
    best = [[0.0] * (len(inserted) + 1) for _ in range(len(deleted) + 1)]
    likeness = [[_likeness(old, new) for new in inserted] for old in deleted]
    for i in reversed(range(len(deleted))):
        for j in reversed(range(len(inserted))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + likeness[i][j])
    pairs = []
    i = j = 0
    while i < len(deleted) and j < len(inserted):
        if likeness[i][j] and best[i][j] == best[i + 1][j + 1] + likeness[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _likeness(old: str, new: str) -> float:
    """From 0 to 1; 0 below what makes two lines versions of one another."""
    if len(old) > MARKED_LINE or len(new) > MARKED_LINE or not old.strip() or not new.strip():
        return 0.0
    return Indel.normalized_similarity(old, new, score_cutoff=ALIKE)


def _marked(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]] | None:
    """Both lines with what changed marked, or None where that would mark nearly everything or cost too much."""
    if len(old) > MARKED_LINE or len(new) > MARKED_LINE:
        return None
    changes = _without_islands(_changes_within(old, new))
    kept = len(old) - sum(change.a_end - change.a for change in changes)
    if 2 * kept < MARKED_SHARE * (len(old) + len(new)):
        return None
    return (
        _spans(old, [(change.a, change.a_end) for change in changes]),
        _spans(new, [(change.b, change.b_end) for change in changes]),
    )


def _changes_within(old: str, new: str) -> list[Change]:
    """The changes of a line in characters, each made of whole tokens."""
    old_tokens, new_tokens = TOKEN.findall(old), TOKEN.findall(new)
    old_places, new_places = ([0, *accumulate(map(len, tokens))] for tokens in (old_tokens, new_tokens))
    start, limit = 0, min(len(old_tokens), len(new_tokens))
    while start < limit and old_tokens[start] == new_tokens[start]:
        start += 1
    end = 0
    while end < limit - start and old_tokens[-1 - end] == new_tokens[-1 - end]:
        end += 1
    old_middle = old_tokens[start : len(old_tokens) - end]
    new_middle = new_tokens[start : len(new_tokens) - end]
    steps = [Change(0, len(old_middle), 0, len(new_middle))]
    if len(old_middle) <= MARKED_TOKENS and len(new_middle) <= MARKED_TOKENS:
        numbers: dict[str, int] = {}
        opcodes = LCSseq.opcodes(
            [numbers.setdefault(token, len(numbers)) for token in old_middle],
            [numbers.setdefault(token, len(numbers)) for token in new_middle],
        )
        steps = [
            Change(step.src_start, step.src_end, step.dest_start, step.dest_end)
            for step in opcodes
            if step.tag != "equal"
        ]
    return [
        Change(
            old_places[start + step.a],
            old_places[start + step.a_end],
            new_places[start + step.b],
            new_places[start + step.b_end],
        )
        for step in steps
    ]


def _without_islands(changes: Sequence[Change]) -> list[Change]:
    """Changes with only a scrap between them made one: easier to read than a mark on every other character."""
    joined: list[Change] = []
    for change in changes:
        joined.append(change)
        while len(joined) > 1:
            before, after = joined[-2:]
            if after.a - before.a_end > min(ISLAND, _weight(before), _weight(after)):
                break
            joined[-2:] = [Change(before.a, after.a_end, before.b, after.b_end)]
    return joined


def _weight(change: Change) -> int:
    return max(change.a_end - change.a, change.b_end - change.b)


def _spans(text: str, changed: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    spans = []
    at = 0
    for start, end in changed:
        spans += [Span(text[at:start]), Span(text[start:end], changed=True)]
        at = end
    spans.append(Span(text[at:]))
    return tuple(span for span in spans if span.text) or (Span(""),)


def _rows(left: Sequence[Line], right: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    """Deleted beside inserted lines, partners in one row."""
    numbers = {line.new: index for index, line in enumerate(right)}
    stops = [(i, numbers[line.partner]) for i, line in enumerate(left) if line.partner is not None]
    rows: list[tuple[Line | None, Line | None]] = []
    for (i, j), (next_i, next_j) in pairwise([(0, 0), *stops, (len(left), len(right))]):
        rows += zip_longest(left[i:next_i], right[j:next_j])
    return rows


def _range(start: int, end: int) -> str:
    """Lines as a unified diff counts them: from 1, and an empty range from the line before it."""
    if end == start:
        return f"{start},0"
    return f"{start + 1}" if end - start == 1 else f"{start + 1},{end - start}"


def _prefixed(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield sign + line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"

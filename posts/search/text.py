"""What search compares: normalised text, the lexemes it is found by, and the marks in a snippet.

The same functions serve the text that is indexed and the words that are typed. `norm` is the text that
search speaks about: a term is found exactly where its `needle` is a part of it. Lexemes only narrow the
rows down before that is proved, so they may promise too much but never too little.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

_CJK = (
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff"
)
_CJK_MARKS = "\u3001-\u3003\u3008-\u3011\u3014-\u301b\u30fb"
_SYMBOL = "\u2190-\u2bff\U0001f000-\U0001faff"

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_EMPHASIS = re.compile(f"(?<=[{_CJK}])[*`]{{1,3}}|[*`]{{1,3}}(?=[{_CJK}])")
_PARAGRAPH = re.compile("\n\n+")
_WHITE = re.compile(r"\s+")
_GLUE = re.compile(f"(?<=[{_CJK}{_CJK_MARKS}]) | (?=[{_CJK}{_CJK_MARKS}])")
_LONG_SOUND = re.compile("(?<=[\u30a1-\u30fa\u30fc]{2}[\u30a1-\u30fa])\u30fc(?![\u30a1-\u30fa\u30fc])")
_FINAL_LONG_SOUND = re.compile("(?<=[\u3041-\u3096\u30fc]{3})\u30fc$")
_RUN_OF_CJK = re.compile(f"[{_CJK}]")
_RUN = re.compile(f"([{_CJK}]+)|([^\\W_{_CJK}]+)|([{_SYMBOL}])")
_SHORT_LEAD = re.compile(f"[^\\W_{_CJK}]{{1,2}}(?![^\\W_])")
_UNIT = re.compile("[\\s\\S][\u0300-\u036f\u3099\u309a\uff9e\uff9f\u1160-\u11ff]*")

# Katakana to hiragana, and the look-alikes that a keyboard or an editor puts in by itself.
_FOLD = {code: code - 0x60 for code in [*range(0x30A1, 0x30F7), 0x30FD, 0x30FE]}
_FOLD |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), ord("-"))
_FOLD |= dict.fromkeys(map(ord, "\u2018\u2019"), ord("'"))
_FOLD |= dict.fromkeys(map(ord, "\u201c\u201d"), ord('"'))
_FOLD |= {0x301C: ord("~")}

GRAM = 6
"""Latin words are found by their parts of up to this many letters: see `lexemes`."""

SHORT = 2
"""Latin terms up to this length find the beginnings of words: `go` is not in `category`, nor `c#` in `abc#`."""

LONGEST_WORD = 4000
MOST_LEXEMES = 150_000
MOST_BYTES = 1_000_000
"""Bounds for pasted blobs, behind which text is not searched: PostgreSQL takes no tsvector of more than a megabyte."""


def norm(text: str) -> str:
    """Bring text into the form in which search compares it.

    Width, case, kana and dashes are folded; white space and emphasis that touch Japanese go, so that
    wrapped lines and `**bold**` match; a long-sound mark that ends a longer katakana word goes
    (サーバー is サーバ). Paragraphs stay apart, as lines.
    """
    text = unicodedata.normalize("NFKC", _UNSTORABLE.sub("", text))
    text = "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
    text = _PARAGRAPH.sub("\x00", _EMPHASIS.sub("", text))
    text = text.replace("\n", " ").replace("\x00", "\n")
    text = _LONG_SOUND.sub("", _GLUE.sub("", text))
    return text.translate(_FOLD).lower()


def needle(term: str) -> str:
    """Normalise what somebody typed; a term's final long-sound mark never stands in the way."""
    return _FINAL_LONG_SOUND.sub("", norm(term).replace("\n", " ").strip())


def lexemes(normed: str) -> dict[str, None]:
    """Cut normalised text into what the index holds, in order and each once.

    Japanese runs give each pair of characters and their last character; where they touch a Latin word,
    the pair across the border. A Latin word gives its first letters (`^p`, `^po`) and, from each of its
    letters on, a gram of GRAM letters (`postgr`, `ostgre`, … `sql`), so that any part of a word is found
    by prefix without keeping every suffix. Symbols and emoji stand for themselves.
    """
    found: dict[str, None] = {}
    before, end = "", -1
    seen: set[str] = set()
    for run in _RUN.finditer(normed):
        text = run[0]
        if run.start() == end:
            found[before + text[0]] = None
        before, end = text[-1], run.end()
        if text not in seen:
            seen.add(text)
            if run[1]:
                found.update(dict.fromkeys(map(str.__add__, text, text[1:])))
                found[text[-1]] = None
            elif run[2]:
                word = text[:LONGEST_WORD]
                found["^" + word[:1]] = found["^" + word[:2]] = None
                found.update({word[at : at + GRAM]: None for at in range(len(word) - SHORT)})
            else:
                found[text] = None
            if len(found) > MOST_LEXEMES:
                break
    return found


def not_said(lexeme: str) -> str:
    """Stands in the index where only the name, tags or category have a lexeme, and neither text nor comments."""
    return f"-{lexeme}"


class Probe(NamedTuple):
    """One lexeme that a text must have to hold a term; with `prefix`, one that begins like this."""

    lexeme: str
    prefix: bool = False


class Term(NamedTuple):
    """A term ready for the database: probes narrow the rows down, `proof` must then be found in them.

    `proof` is empty where the one probe says it all, which is so for the most common terms.
    """

    probes: tuple[Probe, ...]
    proof: str


def term(needle: str) -> Term:
    """Say how a needle is looked up in the index."""
    runs = list(_RUN.finditer(needle))
    probes: list[Probe] = []
    for at, run in enumerate(runs):
        text = run[0]
        touches = at > 0 and runs[at - 1].end() == run.start()
        if touches:
            probes.append(Probe(needle[run.start() - 1] + text[0]))
        if run[1]:
            touched = at + 1 < len(runs) and runs[at + 1].start() == run.end()
            if len(text) > 1 or not (touches or touched):  # of の the pair in AWSの says more, and is found much sooner
                probes += _japanese(text)
        elif run[2]:
            begins, ends = run.start() > 0 or short(needle), run.end() < len(needle)
            probes += _latin(text[:LONGEST_WORD], begins=begins, ends=ends)
        else:
            probes.append(Probe(text))
    probes = list(dict.fromkeys(probes))
    alone = len(runs) == 1 and runs[0][0] == needle
    exact = alone and len(probes) == 1 and (not runs[0][2] or len(needle) <= GRAM)
    return Term(tuple(probes), "" if exact else needle)


def _japanese(text: str) -> list[Probe]:
    if len(text) == 1:
        return [Probe(text, prefix=True)]
    return [Probe(a + b) for a, b in pairwise(text)]


def _latin(text: str, *, begins: bool, ends: bool) -> list[Probe]:
    """Probes for a piece of which we may know that a word begins or ends with it."""
    if len(text) <= SHORT:
        return [Probe("^" + text)] if begins else []
    if len(text) < GRAM:
        return [Probe(text, prefix=not ends)]
    grams = [text[at : at + GRAM] for at in range(0, len(text) - GRAM + 1, GRAM)]
    return [Probe(gram) for gram in [*grams, text[-GRAM:]]]


def tsvector(lexemes: Iterable[str]) -> str:
    """Write lexemes as a tsvector literal; the first ones stay when there are too many."""
    kept: list[str] = []
    room = MOST_BYTES
    for lexeme in dict.fromkeys(lexemes):
        room -= len(lexeme.encode())
        if room < 0:
            break
        kept.append(_quoted(lexeme))
    return " ".join(kept)


def tsquery(probes: Iterable[Probe], *, said: bool = False) -> str:
    """Write probes as a tsquery literal that wants all of them; with `said`, outside of the name, tags and category."""
    wanted = [_quoted(lexeme) + (":*" if prefix else "") for lexeme, prefix in probes]
    unwanted = [f"!{_quoted(not_said(lexeme))}" for lexeme, prefix in probes if said and not prefix]
    return " & ".join(wanted + unwanted)


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def short(needle: str) -> bool:
    """Whether a needle begins with a Latin piece so short that it has to be the beginning of a word."""
    return _SHORT_LEAD.match(needle) is not None


def start_of_word(needle: str) -> str:
    """The PostgreSQL regular expression for a short needle, where containing it is not enough."""
    return f"(?:^|[^[:alnum:]]|[{_CJK}])" + re.sub(r"([^\w\s])", r"\\\1", needle)


@lru_cache(maxsize=512)
def pattern(needle: str) -> re.Pattern[str]:
    """What a needle matches in normalised text: this is the definition that the index has to meet."""
    before = f"(?<![^\\W_{_CJK}])" if short(needle) else ""
    return re.compile(before + re.escape(needle))


@lru_cache(maxsize=512)
def as_written(needle: str) -> re.Pattern[str]:
    """Finds a needle in text that is not normalised, in the forms in which nearly everybody writes it; fast, and no proof.

    Either kana, either width, any dash, a long-sound mark at a word's end, white space and emphasis between Japanese letters.
    """
    before = f"(?<![^\\W_{_CJK}])" if short(needle) else ""
    pieces = [_forms(letter) for letter in needle]
    joints = ["\u30fc?[\\s*`]{0,6}" if _RUN_OF_CJK.search(f"{a}{b}") else "" for a, b in pairwise(needle)]
    return re.compile(before + "".join(map(str.__add__, pieces, [*joints, ""])), re.IGNORECASE)


def _forms(letter: str) -> str:
    if letter.isspace():
        return "\\s+"
    code = ord(letter)
    folded = [other for other, base in _FOLD.items() if base == code]
    wide = [code + 0xFEE0] if 0x21 <= code <= 0x7E else []
    return f"[{''.join(re.escape(chr(each)) for each in (code, *folded, *wide))}]"


def is_in(needles: Sequence[str], text: str) -> bool:
    """Whether one of the needles is in a text as it was written."""
    for needle in needles:
        for match in islice(as_written(needle).finditer(text), _MOST_SPOTS):
            if pattern(needle).search(norm(text[max(0, match.start() - _OVERLAP) : match.end() + _OVERLAP])):
                return True
    normed = norm(text)
    return any(pattern(needle).search(normed) for needle in needles)


class Segment(NamedTuple):
    """A piece of a snippet; a hit is to be marked."""

    text: str
    hit: bool = False


_CHUNK, _OVERLAP, _MOST_CHUNKS, _MOST_SPOTS = 300, 60, 1000, 30


def snippet(text: str, needles: Sequence[str], *, width: int = 160) -> list[Segment]:
    """Cut out the part of a text that shows the most of what was searched for, hits marked."""
    needles = [needle for needle in needles if needle]
    at = max(0, _best_chunk(text, needles) - width // 3)
    part = text[at : at + _CHUNK + width]
    hits = _hits(part, needles)
    start = max(0, hits[0][0] - width // 3) if hits else 0
    end = min(len(part), start + width)
    segments = _segments(part, start, end, hits)
    if at + start > 0:
        segments.insert(0, Segment("…"))
    if at + end < len(text):
        segments.append(Segment("…"))
    return segments


def marked(text: str, needles: Sequence[str]) -> list[Segment]:
    """The whole of a short text, such as a title, with the hits marked."""
    return _segments(text, 0, len(text), _hits(text, [needle for needle in needles if needle]))


def _segments(text: str, start: int, end: int, hits: list[tuple[int, int]]) -> list[Segment]:
    segments: list[Segment] = []
    for begin, stop in hits:
        if begin >= start and stop <= end:
            segments += [Segment(text[start:begin]), Segment(text[begin:stop], hit=True)]
            start = stop
    return [segment for segment in [*segments, Segment(text[start:end])] if segment.text]


def _best_chunk(text: str, needles: Sequence[str]) -> int:
    """Where in a long text to look closely, for looking closely is slow."""
    spots = sorted(
        (match.start(), at)
        for at, needle in enumerate(needles)
        for match in islice(as_written(needle).finditer(text), _MOST_SPOTS)
    )
    if spots:
        kinds = [
            len({each for place, each in spots[at : at + _MOST_SPOTS] if place < start + _CHUNK})
            for at, (start, _each) in enumerate(spots)
        ]
        return spots[kinds.index(max(kinds))][0]
    best = found = 0
    for at in range(0, max(1, len(text) - _OVERLAP), _CHUNK - _OVERLAP)[:_MOST_CHUNKS]:
        if found == len(needles):
            break
        normed = norm(text[at : at + _CHUNK])
        here = sum(1 for needle in needles if pattern(needle).search(normed))
        if here > found:
            best, found = at, here
    return best


def _hits(text: str, needles: Sequence[str]) -> list[tuple[int, int]]:
    """Where the needles are, as positions in the text as it was written; longest first at one place."""
    if not any(pattern(needle).search(norm(text)) for needle in needles):
        return []
    normed, origin = _norm_with_origin(text)
    hits = []
    for needle in needles:
        for match in pattern(needle).finditer(normed):
            last = origin[match.end() - 1]
            hits.append((origin[match.start()], last + len(_unit_at(text, last))))
    return sorted(hits, key=lambda hit: (hit[0], -hit[1]))


def _unit_at(text: str, at: int) -> str:
    unit = _UNIT.match(text, at)
    return unit[0] if unit else ""


def _norm_with_origin(text: str) -> tuple[str, list[int]]:
    """`norm`, and for each of its characters the position it came from (good enough to mark by)."""
    normed, origin = text, list(range(len(text)))
    if not unicodedata.is_normalized("NFKC", text) or _UNSTORABLE.search(text):
        units = [(at.start(), unicodedata.normalize("NFKC", _UNSTORABLE.sub("", at[0]))) for at in _UNIT.finditer(text)]
        normed = "".join(folded for _, folded in units)
        origin = [at for at, folded in units for _ in folded]
    for rule in (_EMPHASIS, _WHITE, _GLUE, _LONG_SOUND):
        normed, origin = _squeeze(rule, normed, origin)
    lowered = normed.lower()
    if len(lowered) != len(normed):
        origin = [at for char, at in zip(normed, origin, strict=True) for _ in char.lower()]
        lowered = "".join(char.lower() for char in normed)
    return lowered.translate(_FOLD), origin


def _squeeze(rule: re.Pattern[str], text: str, origin: list[int]) -> tuple[str, list[int]]:
    """Apply one deleting rule to text and positions alike; white space leaves one character behind."""
    if not rule.search(text):
        return text, origin
    parts: list[str] = []
    kept: list[int] = []
    cursor = 0
    for match in rule.finditer(text):
        parts.append(text[cursor : match.start()])
        kept += origin[cursor : match.start()]
        if rule is _WHITE:
            parts.append("\n" if len(match[0].splitlines()) > 2 else " ")
            kept.append(origin[match.start()])
        cursor = match.end()
    return "".join([*parts, text[cursor:]]), kept + origin[cursor:]

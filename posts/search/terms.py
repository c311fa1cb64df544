"""Queries as text that links change: a facet clicked is an operator typed."""

import re

from posts.search.results import quoted

_CATEGORY = re.compile(r'(?:^|(?<=\s))in:\s*(?:"[^"]*"|\S+)')


def has(source: str, term: str) -> bool:
    return _at(term).search(source) is not None


def added(source: str, term: str) -> str:
    """With the operator at the end, where it narrows down all that stands before; one category replaces another."""
    if term.startswith("in:"):
        source = _CATEGORY.sub("", source)
    return " ".join(f"{source.strip()} {term}".split(" ")).strip() if source.strip() else term


def removed(source: str, term: str) -> str:
    return " ".join(part for part in _at(term).sub(" ", source).split(" ") if part)


def toggled(source: str, term: str) -> str:
    return removed(source, term) if has(source, term) else added(source, term)


def _at(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|(?<=\s)){re.escape(term)}(?=\s|$)", re.IGNORECASE)


def from_parameters(tag: str = "", user: str = "", category: str = "", kind: str = "", wip: str = "") -> list[str]:
    """The links of esa's pages say ?tag=…; they mean operators."""
    terms = [("tag:", tag), ("@", user.removeprefix("@")), ("in:", category.strip("/")), ("kind:", kind), ("wip:", wip)]
    return [key + quoted(value) for key, value in terms if value]

"""Saves whose answer was lost on the way: the editor asks again, and must meet neither a second post nor itself.

Each save has a random name. What it became is kept for a day; a later save tells the names that got no answer.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.core.cache import cache

from teams.models import Member

KEPT = 24 * 60 * 60


class Attempt(NamedTuple):
    """What became of a save: the post, and the revision whose text is exactly what was sent."""

    number: int
    revision: int


def remember(attempt: str, saved: Attempt, *, by: Member) -> None:
    if attempt:
        cache.set(_key(attempt, by), tuple(saved), KEPT)


def succeeded(attempts: Iterable[str], *, by: Member) -> Attempt | None:
    """The newest of these saves that did arrive."""
    found = cache.get_many([_key(attempt, by) for attempt in attempts]).values()
    return max((Attempt(*saved) for saved in found), default=None, key=lambda saved: saved.revision)


def _key(attempt: str, by: Member) -> str:
    return f"attempt:{by.pk}:{attempt}"

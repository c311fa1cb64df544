"""Searching as one of the cast."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from posts.search.results import Results
    from posts.tests.search.asking import Ask
    from teams.models import Member, Team


@pytest.fixture
def ask(alice: "Member") -> "Ask":
    """`ask("会議")` as alice; `ask("会議", by=bob)`; `ask("会議", by=carol, team=docs)`."""
    from posts.search.results import search
    from posts.tests.search.asking import request_of

    def asked(source: str, *, by: "Member | None" = alice, team: "Team | None" = None, **options: Any) -> "Results":
        return search(request_of(by, team), source, **options)

    return asked

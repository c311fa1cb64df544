"""How many queries a page takes."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries_of(client: Any, url: str) -> int:
    """Of the second request, when what is kept in memory for good is there."""
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def frame_queries(client: Any) -> int:
    """What every page of a team costs: who asks, and the frame. The page that asks before deleting has one of its own."""
    return queries_of(client, "/posts/1/delete") - 1

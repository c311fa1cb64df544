"""Whether esa is open, only to be read, or shut for maintenance: one row that every process looks at every few seconds."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import connection

OPEN, READ_ONLY, MAINTENANCE = "open", "read_only", "maintenance"
EFFECTIVE_WITHIN = 3.0  # seconds
USUAL = timedelta(minutes=2)

View = TypeVar("View", bound=Callable[..., Any])

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Condition:
    mode: str = OPEN
    message: str = ""
    until: datetime | None = None

    @property
    def writable(self) -> bool:
        return self.mode == OPEN

    @property
    def retry_after(self) -> float:
        """Seconds until it is worth coming again."""
        ahead = self.until - datetime.now(UTC) if self.until else USUAL
        return max(ahead.total_seconds(), 10)


_known = Condition()
_read_at = float("-inf")
_reading = threading.Lock()


def current() -> Condition:
    """What the environment says, else what the switch says; if the database does not answer, what it said last."""
    global _known, _read_at
    if settings.ESA_MAINTENANCE:
        return Condition(MAINTENANCE, settings.ESA_MAINTENANCE_MESSAGE)
    if settings.ESA_READ_ONLY:
        return Condition(READ_ONLY, settings.ESA_MAINTENANCE_MESSAGE)
    # One thread asks; the others go on with what is known, so a database that is slow or gone holds up nobody else.
    if time.monotonic() - _read_at > EFFECTIVE_WITHIN and _reading.acquire(blocking=False):
        try:
            _known = _read()
        except psycopg.errors.UndefinedTable:
            _known = Condition()  # not migrated yet
        except psycopg.Error as problem:
            logger.warning("cannot read the maintenance switch: %s", str(problem).strip().splitlines()[:1])
        finally:
            _read_at = time.monotonic()
            _reading.release()
    return _known


def writes_nothing(view: View) -> View:
    """For a view that takes POST only because its question is long: it goes on while esa can only be read."""
    view.writes_nothing = True  # type: ignore[attr-defined]
    return view


def forget() -> None:
    """Read anew at the next question: in the process that has just thrown the switch."""
    global _read_at
    _read_at = float("-inf")


def _read() -> Condition:
    """On a line of its own: the request's own may be in a transaction, and its queries are counted."""
    parameters: dict[str, Any] = connection.get_connection_params()
    keep = {key: parameters[key] for key in parameters if key not in {"cursor_factory", "context", "prepare_threshold"}}
    with psycopg.connect(**keep, autocommit=True) as line:
        row = line.execute("SELECT mode, message, until FROM esa_switch WHERE id = 1").fetchone()
    return Condition(*row) if row else Condition()

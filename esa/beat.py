"""Beat: starts what is due by the schedules in the database; of several beats only one does, and none while esa is not open."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from esa import condition

OURS = "esa: "
"""Schedules with this prefix are declared in the settings; others are the operators' own and are left alone."""

LOCK = 0x657361_62656174  # "esabeat"
WAIT = 5.0

logger = logging.getLogger(__name__)


@transaction.atomic
def sync_schedules(app: Celery) -> tuple[list[str], list[str]]:
    """Make the rows what is declared, keep whether an operator switched one off, and delete ours that are declared no more."""
    declared: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    for name, entry in declared.items():
        ModelEntry.from_entry(name, app=app, **entry)
    stale = PeriodicTask.objects.filter(name__startswith=OURS).exclude(name__in=declared)
    deleted = sorted(stale.values_list("name", flat=True))
    stale.delete()
    return sorted(declared), deleted


class Scheduler(DatabaseScheduler):
    """Holds a lock in PostgreSQL while it fires. Whoever dies gives it back with its connection, and the next one goes on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.line: psycopg.Connection[Any] | None = None
        super().__init__(*arguments, **options)

    def tick(self, *arguments: Any, **options: Any) -> float:
        (Path(tempfile.gettempdir()) / "esa-beat.alive").touch()
        try:
            if not condition.current().writable or not self.is_the_one():
                return WAIT
            return float(super().tick(*arguments, **options))
        except (DatabaseError, psycopg.Error) as problem:
            logger.warning("the database does not answer: %s", str(problem).strip().splitlines()[:1])
            connection.close()
            self.let_go()
            return WAIT

    def is_the_one(self) -> bool:
        if self.line:
            self.line.execute("SELECT 1")  # fails when the connection, and so the lock, is gone
            return True
        parameters = connection.get_connection_params()
        wanted = {key: parameters[key] for key in ("host", "port", "dbname", "user", "password") if key in parameters}
        line: psycopg.Connection[Any] = psycopg.connect(**wanted, connect_timeout=3, application_name="esa beat")
        # The transaction stays open and so does the lock, behind a pooler of connections, too. It has no snapshot
        # between its statements, so it holds back no vacuum.
        row = line.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
        if not row or not row[0]:
            line.close()
            logger.info("another beat is at work; waiting")
            return False
        self.line = line
        # What the other one did is in the tables. Read now, or the library makes its heap twice and fires the first entry twice.
        self._initial_read, self._schedule, self._heap = True, None, None
        logger.debug("%s schedules", len(self.schedule))
        self.schedule_changed()  # takes note of the last change, and so sees none that it has just read
        self._heap_invalidated = False
        logger.info("this beat is at work")
        return True

    def let_go(self) -> None:
        if self.line:
            self.line.close()
            self.line = None

    def close(self) -> None:
        super().close()
        self.let_go()

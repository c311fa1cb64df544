import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from esa import static_files

LOCK = 0x657361_6D6967  # "esamig"
LOCK_TIMEOUT = "15s"
PATIENCE = 30  # seconds that a database is given to come up


class Command(BaseCommand):
    help = "What `docker run IMAGE migrate` does: migrations, schedules, static files; one at a time, safe to repeat."

    def handle(self, *_arguments: object, **_options: object) -> None:
        with self._alone():
            with connection.cursor() as cursor:
                # A migration may take long, but may not stand in the way of everybody while it waits for its lock.
                cursor.execute("SET statement_timeout = 0")
                cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
            call_command("sync_schedules", stdout=self.stdout)
            if settings.S3_CREATE_BUCKET:
                for bucket in static_files.create_buckets():
                    self.stdout.write(f"created bucket {bucket}")
            if settings.S3_STATIC_BUCKET:
                uploaded, known = static_files.upload()
                self.stdout.write(f"{uploaded} static files uploaded, {known} were there")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A second release waits here until the first is done, and then finds nothing to do."""
        with self._line() as line:
            line.execute("SET statement_timeout = 0")
            row = line.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
            if not row or not row[0]:
                self.stdout.write("Another migrate is at work; waiting for it.")
                line.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            yield

    def _line(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of its own; a server that has been started together with us may take a moment."""
        parameters = connection.get_connection_params()
        wanted = {key: parameters[key] for key in ("host", "port", "dbname", "user", "password") if key in parameters}
        patient_until = time.monotonic() + PATIENCE
        told = False
        while True:
            try:
                return psycopg.connect(**wanted, connect_timeout=10)
            except psycopg.OperationalError as problem:
                reason = str(problem).strip().splitlines()[0]
            if time.monotonic() >= patient_until:
                raise CommandError(f"The database does not let us in: {reason}")
            if not told:
                self.stdout.write(f"The database does not let us in yet, trying for {PATIENCE} s: {reason}")
                self.stdout.flush()
                told = True
            time.sleep(1)

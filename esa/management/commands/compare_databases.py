"""`manage.py compare_databases`: proves that the database that esa moved to holds what the old one held."""

import time
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from esa import environment as env
from esa.database_comparison import Side, compare

DIFFERENT, IMPOSSIBLE = 1, 2


class Command(BaseCommand):
    """Compares rows, sequences, indexes, constraints, extensions and collation of two databases."""

    help = "Compare two PostgreSQL databases; ends with 0 when they are equal, 1 when not, 2 when it cannot tell."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="", help="the old database's address (SOURCE_DATABASE_URL)")
        parser.add_argument("--target", default="", help="the new one's (DATABASE_URL)")
        parser.add_argument(
            "--exclude", action="append", default=[], metavar="TABLE", help="leave out; * stands for anything"
        )
        parser.add_argument(
            "--show", type=int, default=5, metavar="ROWS", help="how many differing rows of a table to name (5)"
        )

    def handle(self, *, source: str, target: str, exclude: list[str], show: int, **options: Any) -> None:
        began = time.monotonic()
        sides: list[Side] = []
        try:
            for label, url, variable in (("source", source, "SOURCE_DATABASE_URL"), ("target", target, "DATABASE_URL")):
                if not (address := url or env.text(variable)):
                    raise CommandError(f"Give the {label} with --{label} or {variable}.", returncode=IMPOSSIBLE)
                sides.append(Side.open(label, address))
            say = self.stdout.write if options["verbosity"] else lambda text: None
            findings = compare(*sides, exclude=exclude, show=show, say=say)
        except psycopg.Error as problem:
            raise CommandError(
                f"The databases cannot be compared: {str(problem).strip()}", returncode=IMPOSSIBLE
            ) from None
        finally:
            for side in sides:
                side.close()
        for note in findings.notes:
            self.stdout.write(f"note: {note}")
        for difference in findings.differences:
            self.stdout.write(self.style.ERROR(f"different: {difference}"))
        seconds = time.monotonic() - began
        if not findings.equal:
            raise CommandError(f"The databases are NOT equal ({seconds:.1f} s).", returncode=DIFFERENT)
        self.stdout.write(self.style.SUCCESS(f"The databases are equal: {findings.rows} rows in {seconds:.1f} s."))

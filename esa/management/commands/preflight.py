import difflib
import os
import platform

import django
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from esa.environment import KNOWN
from esa.migration_risks import risks_of

PREFIXES = ("ESA_", "S3_", "CLOUDFRONT_", "DATABASE_", "WEB_", "WORKER_", "BACKUP_", "SENTRY_", "LOG_")
OLDEST_POSTGRESQL = 15


class Command(BaseCommand):
    help = "Before an upgrade: versions, settings that nobody reads, and what the waiting migrations would lock for how long."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--strict", action="store_true", help="end with 1 when there is something to look at")

    def handle(self, *_arguments: object, strict: bool, **_options: object) -> None:
        concerns = self._versions() + self._settings() + self._migrations()
        self.stdout.write("Nothing to look at." if not concerns else f"{concerns} to look at.")
        if strict and concerns:
            raise SystemExit(1)

    def _versions(self) -> int:
        self.stdout.write(f"Python {platform.python_version()}, Django {django.get_version()}")
        try:
            connection.ensure_connection()
        except DatabaseError as problem:
            self.stdout.write(f"! PostgreSQL does not answer: {str(problem).strip().splitlines()[-1]}")
            return 1
        version = connection.cursor().connection.info.server_version
        old = version < OLDEST_POSTGRESQL * 10_000
        self.stdout.write(f"{'! ' if old else ''}PostgreSQL {version // 10_000}.{version % 10_000}")
        return int(old)

    def _settings(self) -> int:
        """Names that look like ours and are not read by anybody: misspelt, or of another version."""
        unknown = sorted(name for name in os.environ if name not in KNOWN and self._looks_like_ours(name))
        for name in unknown:
            near = difflib.get_close_matches(name, KNOWN, 1, 0.7)
            self.stdout.write(f"! {name} is set, and esa has no such setting{f'; {near[0]}?' if near else '.'}")
        return len(unknown)

    def _looks_like_ours(self, name: str) -> bool:
        # What most environments hold (PATH, HOSTNAME) is near to nothing of ours at this closeness.
        return name.startswith(PREFIXES) or bool(difflib.get_close_matches(name, KNOWN, 1, 0.88))

    def _migrations(self) -> int:
        try:
            executor = MigrationExecutor(connection)
        except DatabaseError:
            return 0
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not plan:
            self.stdout.write("No migration waits.")
        concerns = 0
        state = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
        for migration, _backwards in plan:
            self.stdout.write(f"{migration.app_label}.{migration.name} waits")
            for risk in risks_of(migration, state):
                long = f", about {risk.seconds:.0f} s" if risk.seconds >= 1 else ""
                lock = f"locks {risk.table} against {risk.locks}" if risk.table else f"locks {risk.locks}"
                note = f" ({risk.note})" if risk.note else ""
                concerns += bool(risk.note) or risk.seconds >= 1
                self.stdout.write(f"  {'! ' if risk.note or long else ''}{risk.operation}: {lock}{long}{note}")
            state = migration.mutate_state(state, preserve=False)
        return concerns

"""Rebuild the search index while people go on searching."""

import time
from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from posts.search import index


class Command(BaseCommand):
    help = "Write search rows that are missing or made by older rules; --all writes every row anew. Can be stopped and run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="also rows that are up to date")
        parser.add_argument(
            "--before", metavar="TIME", help="also rows written before this time: goes on with a stopped --all"
        )
        parser.add_argument("--batch", type=int, default=100, help="posts per transaction (100)")

    def handle(self, *args: object, **options: object) -> None:
        before = self._before(options)
        total, done, began = index.outdated(before=before).count(), 0, time.monotonic()
        self.stdout.write(f"{total} posts to index")
        try:
            for count in index.rebuild(before=before, batch=max(1, int(str(options["batch"])))):
                done += count
                self._progress(done, total, time.monotonic() - began)
        except KeyboardInterrupt:
            again = f" --before {before.isoformat()}" if before else ""
            raise CommandError(f"stopped after {done} of {total} posts; go on with: manage.py reindex{again}") from None
        self.stdout.write(self.style.SUCCESS(f"indexed {done} posts in {time.monotonic() - began:.1f} s"))

    def _before(self, options: dict[str, object]) -> datetime | None:
        if options["before"]:
            try:
                moment = parse_datetime(str(options["before"]))
            except ValueError:
                moment = None
            if moment is None:
                raise CommandError("--before takes a time such as 2026-01-02T12:34:56+00:00")
            return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        return timezone.now() if options["all"] else None

    def _progress(self, done: int, total: int, seconds: float) -> None:
        rate = done / seconds if seconds else 0
        left = (total - done) / rate if rate else 0
        self.stdout.write(f"{done} / {total} ({rate:.0f} per second, {max(left, 0):.0f} s left)")

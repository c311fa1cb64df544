"""`manage.py seed`: a demo team worth clicking through, when the installation has no team yet."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from posts import demo
from teams.models import Team


class Command(BaseCommand):
    help = "Make a demo team of four people with documents in Japanese and English. Does nothing where a team exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", default="docs", help="the team's name (docs)")
        parser.add_argument("--force", action="store_true", help="also where there are teams already")
        parser.add_argument("--if-empty", action="store_true", help="end well where there are teams already")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and Team.objects.exists():
            self.stdout.write("There are teams already; nothing is seeded.")
            return
        if Team.objects.filter(name=options["team"]).exists():
            raise CommandError(f"There is a team “{options['team']}” already.")
        if Team.objects.exists() and not options["force"]:
            raise CommandError("There are teams already; say --force to make a demo team beside them.")
        if not settings.DEBUG and not options["force"]:
            raise CommandError("The demo accounts have a known password; in production say --force if you mean it.")
        team = demo.seed(
            options["team"], lambda text: self.stderr.write(f"  {text}") if options["verbosity"] > 1 else None
        )
        self.stdout.write(f"{team.posts.count()} posts in {team.url()}")
        self._tell_launcher()
        for account in demo.accounts():
            self.stdout.write(f"  {account['email']}  {account['password']}  {account['role']}")

    def _tell_launcher(self) -> None:
        """`make run` prints the sign-ins from this file; elsewhere there may be nowhere to write, and nobody to read."""
        file = Path(settings.MEDIA_ROOT).parent / "demo.json"
        if settings.DEBUG and os.access(file.parent, os.W_OK):
            try:
                file.write_text(json.dumps(demo.accounts()), encoding="utf-8")
            except OSError as problem:
                self.stderr.write(f"{file} could not be written: {problem.strerror}")

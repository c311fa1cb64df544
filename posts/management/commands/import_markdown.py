"""`manage.py import_markdown TEAM FOLDER`: bring a tree of Markdown files in; safe to repeat."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from posts.folder_import import FolderImport, Report
from teams.models import Team


class Command(BaseCommand):
    help = (
        "Bring a folder of Markdown files into a team. Folders become categories; title, tags, category, wip, dates and "
        "author of the front matter are honoured; links between files become post links. Run it again to bring changes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("team", help="the team's name, e.g. docs")
        parser.add_argument("folder", type=Path)
        parser.add_argument("--under", default="", help="the category that everything goes below, e.g. Imports/Wiki")
        parser.add_argument("--by", default="", help="screen name of the member who imports (esa_bot otherwise)")
        parser.add_argument(
            "--source", default="", help="a name for this folder (its own otherwise), to recognise it again"
        )
        parser.add_argument(
            "--wip", action="store_true", help="import everything as WIP, whatever the front matter says"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(name=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team “{options['team']}”.")
        if not options["folder"].is_dir():
            raise CommandError(f"{options['folder']} is not a folder.")
        by = team.members.active().named(options["by"]).first() if options["by"] else None
        if options["by"] and by is None:
            raise CommandError(f"“{options['by']}” is not a member of {team.name}.")
        job = FolderImport(
            team, options["folder"], by=by, under=options["under"], source=options["source"], wip=options["wip"] or None
        )
        try:
            report = job.run(self._progress)
        except KeyboardInterrupt:
            self._tell(job.report)
            raise CommandError("Interrupted. Run it again: it goes on where it stopped.", returncode=130) from None
        self._tell(report)
        if report.refused:
            raise CommandError(f"{len(report.refused)} files could not be imported.")

    def _progress(self, done: int, of: int, path: str) -> None:
        if sys.stderr.isatty():
            filled = round(30 * done / of)
            bar = "█" * filled + "░" * (30 - filled)
            self.stderr.write(f"\r\033[K{bar} {done}/{of} {_printable(path)[-60:]}", ending="")
            self.stderr.flush()
        elif done % 100 == 0 or done == of:
            self.stderr.write(f"{done}/{of}")

    def _tell(self, report: Report) -> None:
        if sys.stderr.isatty():
            self.stderr.write("", ending="\r\033[K")
        self._say(
            f"{report.created} created, {report.updated} updated ({report.merged} merged with people's changes), "
            f"{report.unchanged} unchanged, {len(report.refused)} refused"
        )
        for path, reason in report.refused.items():
            self._say(f"  refused  {path}: {reason}")
        for path, reason in report.left.items():
            self._say(f"  passed over  {path}: {reason}")
        for path, number in report.gone.items():
            self._say(f"  no longer in the folder  {path}: post {number} stays")
        for path, notes in report.notes.items():
            self._say(f"  front matter  {path}: {', '.join(notes)}")
        for path, links in report.lost_links.items():
            self._say(f"  no such place  {path} → {_some(links)}")
        for path, pictures in report.pictures.items():
            self._say(f"  picture stays behind  {path} → {_some(pictures)}")
        for author, count in report.unknown_authors.most_common():
            self._say(f"  not a member  {author} ({count})")
        for what, counted in (
            ("notation that stays as text", report.strange),
            ("front matter that means nothing here", report.ignored),
            ("files of other kinds", report.other_files),
        ):
            if counted:
                self._say(f"  {what}  {', '.join(f'{name} ({count})' for name, count in counted.most_common(20))}")

    def _say(self, line: str) -> None:
        self.stdout.write(_printable(line))


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''}"


def _printable(text: str) -> str:
    """Names of files can hold anything: line breaks, escapes for the terminal, bytes that are no UTF-8."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown.encode(errors="backslashreplace").decode()

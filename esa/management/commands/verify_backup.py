from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from esa import backup


class Command(BaseCommand):
    help = "Prove a backup: restore it into a scratch database, compare every table's rows, and read every file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="the newest, if none is named")
        parser.add_argument("--from", dest="source", default=settings.BACKUP_TO, help="where backups are (BACKUP_TO)")

    def handle(self, *_arguments: object, name: str, source: str, **_options: object) -> None:
        try:
            target = backup.target(source)
            rows = backup.prove(target, name or backup.newest(target))
        except backup.Trouble as trouble:
            raise CommandError(str(trouble)) from None
        self.stdout.write(f"Restored and the same: {len(rows)} tables, {sum(rows.values())} rows, every file.")

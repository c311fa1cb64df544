from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from esa import backup


class Command(BaseCommand):
    help = "Restore a backup into an empty database and an empty media storage; then run migrate."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="the newest, if none is named")
        parser.add_argument("--from", dest="source", default=settings.BACKUP_TO, help="where backups are (BACKUP_TO)")

    def handle(self, *_arguments: object, name: str, source: str, **_options: object) -> None:
        try:
            restored = backup.restore(backup.target(source), name)
        except backup.Trouble as trouble:
            raise CommandError(str(trouble)) from None
        self.stdout.write(f"Restored {restored}. Now run migrate, if this esa is newer than the backup, then web.")

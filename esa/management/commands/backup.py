from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from esa import backup


class Command(BaseCommand):
    help = "Back up the database and every file, to a folder or to s3://BUCKET/PREFIX."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", default=settings.BACKUP_TO, help="a folder or s3://BUCKET/PREFIX (BACKUP_TO)")
        parser.add_argument("--keep", type=int, default=0, help="delete all but so many of the newest afterwards")

    def handle(self, *_arguments: object, to: str, keep: int, **_options: object) -> None:
        try:
            target = backup.target(to)
            name = backup.make(target)
            deleted = backup.prune(target, keep) if keep else []
        except backup.Trouble as trouble:
            raise CommandError(str(trouble)) from None
        self.stdout.write(f"{target.location}/{name}")
        for old in deleted:
            self.stdout.write(f"deleted {old}")

from django.core.management.base import BaseCommand

from esa.beat import sync_schedules
from esa.celery import app


class Command(BaseCommand):
    help = "Make the schedules in the database what the settings declare; ours that are declared no more are deleted."

    def handle(self, *_arguments: object, **_options: object) -> None:
        declared, deleted = sync_schedules(app)
        self.stdout.write(f"{len(declared)} schedules declared, {len(deleted)} deleted")
        for name in deleted:
            self.stdout.write(f"  deleted {name!r}")

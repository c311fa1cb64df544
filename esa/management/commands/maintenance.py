from datetime import timedelta

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from esa import condition, hosts
from esa.middleware import Gate
from esa.models import Switch

MODES = {"on": condition.MAINTENANCE, "read-only": condition.READ_ONLY, "off": condition.OPEN}


class Command(BaseCommand):
    help = (
        "Shut esa for everybody (on), or for writing (read-only), and open it (off): within seconds, on every process."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=[*MODES, "status", "bypass"])
        parser.add_argument("--message", default="", help="what people read instead of our own words")
        parser.add_argument("--minutes", type=int, default=0, help="how long it will take: Retry-After")

    def handle(self, *_arguments: object, what: str, message: str, minutes: int, **_options: object) -> None:
        if what in MODES:
            until = timezone.now() + timedelta(minutes=minutes) if minutes else None
            Switch.throw(MODES[what], message=message, until=until)
        if what != "bypass":
            self.stdout.write(condition.current().mode.replace("_", "-"))
        if what in {"on", "bypass"}:
            self.stdout.write(f"Operators get in for twelve hours by {hosts.base_url(Gate.bypass())}")

"""Prints an access token for somebody; for operators who set up programs."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from teams.models import AccessToken, User


class Command(BaseCommand):
    help = "Prints an access token for a person. It is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", help="e-mail address or screen name")
        parser.add_argument("--name", default="made by an operator")
        parser.add_argument(
            "--scopes", default="read write", help='"read write", or "read:post write:post …" with --team'
        )
        parser.add_argument(
            "--team", action="append", default=[], help="for a fine token: a team it may enter; repeatable"
        )
        parser.add_argument("--days", type=int, help="after how many days it ends; without, never")

    def handle(self, *args: Any, **options: Any) -> None:
        person = options["person"]
        user = User.objects.filter(Q(email__iexact=person) | Q(screen_name__iexact=person), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody here has the e-mail address or screen name {person}.")
        members = list(user.memberships.active().for_display().filter(team__name__in=options["team"]))
        if missing := set(options["team"]) - {member.team.name for member in members}:
            raise CommandError(f"{person} is not in the team {', '.join(sorted(missing))}.")
        try:
            _token, secret = AccessToken.make(
                user,
                name=options["name"],
                granted=options["scopes"].split(),
                generation="v2" if members else "v1",
                expires_at=timezone.now() + timedelta(days=options["days"]) if options["days"] else None,
                members=members,
            )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        self.stdout.write(secret)

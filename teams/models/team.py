"""The tenant: everything that a team has hangs on its row."""

import secrets
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from esa import hosts

if TYPE_CHECKING:
    from teams.models.member import Member
    from teams.models.user import User


def validate_team_name(name: str) -> None:
    if not hosts.TEAM_NAME.fullmatch(name) or "--" in name:
        raise ValidationError(
            _("Use 2 to 32 lower-case letters, digits and hyphens; begin and end with a letter or digit."), "invalid"
        )
    if name in hosts.RESERVED:
        raise ValidationError(_("This name is reserved; choose another."), "reserved")


def new_invitation_code() -> str:
    return f"member-{secrets.token_hex(16)}"


class Team(models.Model):
    class Privacy(models.TextChoices):
        CLOSED = "closed", _("Closed: members only")
        OPEN = "open", _("Open: everyone reads what is shipped")

    name = models.CharField(
        _("name"), max_length=32, unique=True, validators=[validate_team_name], help_text=_("The team's address.")
    )
    description = models.CharField(_("description"), max_length=200, blank=True)
    privacy = models.CharField(_("privacy"), max_length=8, choices=Privacy.choices, default=Privacy.CLOSED)
    icon = models.FileField(_("icon"), upload_to="uploads/teams/", blank=True)
    invitation_code = models.CharField(max_length=64, unique=True, default=new_invitation_code)
    last_post_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    @transaction.atomic
    def found(cls, *, by: "User", name: str, **fields: str) -> "Team":
        """Make a team; whoever makes it is its first owner."""
        from teams.models.member import Member

        team = cls(name=name, **fields)
        team.full_clean()
        team.save()
        owner = team.members.create(user=by, role=Member.Role.OWNER)
        team.bot  # noqa: B018  # esa_bot is in every team from the start
        owner.record("join", by=owner)
        return team

    @property
    def open(self) -> bool:
        return self.privacy == self.Privacy.OPEN

    def url(self, path: str = "/") -> str:
        return hosts.team_url(self.name, path)

    @property
    def invitation_url(self) -> str:
        return self.url(f"/team/invitations/{self.invitation_code}")

    def regenerate_invitation(self) -> None:
        """Give out a new shared invitation address; the old one is dead from now on."""
        self.invitation_code = new_invitation_code()
        self.save(update_fields=["invitation_code", "updated_at"])

    @property
    def bot(self) -> "Member":
        """esa_bot, the author of what no person wrote."""
        bot, _created = self.members.get_or_create(user=None, screen_name="esa_bot", defaults={"name": "esa_bot"})
        return bot

    def next_post_number(self) -> int:
        """Hand out 1, 2, 3… per team; the row lock makes writers queue up."""
        Team.objects.filter(pk=self.pk).update(last_post_number=F("last_post_number") + 1)
        self.refresh_from_db(fields=["last_post_number"])
        return self.last_post_number

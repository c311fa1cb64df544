"""Invitations by e-mail: one address, one code, some days; and the team's shared address (Team.invitation_url)."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from teams.models.member import Member

if TYPE_CHECKING:
    from teams.models.user import User

VALIDITY = timedelta(days=14)


def new_code() -> str:
    return f"m{secrets.token_hex(16)}"


def default_expiry() -> datetime:
    return timezone.now() + VALIDITY


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> Self:
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="invitations")
    email = models.EmailField()
    code = models.CharField(max_length=64, unique=True, default=new_code)
    invited_by = models.ForeignKey("teams.Member", models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=default_expiry)
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "team", Lower("email"), condition=models.Q(accepted_at=None), name="one_open_invitation_per_email"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.team}"

    @property
    def url(self) -> str:
        return self.team.url(f"/team/invitations/{self.code}/join")

    @transaction.atomic
    def accept(self, *, by: "User") -> Member:
        """Let the person in; a code lets one person in once."""
        self.accepted_at = timezone.now()
        self.save(update_fields=["accepted_at"])
        return Member.join(self.team, by)

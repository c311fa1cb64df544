"""Invitations by e-mail: one address, one code, some days; and the team's shared address (Team.invitation_url)."""

import logging
import secrets
import smtplib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.db.models.functions import Lower
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.models.event import Event, Eventful
from teams.models.member import Member

if TYPE_CHECKING:
    from teams.models.team import Team
    from teams.models.user import User

logger = logging.getLogger(__name__)

VALIDITY = timedelta(days=14)


def new_code() -> str:
    return f"m{secrets.token_hex(16)}"


def default_expiry() -> datetime:
    return timezone.now() + VALIDITY


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> Self:
        """Those that still open the door: an invitation ends with the membership of whoever gave it."""
        return self.filter(
            accepted_at=None,
            expires_at__gt=timezone.now(),
            invited_by__left_at=None,
            invited_by__user__is_active=True,
            team__deleted_at=None,
        )


class Invitation(Eventful, models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="invitations")
    email = models.EmailField()
    code = models.CharField(max_length=64, unique=True, default=new_code)
    invited_by = models.ForeignKey("teams.Member", models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=default_expiry)
    accepted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

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

    @classmethod
    def make(cls, team: "Team", email: str, *, by: Member) -> "Invitation":
        """Invite an address, or invite it again: then with a new code and the time starting anew."""
        fresh = {"code": new_code(), "expires_at": default_expiry(), "invited_by": by, "sent_at": None}
        invitation, _created = cls.objects.update_or_create(
            team=team, email=email, accepted_at=None, defaults=fresh, create_defaults=fresh
        )
        invitation.record("create", by=by, quiet=True)
        return invitation

    @transaction.atomic
    def accept(self, *, by: "User") -> Member:
        """Let the person in; a code lets one person in once, and whoever is in already does not use it up."""
        member = self.team.members.active().filter(user=by).first()
        if member:
            return member
        invitation = Invitation.objects.select_for_update(of=("self",)).pending().filter(pk=self.pk).first()
        if not invitation:
            raise ValidationError(gettext_lazy("This invitation has been used or is no longer valid."), "used")
        self.accepted_at = invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        return Member.join(self.team, by)

    def react(self, event: Event) -> None:
        """Mail the link, once, in the words of whoever invites. Mail that cannot go out now is tried again with the event."""
        if self.sent_at or not Invitation.objects.pending().filter(pk=self.pk).exists():
            return
        try:
            self._message().send()
        except smtplib.SMTPRecipientsRefused as problem:
            logger.warning("invitation %s: the address was refused: %s", self.pk, problem)
        self.sent_at = timezone.now()
        self.save(update_fields=["sent_at"])

    def _message(self) -> EmailMessage:
        host = self.invited_by
        about = {"invitation": self, "team": self.team, "host": host, "url": self.url}
        with translation.override(host.user.language if host.user and host.user.language else None):
            subject = _("%(name)s invites you to the team %(team)s") % {"name": host, "team": self.team}
            body = render_to_string("mail/invitation.txt", about)
        return EmailMessage(" ".join(subject.split()), body, to=[self.email])

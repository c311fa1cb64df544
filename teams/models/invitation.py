"""Invitations by e-mail: one address, one code, some days; and the team's shared address (Team.invitation_url)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.models.event import Event, Eventful
from teams.models.mailing import Mailing, in_their_words
from teams.models.member import Member

if TYPE_CHECKING:
    from teams.models.team import Team
    from teams.models.user import User

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

    @property
    def holds(self) -> bool:
        """Whether it still opens the door."""
        return Invitation.objects.pending().filter(pk=self.pk).exists()

    def note_sent(self, at: datetime) -> None:
        Invitation.objects.filter(pk=self.pk, sent_at=None).update(sent_at=at)

    def react(self, event: Event) -> None:
        """Put the link into the outbox of mail, once for each code, in the words of whoever invites."""
        if self.sent_at or not self.holds:
            return
        self.mailings.waiting().exclude(key=self._key).delete()  # an older code opens nothing
        host = self.invited_by
        with in_their_words(host.user):
            subject = _("%(name)s invites you to the team %(team)s") % {"name": host, "team": self.team}
        about = {"invitation": self, "host": host, "url": self.url}
        Mailing.write(host, key=self._key, template="invitation", about=about, subject=subject, invitation=self)

    @property
    def _key(self) -> str:
        """Not the code itself: the key becomes the Message-ID, which mail servers write into their logs."""
        return f"invitation:{self.pk}:{hashlib.sha256(self.code.encode()).hexdigest()[:24]}"

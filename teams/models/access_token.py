"""Access tokens: how a program speaks for a person. A team decides how far it lets them in, and keeps a log of it."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from celery import shared_task
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from esa.prepared import Prepared
from teams import scopes
from teams.models.event import Event, Eventful

if TYPE_CHECKING:
    from teams.models.event import Hearers
    from teams.models.member import Member
    from teams.models.team import Team
    from teams.models.user import User

PREFIX = "ep2_"
USE_RESOLUTION = timedelta(minutes=5)
"""How exactly the last use is known; finer would cost a write on every request."""

KEPT = timedelta(days=180)
"""How long the log of API requests is kept."""


@dataclass(frozen=True)
class Access:
    """What a token may do in one team: each set of scopes has to cover it, and the post lies in one of the categories.

    `categories` is None where all are open; an empty list opens none.
    """

    scopes: tuple[frozenset[str], ...] = ()
    categories: tuple[str, ...] | None = None
    refusal: str = "Forbidden"

    def allows(self, wanted: str) -> bool:
        return bool(self.scopes) and all(scopes.covers(granted, wanted) for granted in self.scopes)


def legacy_access(team: "Team", granted: frozenset[str]) -> Access:
    """For personal tokens of the first generation and for OAuth applications: what the team lets in."""
    match team.legacy_api:
        case team.LegacyApi.ALLOW:
            return Access((granted,))
        case team.LegacyApi.READ_ONLY:
            return Access((scopes.reading(granted),), refusal="Forbidden: this team lets this kind of token only read")
    return Access(refusal="Forbidden: this team does not allow this kind of token")


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def of_secret(self, secret: str) -> "AccessToken | None":
        """The one with this secret, while it opens the door."""
        token: AccessToken | None = _of_digest.first(digest_of(secret))
        return token if token and not token.expired else None


_of_digest = Prepared(
    lambda digest: AccessToken.objects.select_related("user").filter(digest=digest, user__is_active=True)[:1]
)


def digest_of(secret: str) -> str:
    """Secrets are 256 random bits, so a plain hash keeps them as well as a slow one would."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class AccessToken(models.Model):
    class Generation(models.TextChoices):
        V1 = "v1", _("Simple: all my teams")
        V2 = "v2", _("Fine: chosen teams and rights")

    user = models.ForeignKey("teams.User", models.CASCADE, related_name="access_tokens")
    name = models.CharField(_("name"), max_length=80)
    generation = models.CharField(max_length=2, choices=Generation.choices, default=Generation.V1)
    digest = models.CharField(max_length=64, unique=True)  # of the secret, which is shown once and kept nowhere
    hint = models.CharField(max_length=12)  # its last letters, by which its owner tells it from others
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = AccessTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    @classmethod
    @transaction.atomic
    def make(
        cls,
        user: "User",
        *,
        name: str,
        granted: Iterable[str],
        generation: str = Generation.V1,
        expires_at: datetime | None = None,
        members: "Iterable[Member]" = (),
        reason: str = "",
    ) -> "tuple[AccessToken, str]":
        """A token and its secret, which nobody can read again. One of the second generation asks its teams for access."""
        fine = generation == cls.Generation.V2
        try:
            parsed = scopes.parse(granted)
        except scopes.UnknownScope:
            raise ValidationError(_("Choose at least one right of this kind of token."), "scopes") from None
        if fine == bool(parsed & set(scopes.LEGACY)):
            raise ValidationError(_("Choose at least one right of this kind of token."), "scopes")
        chosen = list(members)
        if fine and not chosen:
            raise ValidationError(_("Choose at least one team."), "teams")
        if any(member.user_id != user.pk or not member.active for member in chosen):
            raise ValidationError(_("Choose teams that you are in."), "teams")
        secret = f"{PREFIX if fine else ''}{secrets.token_hex(32)}"
        token = cls.objects.create(
            user=user,
            name=name,
            generation=generation,
            digest=digest_of(secret),
            hint=secret[-4:],
            scopes=sorted(parsed),
            expires_at=expires_at,
        )
        for member in chosen:
            token.grants.create(member=member, reason=reason).ask()
        return token, secret

    @property
    def fine(self) -> bool:
        return self.generation == self.Generation.V2

    @property
    def kind(self) -> str:
        """What the log of API requests calls it."""
        return f"token {self.generation}"

    @property
    def granted(self) -> frozenset[str]:
        return frozenset(self.scopes)

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def access_to(self, member: "Member") -> Access | None:
        """What it may do in the team of one of its person's memberships; None where it was not made for that team."""
        team = member.team
        if not self.fine:
            return legacy_access(team, self.granted)
        grant = self.grants.select_related("policy").filter(member=member).first()
        return grant.access(team, self.granted) if grant else None

    def reach(self, members: "list[Member]") -> "list[Member]":
        """Those memberships whose team lets this token do anything, in a fixed number of queries."""
        grants = {grant.member_id: grant for grant in self.grants.select_related("policy")} if self.fine else {}
        reached = []
        for member in members:
            if not self.fine:
                access: Access | None = legacy_access(member.team, self.granted)
            else:
                grant = grants.get(member.pk)
                access = grant.access(member.team, self.granted) if grant else None
            if access and access.scopes:
                reached.append(member)
        return reached

    def touch(self) -> None:
        """Note the use, at most once in USE_RESOLUTION, without a lock."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USE_RESOLUTION:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
            self.last_used_at = now

    def revoke(self) -> None:
        """End it; the very next request with it is refused."""
        self.delete()


class AccessPolicy(models.Model):
    """What a team's owners allow a token of the second generation: rights, and with a list, only these categories."""

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="access_policies")
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    scopes = ArrayField(models.CharField(max_length=32))
    listed_only = models.BooleanField(_("only the listed categories"), default=False)
    categories = ArrayField(models.CharField(max_length=300), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_access_policy_per_name")]
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def open_categories(self) -> tuple[str, ...] | None:
        return tuple(self.categories) if self.listed_only else None


class TokenGrantQuerySet(models.QuerySet["TokenGrant"]):
    def for_display(self) -> Self:
        return self.select_related("token", "member__user", "member__team", "policy")

    def waiting(self) -> Self:
        return self.filter(decision="")


class TokenGrant(Eventful):
    """A token of the second generation at the door of one team."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    token = models.ForeignKey(AccessToken, models.CASCADE, related_name="grants")
    # The membership, not the team: who leaves and comes back asks anew (Member.leave).
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="token_grants")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decision = models.CharField(max_length=8, choices=Decision.choices, blank=True)
    # With its policy a token loses the team; without one it must never have more.
    policy = models.ForeignKey(AccessPolicy, models.CASCADE, null=True, blank=True, related_name="grants")
    decided_by = models.ForeignKey("teams.Member", models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TokenGrantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "member"], name="one_grant_per_token_and_member")]

    def __str__(self) -> str:
        return f"{self.token} → {self.member_id}"

    @property
    def team(self) -> "Team":
        return self.member.team

    @property
    def waiting(self) -> bool:
        return self.team.token_api == self.team.TokenApi.APPROVAL and not self.decision

    def ask(self) -> None:
        """Tell the owners, where the team wants them to decide."""
        if self.waiting:
            self.record("request", by=self.member)

    def approve(self, policy: AccessPolicy, *, by: "Member") -> None:
        """Let it in, as far as the policy goes."""
        if policy.team_id != self.member.team_id:
            raise ValidationError(_("Choose a policy of this team."), "policy")
        self._decide(self.Decision.APPROVED, policy, by)

    def refuse(self, *, by: "Member") -> None:
        """Keep it out; also what was approved before."""
        self._decide(self.Decision.REFUSED, None, by)

    def access(self, team: "Team", granted: frozenset[str]) -> Access:
        if team.token_api == team.TokenApi.DENY:
            return Access(refusal="Forbidden: this team does not allow this kind of token")
        if self.decision == self.Decision.REFUSED:
            return Access(refusal="Forbidden: an owner of the team refused this token")
        if team.token_api == team.TokenApi.APPROVAL and self.decision != self.Decision.APPROVED:
            return Access(refusal="Forbidden: this token waits for the approval of an owner of the team")
        if self.policy is None:
            return Access((granted,))
        return Access((granted, frozenset(self.policy.scopes)), self.policy.open_categories)

    # --- In notices: Eventful -----------------------------------------------------------------------------------------

    def hearers_of(self, event: Event) -> "list[Hearers]":
        return [("access", self.team.members.owners())] if self.waiting else []

    @property
    def title_in_notices(self) -> str:
        return str(self.token)

    def address_in_notices(self) -> str:
        return reverse("api_settings")

    def excerpt_of(self, event: Event, *, whole: bool = False) -> str:
        return self.reason

    @classmethod
    def for_notices(cls) -> "models.QuerySet[TokenGrant]":
        return cls._base_manager.select_related("token", "member__team")

    def _decide(self, decision: str, policy: AccessPolicy | None, by: "Member") -> None:
        self.decision, self.policy, self.decided_by, self.decided_at = decision, policy, by, timezone.now()
        self.save(update_fields=["decision", "policy", "decided_by", "decided_at"])


class ApiCall(models.Model):
    """One request to the API, for the team's owners: who, with which token, asked for what, and what came of it."""

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="api_calls")
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="+")
    token_kind = models.CharField(max_length=16)
    token_name = models.CharField(max_length=120)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=500)  # without the query, where a token may be
    status = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["team", "-id"], name="api_call_timeline"),
            models.Index(fields=["created_at"], name="api_call_age"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"

    @classmethod
    def forget_old(cls) -> None:
        cls.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


@shared_task
def forget_old_api_calls() -> None:
    ApiCall.forget_old()

"""A person in a team, with a role: the actor of everything, and the author of what they wrote after they left."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from esa import condition, hosts
from esa.prepared import Prepared
from teams.models.event import Event, Eventful
from teams.models.notification import COUNTED
from teams.models.webhook import webhooks_left_by

if TYPE_CHECKING:
    from teams.models.event import Hearers
    from teams.models.team import Team
    from teams.models.user import User

ACCESS_RESOLUTION = timedelta(minutes=10)
"""How exactly the last access is known; finer would cost a write on every page."""


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> Self:
        """Those who are in the team today; leavers and esa_bot are not."""
        return self.filter(left_at=None, user__is_active=True)

    def owners(self) -> Self:
        return self.active().filter(role=Member.Role.OWNER)

    def for_display(self) -> Self:
        return self.select_related("user", "team")

    def with_seen_posts(self, seen: Q | None = None) -> Self:
        """With the number of their posts as `seen_posts`, or of some only, for whoever may not know of all."""
        return self.annotate(seen_posts=F("posts_count") if seen is None else Count("posts", filter=seen))

    def named(self, screen_name: str) -> Self:
        return self.filter(Q(user__screen_name__iexact=screen_name) | Q(user=None, screen_name__iexact=screen_name))


class Member(Eventful, models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MEMBER = "member", _("Member")

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="members")
    # Null for esa_bot, and once the account is gone; then screen_name and name below speak for it.
    user = models.ForeignKey("teams.User", models.SET_NULL, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    screen_name = models.CharField(max_length=39, blank=True)
    name = models.CharField(max_length=80, blank=True)
    posts_count = models.PositiveIntegerField(default=0)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)
    last_accessed_at = models.DateTimeField(null=True, blank=True)

    seen_posts: int  # set by with_seen_posts

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team"),
            models.UniqueConstraint(
                fields=["team", "screen_name"], condition=Q(user=None, screen_name="esa_bot"), name="one_bot_per_team"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def handle(self) -> str:
        """The screen name, as in @handle."""
        return self.user.screen_name if self.user else self.screen_name

    @property
    def display_name(self) -> str:
        return self.user.name if self.user else self.name

    @property
    def icon_url(self) -> str:
        """Absolute; a drawn one with the initial where nobody uploaded any."""
        if self.user and self.user.icon:
            return hosts.absolute(self.user.icon.url)
        return hosts.absolute(f"/icons/{self.handle}.svg")

    @property
    def is_owner(self) -> bool:
        return self.role == self.Role.OWNER and self.left_at is None

    @property
    def is_bot(self) -> bool:
        return self.user_id is None and self.screen_name == "esa_bot"

    @property
    def active(self) -> bool:
        return self.left_at is None and self.user is not None and self.user.is_active

    @classmethod
    @transaction.atomic
    def join(cls, team: "Team", user: "User", role: str = Role.MEMBER) -> "Member":
        """Come in, or come back: the same row, so that earlier posts are theirs again. Joining twice changes nothing."""
        from teams.models.group import Group

        team.lock_names()
        if group := Group.named_like(user, [team]):
            raise ValidationError(
                _(
                    "In this team %(name)s is a group. Choose another screen name in your profile, then open the "
                    "invitation again."
                ),
                "name_of_a_group",
                {"name": group},
            )
        member, created = cls.objects.select_for_update().get_or_create(team=team, user=user, defaults={"role": role})
        if created or member.left_at:
            member.left_at, member.role, member.joined_at = None, role, timezone.now()
            member.save(update_fields=["left_at", "role", "joined_at"])
            member.record("join", by=member)
        return member

    @transaction.atomic
    def leave(self, *, by: "Member") -> None:
        """Go, or be removed. What they wrote stays theirs; what opened doors for them is shut in the same breath.

        The invitations they gave end with them, and so do the ways in of their tokens. Whoever is sent away knows the
        shared address, so that one changes.
        """
        self.team.lock_names()  # first, as whoever writes a post holds the team and then wants its author
        self._keep_an_owner()
        self.left_at, self.role = timezone.now(), self.Role.MEMBER
        self.save(update_fields=["left_at", "role"])
        self.team.invitations.filter(invited_by=self, accepted_at=None).delete()
        self.token_grants.all().delete()
        self.groups.clear()
        if by.pk != self.pk:
            self.team.regenerate_invitation()
        self.record("leave", by=by, **self._left_behind)

    @transaction.atomic
    def change_role(self, role: str, *, by: "Member") -> None:
        if role != self.Role.OWNER:
            self._keep_an_owner()
        if role != self.role:
            self.role = role
            self.save(update_fields=["role"])
            self.record("role", by=by, role=role, **self._left_behind)

    def note_lock(self) -> None:
        """Their account is locked: what they answered for has stopped, which the owners should know."""
        left = self._left_behind
        if any(left.values()):
            self.record("lock", by=self, **left)

    def touch(self) -> None:
        """Note the access, at most once in ACCESS_RESOLUTION, without a lock."""
        now = timezone.now()
        due = self.last_accessed_at is None or now - self.last_accessed_at > ACCESS_RESOLUTION
        if due and condition.current().writable:
            Member.objects.filter(pk=self.pk).update(last_accessed_at=now)
            self.last_accessed_at = now

    def hearers_of(self, event: Event) -> "list[Hearers]":
        """Owners hear who comes and goes, and of a new role if something stops with it."""
        left = event.particulars.get("webhooks") or event.particulars.get("slack")
        if event.action == "member_role" and not (left and not self.is_owner):
            return []
        return [("team", self.team.members.owners())]

    @property
    def title_in_notices(self) -> str:
        return f"{self.display_name} (@{self.handle})"

    def address_in_notices(self) -> str:
        return reverse("member", args=[self.handle]) if self.active else reverse("members")

    def excerpt_of(self, event: Event, *, whole: bool = False) -> str:
        said = []
        if count := event.particulars.get("webhooks"):
            words = ngettext(
                "%(count)d webhook that they answered for has stopped. An owner may take it over.",
                "%(count)d webhooks that they answered for have stopped. An owner may take them over.",
                count,
            )
            said.append(words % {"count": count})
        if event.particulars.get("slack"):
            said.append(gettext("Slack shows no posts any more until an owner takes over the connection."))
        return " ".join(said)

    def payload_of(self, event: Event) -> dict[str, Any] | None:
        from teams.json import hook_user_json

        return {"user": hook_user_json(self)}

    @classmethod
    def for_notices(cls) -> MemberQuerySet:
        return cls.objects.for_display()

    @cached_property
    def unread_count(self) -> int:
        """The number at the bell; it stops at 99."""
        return len(_unread(self.pk))

    @property
    def _left_behind(self) -> dict[str, Any]:
        """What stops when this member is no longer an owner who can sign in."""
        from teams.models.slack import Slack

        slack = Slack.objects.filter(responsible=self, unfurls=True).exists()
        return {"webhooks": webhooks_left_by(self.team, self), "slack": slack}

    def _keep_an_owner(self) -> None:
        # Neither their keys nor their accounts: what they write meanwhile waits for nothing.
        owners = list(self.team.members.owners().select_for_update(of=("self",), no_key=True).order_by("pk"))
        if owners == [self]:
            raise ValidationError(_("A team needs an owner. Make somebody else an owner first."), "last_owner")


_unread = Prepared(lambda member: Member(pk=member).notifications.unread().values_list("pk")[:COUNTED])

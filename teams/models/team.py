"""The tenant: everything that a team has hangs on its row."""

import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from esa import hosts
from teams.models.event import Event, Eventful
from teams.models.icon import IconField

if TYPE_CHECKING:
    from PIL.Image import Image

    from teams.models.invitation import Invitation
    from teams.models.member import Member
    from teams.models.user import User

logger = logging.getLogger(__name__)

ERASED_AT_ONCE = 200
ERASE_SECONDS = 45  # of one task; below the limit of tasks


def validate_team_name(name: str) -> None:
    if not hosts.TEAM_NAME.fullmatch(name) or "--" in name:
        raise ValidationError(
            _("Use 2 to 32 lower-case letters, digits and hyphens; begin and end with a letter or digit."), "invalid"
        )
    if name in hosts.RESERVED:
        raise ValidationError(_("This name is reserved; choose another."), "reserved")


def new_invitation_code() -> str:
    return f"member-{secrets.token_hex(16)}"


@dataclass
class Invited:
    """What became of a list of addresses."""

    invitations: "list[Invitation]" = field(default_factory=list)
    members: list[str] = field(default_factory=list)  # are in the team already


class Team(Eventful, models.Model):
    class Privacy(models.TextChoices):
        CLOSED = "closed", _("Closed: members only")
        OPEN = "open", _("Open: everyone reads what is shipped")

    class LegacyApi(models.TextChoices):
        ALLOW = "allow", _("Allow everything")
        READ_ONLY = "read_only", _("Only reading")
        DENY = "deny", _("Deny everything")

    class TokenApi(models.TextChoices):
        ALLOW = "allow", _("Allow everything")
        APPROVAL = "approval", _("After an owner approved")
        DENY = "deny", _("Deny everything")

    name = models.CharField(
        _("name"), max_length=32, unique=True, validators=[validate_team_name], help_text=_("The team's address.")
    )
    description = models.CharField(_("description"), max_length=200, blank=True)
    privacy = models.CharField(_("privacy"), max_length=8, choices=Privacy.choices, default=Privacy.CLOSED)
    icon = IconField(_("icon"), upload_to="uploads/teams/", blank=True)
    legacy_api = models.CharField(
        _("simple tokens and OAuth applications"),
        max_length=9,
        choices=LegacyApi.choices,
        default=LegacyApi.ALLOW,
    )
    token_api = models.CharField(_("fine tokens"), max_length=8, choices=TokenApi.choices, default=TokenApi.ALLOW)
    members_only_files = models.BooleanField(_("uploaded files are for members only"), default=False)
    invitation_code = models.CharField(max_length=64, unique=True, default=new_invitation_code)
    last_post_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)  # gone for everybody; a task clears up

    def __str__(self) -> str:
        return self.name

    @classmethod
    @transaction.atomic
    def found(cls, *, by: "User", name: str, furnished: bool = True, **fields: str) -> "Team":
        """Make a team; whoever makes it is its first owner. What it finds there is the other apps' business."""
        from teams.models.member import Member

        team = cls(name=name, **fields)
        team.full_clean()
        team.save()
        owner = team.members.create(user=by, role=Member.Role.OWNER)
        team.bot  # noqa: B018  # esa_bot is in every team from the start
        owner.record("join", by=owner)
        if furnished:
            import_string(settings.ESA_NEW_TEAM)(team)
        return team

    @property
    def team(self) -> "Team":
        """A team is also a subject of its own events."""
        return self

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

    @transaction.atomic
    def describe(
        self, *, by: "Member", description: str, picture: "Image | None" = None, drop_icon: bool = False
    ) -> None:
        """Change what the team says about itself."""
        self.description = description
        if picture:
            self.icon.draw(picture)
        elif drop_icon:
            self.icon.erase()
        self.save(update_fields=["description", "icon", "updated_at"])
        self.record("update", by=by, quiet=True)

    @transaction.atomic
    def change_privacy(self, privacy: str, *, by: "Member") -> None:
        """Open the team's shipped posts to the world, or close them again; the gate in scoping.py holds from this commit."""
        if privacy != self.privacy:
            self.privacy = privacy
            self.save(update_fields=["privacy", "updated_at"])
            self.record("update", by=by, privacy=privacy)

    @property
    def largest_file(self) -> int:
        """How many bytes an upload may have: more where files are for members only, as in esa."""
        return settings.MEMBERS_ATTACHMENT_MAX_BYTES if self.members_only_files else settings.ATTACHMENT_MAX_BYTES

    @transaction.atomic
    def guard_files(self, members_only: bool, *, by: "Member") -> None:
        """Decide who may fetch what is uploaded from now on; files that are there stay as they are."""
        if members_only != self.members_only_files:
            self.members_only_files = members_only
            self.save(update_fields=["members_only_files", "updated_at"])
            self.record("update", by=by, members_only_files=members_only)

    @transaction.atomic
    def control_api(self, *, by: "Member", legacy_api: str, token_api: str) -> None:
        """Decide which kinds of tokens are let in; the very next request meets the decision."""
        self.legacy_api, self.token_api = legacy_api, token_api
        self.save(update_fields=["legacy_api", "token_api", "updated_at"])
        self.record("update", by=by, quiet=True)

    def react(self, event: Event) -> None:
        """What the world may see of other posts is written into each post, so a new privacy renders them anew."""
        if "privacy" in event.particulars:
            render_posts_again.delay(self.pk)

    @property
    def title_in_notices(self) -> str:
        return self.name

    def address_in_notices(self) -> str:
        return "/"

    @transaction.atomic
    def invite(self, emails: Iterable[str], *, by: "Member") -> Invited:
        """Send each address its own link; who is in the team gets none, who has one gets a fresh one."""
        from teams.models.invitation import Invitation

        wanted = sorted({email.strip().lower() for email in emails})
        known = self.members.active().filter(user__email__in=wanted)
        here = set(known.values_list("user__email", flat=True))
        result = Invited(members=sorted(here))
        for email in wanted:
            if email not in here:
                result.invitations.append(Invitation.make(self, email, by=by))
        return result

    @transaction.atomic
    def delete_later(self, *, by: "Member") -> None:
        """End the team now, for good: nobody finds it from this commit on, and a task removes what it held."""
        logger.warning("team %s (%s) deleted by user %s", self.pk, self.name, by.user_id)
        self.lock_names()  # before its members, in the order of whoever writes there
        self.invitations.all().delete()
        self.members.filter(left_at=None).update(left_at=timezone.now())
        # No host name has an underscore, so no request can ask for this name, and the old one is free again.
        self.name, self.deleted_at, self.privacy = f"deleted_{self.pk}", timezone.now(), self.Privacy.CLOSED
        self.regenerate_invitation()
        self.icon.erase()
        self.save(update_fields=["name", "deleted_at", "privacy", "icon", "updated_at"])
        transaction.on_commit(self._erase_later, robust=True)

    def erase(self, *, seconds: float = ERASE_SECONDS) -> bool:
        """Remove what a deleted team held, a few rows at a time, in commits of their own; False if time ran out first."""
        deadline = time.monotonic() + seconds
        if self.deleted_at is None:
            return True
        for model, held_by in self._holdings():
            rows = model._base_manager.filter(**{held_by: self.pk}).order_by("pk")
            while keys := list(rows.values_list("pk", flat=True)[:ERASED_AT_ONCE]):
                if time.monotonic() > deadline:
                    return False
                model._base_manager.filter(pk__in=keys).delete()
        self.delete()
        return True

    @property
    def bot(self) -> "Member":
        """esa_bot, the author of what no person wrote."""
        bot, _created = self.members.get_or_create(user=None, screen_name="esa_bot", defaults={"name": "esa_bot"})
        return bot

    def lock_names(self) -> None:
        """Whoever takes a name in the team queues up: people and groups share one space, which no constraint spans."""
        Team.objects.select_for_update(no_key=True).only("pk").get(pk=self.pk)

    def next_post_number(self) -> int:
        """Hand out 1, 2, 3… per team; the row lock makes writers queue up."""
        Team.objects.filter(pk=self.pk).update(last_post_number=F("last_post_number") + 1)
        self.refresh_from_db(fields=["last_post_number"])
        return self.last_post_number

    def _holdings(self) -> "list[tuple[type[models.Model], str]]":
        """Whatever points at a team: posts before their tags and categories, all of that before the people who wrote it."""
        relations = [r for r in self._meta.related_objects if r.on_delete is models.CASCADE]
        later = {"posts.Post": 0, "teams.Member": 2}
        relations.sort(key=lambda relation: later.get(relation.related_model._meta.label, 1))
        return [(relation.related_model, relation.field.name) for relation in relations]

    def _erase_later(self) -> None:
        try:
            erase_team.delay(self.pk)
        except (OperationalError, OSError) as problem:
            logger.warning("broker unavailable, team %s waits to be erased: %s", self.pk, problem)


@shared_task
def erase_team(team_id: int) -> None:
    team = Team.objects.filter(pk=team_id).first()
    if team and not team.erase():
        erase_team.delay(team_id)


@shared_task
def erase_deleted_teams() -> None:
    """Beat's sweep: teams whose task was lost."""
    for team in Team.objects.filter(deleted_at__lt=timezone.now() - timedelta(minutes=10))[:10]:
        erase_team.delay(team.pk)


@shared_task
def render_posts_again(team_id: int, after: int = 0) -> None:
    """Render a team's posts anew, some at a time, in the order of their keys; running twice is harmless."""
    team = Team.objects.filter(pk=team_id, deleted_at=None).first()
    posts: Any = getattr(team, "posts", None)  # the app above this one brings them
    if posts is not None:
        batch = list(posts.filter(pk__gt=after).order_by("pk")[:100])
        for post in batch:
            with transaction.atomic():
                post.render_again()
        if batch:
            render_posts_again.delay(team_id, batch[-1].pk)

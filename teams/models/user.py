"""Who signs in. One account, many teams; what a person does in a team is done by their Member."""

import logging
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from esa.environment import SettingError
from esa.prepared import Prepared
from teams.models.icon import IconField

if TYPE_CHECKING:
    from teams.models.member import Member
    from teams.models.team import Team

logger = logging.getLogger(__name__)

RESERVED_SCREEN_NAMES = frozenset(
    [
        "admin",
        "all",
        "anonymous",
        "channel",
        "esa",
        "esa_bot",
        "everyone",
        "here",
        "me",
        "members",
        "nobody",
        "owner",
        "owners",
        "root",
        "support",
        "system",
        "team",
    ]
)
"""Names that a text or the API would take for somebody else: `@all`, `members/me`, the bot."""

SCREEN_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,37}[A-Za-z0-9_])?"


def validate_screen_name(name: str) -> None:
    if name.lower() in RESERVED_SCREEN_NAMES:
        raise ValidationError(_("This screen name is reserved; choose another."), "reserved")


@cache
def time_zones() -> list[str]:
    """Those that people know, `Asia/Tokyo` and `UTC`, without the aliases of the machine."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(regions))]


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(_("Choose a time zone from the list, for example Asia/Tokyo."), "invalid")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not password:
            raise SettingError("An operator's account needs a password.")
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("e-mail address"), max_length=254)
    screen_name = models.CharField(
        _("screen name"),
        max_length=39,
        validators=[
            RegexValidator(
                f"^{SCREEN_NAME}$", _("Use letters, digits, hyphens and underscores; begin and end without a hyphen.")
            ),
            validate_screen_name,
        ],
        help_text=_("How others mention you: @name. Letters, digits, hyphens and underscores."),
    )
    name = models.CharField(_("name"), max_length=80)
    icon = IconField(_("icon"), upload_to="uploads/icons/", blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Tokyo", validators=[validate_time_zone])
    theme = models.CharField(_("theme"), max_length=8, choices=Theme.choices, default=Theme.AUTO)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["screen_name", "name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_account_per_email"),
            models.UniqueConstraint(Lower("screen_name"), name="one_account_per_screen_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.screen_name

    @cached_property
    def shown_memberships(self) -> "list[Member]":
        """The teams somebody is in, for the menu on every page."""
        return _memberships(self.pk)

    def clean(self) -> None:
        """A screen name that is a group's in one of their teams would call two."""
        from teams.models.group import Group

        super().clean()
        if self.pk and (group := Group.named_like(self)):
            raise ValidationError(
                {
                    "screen_name": ValidationError(
                        _("In one of your teams %(name)s is a group; choose another name."), "group", {"name": group}
                    )
                }
            )

    def hold_name(self) -> None:
        """Called before a changed screen name is saved: no group takes it in between, and if one did, this fails as a
        constraint would."""
        from teams.models.group import Group

        for member in self.memberships.select_related("team").order_by("team"):
            member.team.lock_names()
        if Group.named_like(self):
            raise IntegrityError("a group has this name")

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.screen_name

    def teams_that_need_them(self) -> "list[Team]":
        """Teams whose only owner this is."""
        owned = self.memberships.owners().select_related("team").order_by("team__name")
        return [member.team for member in owned if not member.team.members.owners().exclude(user=self).exists()]

    @transaction.atomic
    def close(self) -> None:
        """Delete the account. What the person wrote stays, under the name they had; a team never loses its last owner."""
        for member in self.memberships.select_related("team").filter(left_at=None).order_by("team"):
            member.leave(by=member)
        self.memberships.update(screen_name=self.screen_name, name=self.name)
        self.icon.erase()
        logger.info("user %s closed their account", self.pk)
        self.delete()

    @transaction.atomic
    def deactivate(self) -> None:
        """Lock the account: every session, link and password is dead from this commit on, for each asks for an active user.

        Owners of teams hear of it where something stops with the person.
        """
        if self.is_active:
            self.is_active = False
            self.save(update_fields=["is_active", "updated_at"])
            for member in self.memberships.select_related("team").filter(left_at=None):
                member.note_lock()

    def reactivate(self) -> None:
        self.is_active = True
        self.save(update_fields=["is_active", "updated_at"])


_memberships = Prepared(lambda user: User(pk=user).memberships.active().select_related("team"))

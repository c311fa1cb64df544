"""A group: some members under one name, or everybody, whom a text names together as `@design` or `@all`."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from teams.models.event import Event, Eventful
from teams.models.user import RESERVED_SCREEN_NAMES, SCREEN_NAME

if TYPE_CHECKING:
    from teams.models.member import Member, MemberQuerySet
    from teams.models.team import Team
    from teams.models.user import User

EVERYBODY = frozenset(["all", "channel", "everyone", "here", "members", "team"])
"""Names that nobody may have as a person; a group of everybody may."""


class GroupQuerySet(models.QuerySet["Group"]):
    def with_size(self) -> Self:
        """With the number of those who are chosen and still here, as `size`; of a group of everybody it says nothing."""
        here = Q(members__left_at=None, members__user__is_active=True)
        return self.annotate(size=Count("members", filter=here))

    def named(self, names: Iterable[str]) -> Self:
        return self.filter(name__in={name.lower() for name in names})


class Group(Eventful, models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="groups")
    name = models.CharField(_("name"), max_length=39)  # lower case, in one space with screen names
    description = models.CharField(_("description"), max_length=200, blank=True)
    everybody = models.BooleanField(_("everybody in the team, also who joins later"), default=False)
    members = models.ManyToManyField("teams.Member", related_name="groups", blank=True)
    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    size: int  # set by with_size

    objects = GroupQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_group_per_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return f"@{self.name}"

    def get_absolute_url(self) -> str:
        return reverse("group", args=[self.name])

    # --- Verbs --------------------------------------------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def define(
        cls,
        name: str,
        *,
        by: "Member",
        members: "Iterable[Member]" = (),
        description: str = "",
        everybody: bool = False,
    ) -> "Group":
        """Make a group. Its name cannot become another: texts say it."""
        team = by.team
        team.lock_names()
        group = cls(team=team, name=name.lower(), created_by=by)
        group._check_name(everybody=everybody)
        group._take(by, members, description, everybody=everybody)
        group.record("create", by=by, quiet=True)
        return group

    @transaction.atomic
    def change(
        self, *, by: "Member", members: "Iterable[Member]", description: str = "", everybody: bool = False
    ) -> None:
        """Another description, and other members from now on; whoever was told stays told."""
        self._check_name(everybody=everybody, new=False)
        self._take(by, members, description, everybody=everybody)
        self.record("update", by=by, quiet=True)

    @transaction.atomic
    def remove(self, *, by: "Member") -> None:
        """For owners. Texts that name it keep the name; it calls nobody any more."""
        self.record("delete", by=by, quiet=True, name=self.name)
        self.delete()

    # --- Queries ------------------------------------------------------------------------------------------------------

    @property
    def people(self) -> "MemberQuerySet":
        """Who is called by the name today."""
        everyone: MemberQuerySet = self.team.members.active()
        return everyone if self.everybody else everyone.filter(groups=self)

    @classmethod
    def called(cls, team: "Team", names: Iterable[str]) -> "MemberQuerySet":
        """Those whom a text names, each once: themselves, or through a group."""
        everyone: MemberQuerySet = team.members.active()
        names = list(names)
        if not names:
            return everyone.none()
        groups = list(team.groups.named(names))
        if any(group.everybody for group in groups):
            return everyone
        named = Q(user__screen_name__in=names)
        return everyone.filter(named | Q(groups__in=groups)).distinct() if groups else everyone.filter(named)

    @classmethod
    def named_like(cls, user: "User", teams: "Iterable[Team] | None" = None) -> "Group | None":
        """A group in the way of a person's screen name, in the teams they are or were in, or in others."""
        groups = cls.objects.filter(name=user.screen_name.lower())
        return (groups.filter(team__members__user=user) if teams is None else groups.filter(team__in=teams)).first()

    # --- For notices --------------------------------------------------------------------------------------------------

    def address_in_notices(self) -> str:
        return self.get_absolute_url()

    def excerpt_of(self, event: Event, *, whole: bool = False) -> str:
        return self.description

    @classmethod
    def for_notices(cls) -> "models.QuerySet[Any]":
        return cls.objects.select_related("team")

    # --- Inside -------------------------------------------------------------------------------------------------------

    def _check_name(self, *, everybody: bool, new: bool = True) -> None:
        if not re.fullmatch(SCREEN_NAME, self.name):
            raise ValidationError(
                {"name": _("Use letters, digits, hyphens and underscores; begin and end without a hyphen.")}
            )
        if self.name == "new" or (self.name in RESERVED_SCREEN_NAMES and not (everybody and self.name in EVERYBODY)):
            raise ValidationError(
                {
                    "name": _("Only a group of everybody may have this name.")
                    if self.name in EVERYBODY
                    else _("This name is reserved; choose another.")
                }
            )
        # Also of those who left: they may come back, and texts of theirs are read under that name.
        if new and (
            self.team.groups.filter(name=self.name).exists()
            or self.team.members.filter(user__screen_name__iexact=self.name).exists()
        ):
            raise ValidationError({"name": _("This name is taken in the team, by somebody or by a group.")})

    def _take(self, by: "Member", members: "Iterable[Member]", description: str, *, everybody: bool) -> None:
        if everybody != self.everybody and not by.is_owner:
            raise ValidationError({"everybody": _("Only owners decide about groups of everybody.")})
        self.description, self.everybody = description, everybody
        self.save()
        self.members.set([] if everybody else members)

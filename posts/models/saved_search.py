"""Searches that somebody keeps: saved under a name for oneself or for the team, and the last ones one made."""

from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from esa import condition

if TYPE_CHECKING:
    from teams.models import Member

NAME_LENGTH = 60
QUERY_LENGTH = 2000
MOST_SAVED = 50
MOST_RECENT = 10


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def of(self, member: "Member") -> Self:
        """What stands in this member's sidebar: the team's, then their own."""
        mine = self.filter(Q(team=member.team_id, member=None) | Q(member=member))
        return mine.order_by(models.F("member").asc(nulls_first=True), "name", "pk")


class SavedSearch(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="saved_searches")
    member = models.ForeignKey("teams.Member", models.CASCADE, null=True, blank=True, related_name="saved_searches")
    created_by = models.ForeignKey("teams.Member", models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    query = models.CharField(_("query"), max_length=QUERY_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], condition=Q(member=None), name="one_team_search_per_name"),
            models.UniqueConstraint(
                fields=["member", "name"], condition=Q(member__isnull=False), name="one_own_search_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def of_team(self) -> bool:
        return self.member_id is None

    @classmethod
    @transaction.atomic
    def keep(cls, *, by: "Member", name: str, query: str, for_team: bool = False) -> "SavedSearch":
        """Save a search; one of the same name is replaced."""
        name, query = " ".join(name.split()), query.strip()
        for text, most in ((name, NAME_LENGTH), (query, QUERY_LENGTH)):
            if not text or "\x00" in text:
                raise ValidationError(_("Give the search a name, and something to look for."), "blank")
            if len(text) > most:
                raise ValidationError(_("At most %(most)s characters."), "too_long", {"most": most})
        owner = None if for_team else by
        saved, created = cls.objects.update_or_create(
            team=by.team, member=owner, name=name, defaults={"query": query, "created_by": by}
        )
        if created and cls.objects.filter(team=by.team, member=owner).count() > MOST_SAVED:
            raise ValidationError(
                _("There are %(most)s saved searches already. Remove one first."), "too_many", {"most": MOST_SAVED}
            )
        return saved

    def can_be_removed_by(self, member: "Member") -> bool:
        """One's own; the team's by whoever saved it, and by owners."""
        return self.member_id == member.pk or (
            self.of_team and self.team_id == member.team_id and (member.is_owner or self.created_by_id == member.pk)
        )


class RecentSearch(models.Model):
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="recent_searches")
    query = models.CharField(max_length=QUERY_LENGTH)
    at = models.DateTimeField()

    objects: "models.Manager[Any]" = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "query"], name="one_recent_search_per_query")]
        indexes = [models.Index(fields=["member", "-at"], name="recent_search_newest")]

    def __str__(self) -> str:
        return self.query

    @classmethod
    def note(cls, query: str, *, by: "Member") -> None:
        """Remember the last few, while anything can be written; the same again moves up."""
        query = query.strip()
        if condition.current().writable and query and len(query) <= QUERY_LENGTH and "\x00" not in query:
            cls.objects.update_or_create(member=by, query=query, defaults={"at": timezone.now()})
            kept = cls.objects.filter(member=by).order_by("-at").values("pk")[:MOST_RECENT]
            cls.objects.filter(member=by).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()

"""Stars: a member marks a post or a comment as good, perhaps quoting the passage that is meant."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from teams.models import Eventful

if TYPE_CHECKING:
    from teams.models import Member

QUOTE_LENGTH = 1000


@dataclass
class Quote:
    """A passage, and those who starred it."""

    body: str
    members: "list[Member]" = field(default_factory=list)

    @property
    def names(self) -> str:
        return ", ".join(member.display_name for member in self.members)


def quotes_of(stars: "Iterable[Star]") -> list[Quote]:
    """Each passage once, in the order in which somebody first starred it; spaces make no difference."""
    quotes: dict[str, Quote] = {}
    for star in stars:
        if star.body:
            quotes.setdefault("".join(star.body.split()), Quote(star.body)).members.append(star.member)
    return list(quotes.values())


def stargazers_of(stars: "Iterable[Star]") -> "list[Member]":
    """Each member once, however many passages they starred, in the order in which they first did."""
    return list(dict.fromkeys(star.member for star in stars))


class StarQuerySet(models.QuerySet["Star"]):
    def for_display(self) -> Self:
        """With the people, first stars first."""
        return self.select_related("member__user").order_by("created_at", "pk")


class Star(models.Model):
    post = models.ForeignKey("posts.Post", models.CASCADE, null=True, blank=True, related_name="stars")
    comment = models.ForeignKey("posts.Comment", models.CASCADE, null=True, blank=True, related_name="stars")
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="stars")
    body = models.CharField(max_length=QUOTE_LENGTH, blank=True)  # the quoted passage; a plain star has none
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StarQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(post=None, comment__isnull=False) | Q(post__isnull=False, comment=None),
                name="star_on_a_post_or_a_comment",
            ),
            models.UniqueConstraint(fields=["post", "member", "body"], name="one_star_per_member_and_quote"),
            models.UniqueConstraint(fields=["comment", "member", "body"], name="one_comment_star_per_member_and_quote"),
        ]
        indexes = [models.Index(fields=["member", "-created_at"], name="star_of_member")]

    def __str__(self) -> str:
        return f"★ {self.member_id}"


class Starred(Eventful):
    """What a post or a comment can do with stars."""

    stars_count = models.PositiveIntegerField(default=0)  # members, not quotes

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        stars: Any
        starred: bool

    @transaction.atomic
    def star(self, *, by: "Member", body: str = "") -> None:
        """Once per member; again with another quote adds the quote, not to the count."""
        if not self._lock_for_star():
            return
        had = self.stars.filter(member=by).exists()
        body = body.replace("\x00", "").strip()[:QUOTE_LENGTH]
        _star, created = self.stars.get_or_create(member=by, body=body)
        if created and not had:
            self._count_stars(+1)
            self.record("star", by=by, body=body)

    @transaction.atomic
    def unstar(self, *, by: "Member") -> None:
        """Take back the star and all its quotes."""
        if not self._lock_for_star():
            return
        gone, _per_model = self.stars.filter(member=by).delete()
        if gone:
            self._count_stars(-1)

    @classmethod
    def starred_in(cls, member: "Member") -> Q:
        """The events in which somebody starred what this member wrote."""
        about = ContentType.objects.get_for_model(cls)
        written: Any = cls._base_manager  # both say who wrote them as created_by
        mine = written.filter(created_by=member).values("pk")
        return Q(action=f"{cls._meta.model_name}_star", subject_type=about, subject_id__in=mine)

    def _lock_for_star(self) -> bool:
        """Whether it is still there: somebody may have removed the comment meanwhile."""
        return bool(type(self)._base_manager.select_for_update(no_key=True).only("pk").filter(pk=self.pk).first())

    def _count_stars(self, more: int) -> None:
        type(self)._base_manager.filter(pk=self.pk).update(stars_count=F("stars_count") + more)
        self.refresh_from_db(fields=["stars_count"])


class StarredQuerySet(models.QuerySet[Any]):
    star_field = "post"

    def with_star_of(self, member: "Member | None") -> Self:
        """Whether this member starred it, as `starred`."""
        if member is None:
            return self.annotate(starred=models.Value(False))
        return self.annotate(starred=Exists(Star.objects.filter(**{self.star_field: OuterRef("pk")}, member=member)))

    def starred_by(self, member: "Member") -> Self:
        return self.filter(Exists(Star.objects.filter(**{self.star_field: OuterRef("pk")}, member=member)))

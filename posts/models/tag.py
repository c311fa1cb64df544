"""Tags are free words on posts; a row per word keeps the count that lists and completion show."""

from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models
from django.db.models import Count, F, Func, OuterRef, Subquery, Value

if TYPE_CHECKING:
    from teams.models import Team


class TagQuerySet(models.QuerySet["Tag"]):
    def for_member(self) -> Self:
        return self.filter(posts_count__gt=0).annotate(count=F("posts_count")).order_by("-count", "name")

    def for_world(self) -> Self:
        """What outsiders of an open team see: only shipped posts count, and a tag of WIP posts alone does not exist."""
        return self.filter(shipped_count__gt=0).annotate(count=F("shipped_count")).order_by("-count", "name")

    def counted_in(self, posts: models.QuerySet[Any]) -> Self:
        """With the count among some posts only, for whoever sees no others."""
        name = Func(OuterRef("name"), template="ARRAY[%(expressions)s]::varchar[]", output_field=posts.model.tags.field)
        tagged = posts.order_by().filter(tags__contains=name).annotate(one=Value(1)).values("one")
        counted = self.annotate(count=Subquery(tagged.annotate(number=Count("pk")).values("number")))
        return counted.filter(count__gt=0).order_by("-count", "name")


class Tag(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="tags")
    name = models.CharField(max_length=50)
    posts_count = models.IntegerField(default=0)
    shipped_count = models.IntegerField(default=0)

    # Set by for_member and for_world.
    count: int

    objects = TagQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_row_per_tag")]
        indexes = [models.Index(fields=["team", "-posts_count", "name"], name="tag_most_used")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def shift(cls, team: "Team", *deltas: tuple[list[str], int, int]) -> None:
        """Add to the counts: tags, posts more (or fewer), shipped posts more (or fewer); in one order, against deadlocks."""
        posts: Counter[str] = Counter()
        shipped: Counter[str] = Counter()
        for names, more, more_shipped in deltas:
            for name in names:
                posts[name] += more
                shipped[name] += more_shipped
        rows = [(team.pk, name, posts[name], shipped[name]) for name in sorted(posts) if posts[name] or shipped[name]]
        if not rows:
            return
        table = connection.ops.quote_name(cls._meta.db_table)
        values = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} AS t (team_id, name, posts_count, shipped_count) VALUES {values}"  # noqa: S608
                " ON CONFLICT (team_id, name) DO UPDATE SET posts_count = t.posts_count + excluded.posts_count,"
                " shipped_count = t.shipped_count + excluded.shipped_count",
                [value for row in rows for value in row],
            )
        if any(row[2] < 0 for row in rows):
            cls.objects.filter(team=team, name__in=[row[1] for row in rows], posts_count=0).delete()

"""Categories exist while a post is in them; a count per path is kept by the verbs, so that the tree never scans posts."""

from collections import Counter
from typing import TYPE_CHECKING, Self

from django.db import connection, models
from django.db.models import F

from posts.title import ancestors, parent

if TYPE_CHECKING:
    from teams.models import Team

Delta = tuple[str, int, int]
"""A category's path, posts more (or fewer), shipped posts more (or fewer)."""


class CategoryQuerySet(models.QuerySet["Category"]):
    def within(self, path: str) -> Self:
        """The direct children of a category; of the root for an empty path."""
        return self.filter(parent=path).exclude(path="")

    def for_member(self) -> Self:
        return self.filter(total__gt=0).annotate(count=F("total"), own=F("posts"))

    def for_world(self) -> Self:
        """What outsiders of an open team see: only shipped posts count, or exist."""
        return self.filter(shipped_total__gt=0).annotate(count=F("shipped_total"), own=F("shipped"))


class Category(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="categories")
    path = models.CharField(max_length=300, blank=True)  # no outer slashes; "" is the root: no category
    parent = models.CharField(max_length=300, blank=True)
    name = models.CharField(max_length=300, blank=True)  # the last part of the path
    posts = models.IntegerField(default=0)  # directly in it
    total = models.IntegerField(default=0)  # with all below
    shipped = models.IntegerField(default=0)
    shipped_total = models.IntegerField(default=0)

    # Set by for_member and for_world.
    count: int
    own: int

    objects = CategoryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "path"], name="one_row_per_category")]
        indexes = [
            models.Index(fields=["team", "parent", "name"], name="category_children"),
            # Prefix look-ups: everything below a path, completion.
            models.Index(
                fields=["team", "path"], name="category_path_prefix", opclasses=["int8_ops", "varchar_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def has_child(self) -> bool:
        return self.count > self.own

    @classmethod
    def shift(cls, team: "Team", *deltas: Delta) -> None:
        """Add to the counts of paths and of all above them, in the order of the paths so that writers cannot deadlock."""
        posts: Counter[str] = Counter()
        total: Counter[str] = Counter()
        shipped: Counter[str] = Counter()
        shipped_total: Counter[str] = Counter()
        for path, more, more_shipped in deltas:
            posts[path] += more
            shipped[path] += more_shipped
            for above in ["", *ancestors(path), path] if path else [""]:
                total[above] += more
                shipped_total[above] += more_shipped
        rows = [
            (
                team.pk,
                path,
                parent(path),
                path.rpartition("/")[2],
                posts[path],
                total[path],
                shipped[path],
                shipped_total[path],
            )
            for path in sorted(total)
            if posts[path] or total[path] or shipped[path] or shipped_total[path]
        ]
        if not rows:
            return
        table = connection.ops.quote_name(cls._meta.db_table)
        values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} AS c (team_id, path, parent, name, posts, total, shipped, shipped_total)"  # noqa: S608
                f" VALUES {values} ON CONFLICT (team_id, path) DO UPDATE SET posts = c.posts + excluded.posts,"
                " total = c.total + excluded.total, shipped = c.shipped + excluded.shipped,"
                " shipped_total = c.shipped_total + excluded.shipped_total",
                [value for row in rows for value in row],
            )
        if any(row[5] < 0 for row in rows):
            cls.objects.filter(team=team, path__in=[row[1] for row in rows], total=0).exclude(path="").delete()

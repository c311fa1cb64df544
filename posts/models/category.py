"""Categories exist while a post is in them; a count per path is kept by the verbs, so that the tree never scans posts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from posts import title
from posts.models.revision import Revision
from posts.title import ARCHIVE, ancestors, parent
from teams.models.event import Event

if TYPE_CHECKING:
    from teams.models import Member, Team

Delta = tuple[str, int, int]
"""A category's path, posts more (or fewer), shipped posts more (or fewer)."""

SIBLINGS = 200
"""How many children of a category the tree shows at once."""


@dataclass
class Branch:
    """The children of one category as the tree shows them; those on the way to the open page are open themselves."""

    path: str
    nodes: "list[Node]" = field(default_factory=list)
    more: str = ""  # the name after which further children come


@dataclass
class Node:
    category: "Category"
    current: bool = False
    branch: Branch | None = None


@dataclass
class Tree:
    """The tree opened at one path, with the rows of the root and of that path; None where the reader has none there."""

    branch: Branch
    root: "Category | None"
    category: "Category | None"
    archive: Node | None
    open_branch: Branch
    """The children of the open category."""


class CategoryQuerySet(models.QuerySet["Category"]):
    def within(self, path: str) -> Self:
        """The direct children of a category; of the root for an empty path."""
        return self.filter(parent=path).exclude(path="")

    def siblings(self, path: str, *, after: str = "") -> Self:
        """One page of a category's children, by name, and one more to know whether there are more."""
        children = self.within(path).exclude(path=ARCHIVE)  # which stands apart, at the end
        return (children.filter(name__gt=after) if after else children).order_by("name")[: SIBLINGS + 1]

    def branch(self, path: str, *, after: str = "") -> Branch:
        rows = list(self.siblings(path, after=after))
        return Branch(path, [Node(row) for row in rows[:SIBLINGS]], _more(rows))

    def tree(self, path: str) -> Tree:
        """The top of the tree and every level down to `path`, in one query however deep it is."""
        way = [*ancestors(path), path] if path else []
        levels = [self.siblings(above) for above in ["", *way]]
        named = self.filter(path__in=["", ARCHIVE, *way])
        rows = {row.path: row for row in named.union(*levels).order_by("name", "path")}
        branches = {above: _branch(above, rows.values(), set(way)) for above in ["", *way]}
        for branch in branches.values():
            for node in branch.nodes:
                node.current = node.category.path == path
                node.branch = branches.get(node.category.path)
        archive = rows.get(ARCHIVE)
        return Tree(
            branches[""],
            rows.get(""),
            rows.get(path),
            Node(archive, path == ARCHIVE, branches.get(ARCHIVE)) if archive else None,
            branches[path],
        )

    def named_like(self, text: str) -> Self:
        """For the filter box: wherever in the tree, the shortest paths first."""
        return self.filter(path__icontains=text).exclude(path="").order_by(Length("path"), "path")

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
    @transaction.atomic
    def move(cls, team: "Team", source: str, target: str, *, by: "Member", via: str = Revision.Via.WEB) -> int:
        """Move a category and all below it; each post gets a revision, and nobody is notified. How many categories moved.

        The posts of the bin stay where they were. All in a few statements however many posts there are: their texts
        do not change, so nothing is rendered, and they never leave the database.
        """
        from posts.search import index

        plan = cls.plan_move(team, source, target)
        posts = list(
            team.posts.alive()
            .in_category(plan.source)
            .select_for_update(of=("self",), no_key=True)
            .order_by("pk")
            .defer("body_md", "body_html", "toc")
        )
        now, message = timezone.now(), f"Move category from {plan.source} to {plan.to}"[:500]
        moved: dict[str, tuple[str, Counter[str]]] = {}
        for post in posts:
            new, counts = moved.setdefault(post.category, (_moved(post.category, plan), Counter()))
            counts.update(posts=1, shipped=int(not post.wip))
            post.category, post.kind, post.message = new, title.kind_of(new, post.name), message
            post.updated_by, post.updated_at, post.revision_number = by, now, post.revision_number + 1
        if not posts:
            return 0
        keys = [post.pk for post in posts]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE posts_post AS p SET category = new.category, kind = new.kind, message = %s, updated_by_id = %s,"
                " updated_at = %s, revision_number = p.revision_number + 1"
                " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, category, kind) WHERE p.id = new.id",
                [message, by.pk, now, keys, [post.category for post in posts], [post.kind for post in posts]],
            )
        Revision.keep_many(keys, via=via)
        cls.shift(
            team,
            *[(old, -counts["posts"], -counts["shipped"]) for old, (_new, counts) in moved.items()],
            *[(new, counts["posts"], counts["shipped"]) for new, counts in moved.values()],
        )
        index.refresh_many(keys)
        told = {"message": message, "renamed": True}
        Event.record_many(
            "update",
            [(post, {**told, "revision": post.revision_number, "wip": post.wip}) for post in posts],
            by=by,
            quiet=True,
        )
        return len(moved)

    @classmethod
    def plan_move(cls, team: "Team", source: str, target: str) -> "Plan":
        """What a move would do, or a ValidationError that says why it cannot be done."""
        try:
            source, target = title.normalize_category(source), title.normalize_category(target)
            if not source:
                raise ValidationError(_("Say which category to move."), "source")
            if not target:
                raise ValidationError(_("Say where to move it."), "target")
            if source == target:
                raise ValidationError(_("The category is there already."), "same")
            if title.is_within(target, source):
                raise ValidationError(_("A category cannot move into itself."), "into_itself")
            plan = Plan(source, target)
            below = cls.objects.filter(Q(path=source) | Q(path__startswith=f"{source}/"), team=team, posts__gt=0)
            for path, posts in below.order_by("path").values_list("path", "posts"):
                plan.posts += posts
                plan.moves.append((path, _moved(path, plan)))
        except title.TitleError as problem:
            raise ValidationError(problem.message, problem.code) from problem
        there = cls.objects.filter(team=team, path=target).first()
        plan.joins = there.total if there else 0
        return plan

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


@dataclass
class Plan:
    """What moving a category would do."""

    source: str
    to: str
    posts: int = 0
    joins: int = 0  # posts that are there already
    moves: list[tuple[str, str]] = field(default_factory=list)

    @property
    def examples(self) -> list[tuple[str, str]]:
        return self.moves[:10]

    @property
    def more(self) -> int:
        return len(self.moves) - len(self.examples)


def _moved(path: str, plan: Plan) -> str:
    """Where a category goes; raises TitleError where that would be too deep or too long."""
    return title.normalize_category(title.moved(path, plan.source, plan.to))


def _branch(path: str, rows: Iterable[Category], way: set[str]) -> Branch:
    children = [row for row in rows if row.path and row.parent == path and row.path != ARCHIVE]
    shown = children[:SIBLINGS]
    # The open one is shown even when its turn would come much later.
    shown += [row for row in children[SIBLINGS:] if row.path in way]
    return Branch(path, [Node(row) for row in shown], _more(children))


def _more(children: Sequence[Category]) -> str:
    return children[SIBLINGS - 1].name if len(children) > SIBLINGS else ""

"""Revisions: every saved state of a post, complete, numbered from 1, never edited."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.urls import reverse

from esa import condition, markdown
from posts import title
from posts.links import TeamLinks

if TYPE_CHECKING:
    from posts.models.post import Post


class RevisionQuerySet(models.QuerySet["Revision"]):
    def for_display(self) -> "RevisionQuerySet":
        return self.select_related("created_by__user")

    def for_list(self) -> "RevisionQuerySet":
        return self.for_display().defer("body_md", "body_html")


class Revision(models.Model):
    class Via(models.TextChoices):
        """Which door the text came in by; agents' writes are marked in the history."""

        WEB = "web", "web"
        API = "api", "API"
        MCP = "mcp", "MCP"
        IMPORT = "import", "import"

    post = models.ForeignKey("posts.Post", models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    category = models.CharField(max_length=300, blank=True)
    name = models.CharField(max_length=255)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    body_md = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    renderer_version = models.PositiveIntegerField(default=0, db_default=0)  # 0 is older than all
    wip = models.BooleanField()
    message = models.CharField(max_length=500, blank=True)
    via = models.CharField(max_length=8, choices=Via.choices, default=Via.WEB)
    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="revisions")
    created_at = models.DateTimeField()

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"{self.full_name} rev{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("revision", args=[self.post.number, self.number])

    @classmethod
    def keep_many(cls, posts: list[int], *, via: str) -> None:
        """Write the present state of many posts down at once; their texts do not leave the database."""
        columns = ["number", *SAME, "via", "created_by_id", "created_at"]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {cls._meta.db_table} (post_id, {', '.join(columns)})"  # noqa: S608
                f" SELECT id, revision_number, {', '.join(SAME)}, %s, updated_by_id, updated_at"
                " FROM posts_post WHERE id = ANY(%s) ORDER BY id",
                [via, posts],
            )

    def render_if_old(self) -> None:
        """Before a page shows it: what an older renderer let through must not come back with an old revision."""
        if self.renderer_version != markdown.RENDERER_VERSION:
            options = markdown.Options(plantuml_url=settings.PLANTUML_URL)
            self.body_html = markdown.render(self.body_md, TeamLinks(self.post.team), options=options).html
            self.renderer_version = markdown.RENDERER_VERSION
            if condition.current().writable:
                self.save(update_fields=["body_html", "renderer_version"])

    @property
    def full_name(self) -> str:
        return title.compose(self.category, self.name, self.tags)

    @property
    def previous(self) -> "Revision | None":
        return self.post.revisions.filter(number__lt=self.number).order_by("-number").first()


SAME = ["category", "name", "tags", "body_md", "body_html", "renderer_version", "wip", "message"]
"""What a revision has from the post under the same name."""


class Revised(models.Model):
    """What a post knows of its history. The verbs that add to it are in post.py, for they change everything at once."""

    revision_number = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        revisions: Any

    def keep_revision(self: "Post", *, by: Any, via: str) -> Revision:  # type: ignore[misc]
        """Write the present state down as the next revision; inside the verb's transaction, under the post's lock."""
        return Revision.objects.create(
            post=self,
            number=self.revision_number,
            category=self.category,
            name=self.name,
            tags=self.tags,
            body_md=self.body_md,
            body_html=self.body_html,
            renderer_version=self.renderer_version,
            wip=self.wip,
            message=self.message,
            via=via,
            created_by=by,
            created_at=self.updated_at,
        )

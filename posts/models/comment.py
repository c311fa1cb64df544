"""Comments: Markdown under a post, with a permalink, stars and mentions."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from esa import condition, markdown
from posts import merge
from posts.glimpses import first_lines, for_mail
from posts.links import TeamLinks
from posts.models.mention import Mention
from posts.models.star import Quote, Star, Starred, StarredQuerySet, quotes_of, stargazers_of
from teams.models import Eventful
from teams.models.notification import Kind as Notice

if TYPE_CHECKING:
    from posts.models.post import Post
    from teams.models import Event, Member
    from teams.models.event import Hearers

MAX_LENGTH = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CommentClash(Exception):  # named as the product speaks
    """Two people changed the same lines of a comment. Nothing was saved; here is everything of both."""

    def __init__(self, comment: "Comment", *, merged: str, mine: str) -> None:
        super().__init__("the same lines were changed by two people")
        self.comment, self.merged, self.mine, self.theirs = comment, merged, mine, comment.body_md


def version_of(moment: datetime) -> int:
    """In microseconds, which is how exact the database is."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(version: int) -> datetime:
    return EPOCH + timedelta(microseconds=version)


def _lines(text: str) -> str:
    """With line ends as they are stored; browsers send others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class CommentQuerySet(StarredQuerySet):
    star_field = "comment"

    def for_display(self) -> "CommentQuerySet":
        return self.select_related("created_by__user", "post__team")

    def since(self, *, newest: int, version: int) -> "CommentQuerySet":
        """What a page that shows comments up to these does not show yet or, with a version, not as it is now; the oldest
        change first."""
        unseen = Q(pk__gt=newest) | Q(updated_at__gt=moment_of(version)) if version else Q(pk__gt=newest)
        return self.filter(unseen).order_by("updated_at", "pk")


class Comment(Starred, models.Model):
    post = models.ForeignKey("posts.Post", models.CASCADE, related_name="comments")
    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="comments")
    body_md = models.TextField()
    body_html = models.TextField(blank=True)
    rendered_for_world = models.BooleanField(default=False, db_default=False)
    linked = ArrayField(models.PositiveIntegerField(), null=True)  # the numbers of posts that the HTML links to
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = CommentQuerySet.as_manager()

    if TYPE_CHECKING:
        shown_stars: list[Star]  # where scoping.py brought them along

    class Meta:
        indexes = [
            models.Index(fields=["post", "created_at"], name="comment_thread"),
            models.Index(fields=["created_by", "-created_at"], name="comment_of_member"),
            # None in a closed team, so that hiding a post looks at nothing there.
            models.Index(fields=["post"], condition=Q(rendered_for_world=True), name="comment_for_world"),
        ]

    def __str__(self) -> str:
        return f"#comment-{self.pk}"

    def get_absolute_url(self) -> str:
        return f"{self.post.get_absolute_url()}#comment-{self.pk}"

    @property
    def team(self) -> Any:
        return self.post.team

    @property
    def version(self) -> int:
        """Grows with each edit, and from one comment of a post to the next: all are written behind the lock of the post."""
        return version_of(self.updated_at)

    @property
    def stargazers(self) -> "list[Member]":
        return stargazers_of(self.shown_stars) if self.stars_count else []

    @property
    def quotes(self) -> list[Quote]:
        return quotes_of(self.shown_stars) if self.stars_count else []

    def can_be_changed_by(self, member: "Member | None") -> bool:
        """Its author changes it; owners may, too."""
        return member is not None and (member.pk == self.created_by_id or member.is_owner)

    @transaction.atomic
    def edit(self, *, by: "Member", body_md: str, author: "Member | None" = None, base_body: str | None = None) -> bool:
        """Save what somebody wrote; whether it was merged with somebody else's.

        `base_body` is the text they began with. If the comment has another one since, the two are merged; lines that
        clash raise CommentClash and save nothing. Without a base, as from the API, the last writer wins.
        """
        self.post.lock()
        # The whole row anew: its text, and stars that came since.
        fresh = Comment.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
        if fresh is None:
            raise ValidationError(_("This comment was removed in the meantime."), "gone")
        for column in self._meta.concrete_fields:
            setattr(self, column.attname, getattr(fresh, column.attname))
        merged = base_body is not None and _lines(base_body) != self.body_md
        if merged:
            result = merge.merge(_lines(base_body or ""), _lines(body_md), self.body_md, labels=("yours", "theirs"))
            if result.overlapped:
                raise CommentClash(self, merged=result.text, mine=body_md)
            body_md = result.text
        self.body_md = body_md
        self.created_by = author or self.created_by
        self.updated_at = timezone.now()
        self._settle()
        self.record("update", by=by)
        return merged

    @transaction.atomic
    def remove(self, *, by: "Member") -> None:
        """Once: of two who remove it at the same time, the second finds it gone and counts nothing."""
        self.post.lock(alive=False)
        # With the key, so that nobody stars it meanwhile.
        if not Comment.objects.select_for_update().only("pk").filter(pk=self.pk).first():
            return
        type(self.post)._base_manager.filter(pk=self.post_id).update(comments_count=F("comments_count") - 1)
        self.record("delete", by=by, post=self.post.number)
        self.delete()
        self.post.refresh_search()

    def hearers_of(self, event: "Event") -> "list[Hearers]":
        """Of a new one, the mentioned and the watchers of the post; of an edited one, whoever is mentioned now; of a star, its author."""
        if event.action == "comment_star":
            return [(Notice.STAR, self.post.team.members.filter(pk=self.created_by_id))]
        lists: list[Hearers] = [
            (Notice.MENTION, self.post.newly_mentioned(event, Mention.objects.filter(comment=self)))
        ]
        if event.action == "comment_create":
            lists.append((Notice.COMMENT, self.post.watchers_at(event.created_at)))
        return lists

    @property
    def thread(self) -> Eventful:
        return self.post

    @property
    def title_in_notices(self) -> str:
        return self.post.title_in_notices

    def address_in_notices(self) -> str:
        return self.get_absolute_url() if self.post.deleted_at is None else self.post.address_in_notices()

    def excerpt_of(self, event: "Event", *, whole: bool = False) -> str:
        if event.action == "comment_star" and event.particulars.get("body"):
            return str(event.particulars["body"])
        return self.body_md if whole else first_lines(self.body_html)

    def mailed_of(self, event: "Event", address: str) -> str:
        return "" if event.action == "comment_star" else for_mail(self.body_html, address)

    def payload_of(self, event: "Event") -> dict[str, Any] | None:
        from posts import json
        from teams.json import hook_user_json

        return {
            "post": json.hook_post_json(self.post, url=self.post.team.url(self.get_absolute_url())),
            "comment": json.hook_comment_json(self),
            "user": hook_user_json(event.actor),
        }

    @classmethod
    def for_notices(cls) -> "CommentQuerySet":
        return cls.objects.for_display().defer("post__body_md", "post__body_html", "post__toc", "body_md")

    def render_for(self, *, world: bool) -> None:
        """Before a page shows it to the world: HTML with titles that the world may not know is made anew."""
        if world and not self.rendered_for_world:
            if not condition.current().writable:
                self._render()
                return
            with transaction.atomic():
                if fresh := Comment.objects.select_for_update(no_key=True).filter(pk=self.pk).first():
                    self.body_md = fresh.body_md
                    self._render()
                    self.save(update_fields=["body_html", "rendered_for_world", "linked"])

    def _render(self) -> markdown.Rendered:
        options = markdown.Options(plantuml_url=settings.PLANTUML_URL, prefix=f"c{self.pk}-")
        rendered = markdown.render(self.body_md, TeamLinks(self.post.team), options=options)
        self.body_html, self.linked = rendered.html, sorted(n for n in rendered.references if n < 2**31)
        self.rendered_for_world = self.post.team.open
        return rendered

    def _settle(self) -> None:
        self.body_md = _lines(self.body_md)
        if not self.body_md.strip():
            raise ValidationError(_("Write something first."), "blank")
        if len(self.body_md) > min(MAX_LENGTH, settings.MAX_BODY_LENGTH) or "\x00" in self.body_md:
            raise ValidationError(_("This comment is too long."), "too_long")
        if self._state.adding:
            self.save()  # its anchors carry its number, for many texts share a page
        rendered = self._render()
        self.save()
        self.post.watch_by_itself(self.created_by)
        Mention.replace(self.post, rendered.mentions, comment=self)
        self.post.refresh_search()


class Commented(models.Model):
    """What a post can do with comments."""

    comments_count = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        comments: Any

    @transaction.atomic
    def comment(self: "Post", *, by: "Member", body_md: str) -> Comment:  # type: ignore[misc]
        self.lock()
        comment = Comment(post=self, created_by=by, body_md=body_md)
        comment._settle()
        type(self)._base_manager.filter(pk=self.pk).update(comments_count=F("comments_count") + 1)
        self.refresh_from_db(fields=["comments_count"])
        comment.record("create", by=by)
        return comment

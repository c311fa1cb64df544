"""A post: a document of a team, from its first words as WIP to its place in the archive."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from celery import shared_task
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from esa import condition, markdown
from posts import merge, title
from posts.glimpses import for_mail
from posts.links import TeamLinks
from posts.models.category import Category
from posts.models.comment import Comment, Commented
from posts.models.mention import Mention
from posts.models.reference import Reference
from posts.models.revision import Revised, Revision
from posts.models.sharing import Shared
from posts.models.star import Starred, StarredQuerySet
from posts.models.tag import Tag
from posts.models.watch import PlaceWatch, Watch, Watched, WatchedQuerySet
from teams.models import Notification
from teams.models.notification import Kind as Notice

if TYPE_CHECKING:
    from teams.models import Event, Member
    from teams.models.event import Hearers

CREATED, UPDATED, ARCHIVED, UNARCHIVED, SHIPPED, UNSHIPPED, APPENDED = (
    "Create post.",
    "Update post.",
    "Archived!",
    "Moved back from the archive.",
    "Ship It!",
    "Back to WIP.",
    "Updated via API.",
)  # esa's own words in every language: API clients compare them
SKIP_NOTICE = "[skip notice]"
TEMPLATES = "Templates"
ROW = (
    *("team", "number", "category", "name", "tags", "wip", "updated_at", "created_by"),
    *("tasks_count", "done_tasks_count", "comments_count", "stars_count"),
    *("created_by__screen_name", "created_by__name"),
)
RENDERED_AT_ONCE = 100
EXCERPT = 600
"""Characters of a text that a mail shows."""


class PostGone(ValidationError):
    """The post was deleted while somebody wrote; the text goes back to them."""

    def __init__(self) -> None:
        super().__init__(_("This post was deleted in the meantime. Restore it from the bin to save."), "gone")


class Clash(Exception):  # named as the product speaks
    """Two people changed the same lines. Nothing was saved; here is everything of both."""

    def __init__(self, *, post: "Post", merged: merge.Merged, mine: "Draft", base_number: int) -> None:
        super().__init__("the same lines were changed by two people")
        self.post, self.merged, self.mine, self.base_number = post, merged, mine, base_number


@dataclass(frozen=True)
class Draft:
    """What a writer wants the post to be. None leaves a thing as it is."""

    category: str | None = None
    name: str | None = None
    tags: list[str] | None = None
    body_md: str | None = None
    wip: bool | None = None
    message: str = ""


@dataclass(frozen=True)
class Saved:
    """What became of a save: its revision, whether it was merged with somebody else's, whether lines clashed."""

    revision: Revision
    merged: bool = False
    overlapped: bool = False


@dataclass(frozen=True)
class Standing:
    """What a post counts as, before and after a verb."""

    category: str
    tags: list[str] = field(default_factory=list)
    alive: bool = True
    wip: bool = True
    author: int = 0

    @property
    def weights(self) -> tuple[int, int]:
        return int(self.alive), int(self.alive and not self.wip)


class PostQuerySet(StarredQuerySet, WatchedQuerySet):  # type: ignore[override]
    def alive(self) -> Self:
        """Not in the bin."""
        return self.filter(deleted_at=None)

    def in_bin(self) -> Self:
        return self.exclude(deleted_at=None)

    def shipped(self) -> Self:
        return self.filter(wip=False)

    def not_archived(self) -> Self:
        return self.exclude(Q(category=title.ARCHIVE) | Q(category__startswith=f"{title.ARCHIVE}/"))

    def templates(self) -> Self:
        """Shipped posts under Templates/ that are not its README."""
        return self.shipped().in_category(TEMPLATES).exclude(name__istartswith="README")

    def in_category(self, path: str) -> Self:
        """In a category or below it; `dev` is not `dev-secret`."""
        return self.filter(Q(category=path) | Q(category__startswith=f"{path}/"))

    def before(self, category: str, name: str, number: int) -> Self:
        """The one before a post in its category, by name."""
        same = self.filter(category=category).filter(Q(name__lt=name) | Q(number__lt=number), name__lte=name)
        return same.only("team", "number", "name", "wip").order_by("-name", "-number")[:1]

    def after(self, category: str, name: str, number: int) -> Self:
        same = self.filter(category=category).filter(Q(name__gt=name) | Q(number__gt=number), name__gte=name)
        return same.only("team", "number", "name", "wip").order_by("name", "number")[:1]

    def readmes_of(self, category: str) -> Self:
        """The posts that introduce a category on its page: the first of them does."""
        return self.filter(category=category, name__istartswith="README").order_by("name", "number")

    def readme_of(self, category: str) -> "Post | None":
        return self.readmes_of(category).first()

    def by(self, member: "Member") -> Self:
        return self.filter(created_by=member)

    def for_display(self) -> Self:
        """Everything a page of one post shows."""
        return self.select_related("team", "created_by__user", "updated_by__user", "sharing")

    def for_row(self) -> Self:
        """What a row of a page shows, and no more."""
        people = ("created_by__user__" + name for name in ("name", "screen_name", "icon"))
        return self.select_related("created_by__user").only(*ROW, "created_by__user_id", *people)

    def for_list(self) -> Self:
        """Everything a row shows; texts stay where they are."""
        return self.for_display().defer("body_md", "body_html", "toc")


class Post(Revised, Starred, Watched, Shared, Commented, models.Model):
    class Kind(models.TextChoices):
        STOCK = "stock", _("Stock")
        FLOW = "flow", _("Flow")

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="posts")
    number = models.PositiveIntegerField(editable=False)
    category = models.CharField(max_length=300, blank=True)  # "dev/2026/11", no outer slashes, NFC; "" is none
    name = models.CharField(max_length=255)  # a literal / or # is &#47; or &#35;
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)  # in the writer's order
    wip = models.BooleanField(default=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.STOCK)
    message = models.CharField(max_length=500, blank=True)  # of the newest revision

    body_md = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    toc = models.JSONField(default=list)
    renderer_version = models.PositiveIntegerField(default=0)
    rendered_for_world = models.BooleanField(default=False)  # whether titles of WIP posts were left out of the HTML
    tasks_count = models.PositiveIntegerField(default=0)
    done_tasks_count = models.PositiveIntegerField(default=0)

    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="posts")
    updated_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    shipped_at = models.DateTimeField(null=True, blank=True)  # first time
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey("teams.Member", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "number"], name="one_post_per_number")]
        indexes = [
            models.Index(fields=["team", "-updated_at"], condition=Q(deleted_at=None), name="post_recent"),
            models.Index(fields=["team", "category", "name"], condition=Q(deleted_at=None), name="post_in_category"),
            models.Index(fields=["created_by", "-updated_at"], condition=Q(deleted_at=None), name="post_of_member"),
            models.Index(fields=["team", "-deleted_at"], condition=Q(deleted_at__isnull=False), name="post_in_bin"),
            # The orders of search by counters: the first page must not sort the whole team.
            *(
                models.Index(
                    fields=["team", f"-{count}_count", "-updated_at", "-id"],
                    condition=Q(deleted_at=None),
                    name=f"post_by_{count}",
                )
                for count in ("stars", "watches", "comments")
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.number])

    @property
    def url(self) -> str:
        """The permalink, absolute."""
        return self.team.url(self.get_absolute_url())

    @property
    def full_name(self) -> str:
        return title.compose(self.category, self.name, self.tags)

    @property
    def archived(self) -> bool:
        return title.is_archived(self.category)

    @property
    def is_template(self) -> bool:
        return title.is_within(self.category, TEMPLATES) and not self.name.upper().startswith("README")

    # --- Verbs --------------------------------------------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def write(
        cls,
        *,
        by: "Member",
        name: str,
        category: str = "",
        tags: Iterable[str] = (),
        body_md: str = "",
        wip: bool = True,
        message: str = "",
        via: str = Revision.Via.WEB,
        created_by: "Member | None" = None,
        updated_by: "Member | None" = None,
        at: datetime | None = None,
        changed_at: datetime | None = None,
        number: int | None = None,
    ) -> "Post":
        """Create a post, number it, and let its author watch it. The moments, `number` and the authors are for imports."""
        author = created_by or by
        now = at or timezone.now()
        post = cls(
            team=by.team,
            number=number or by.team.next_post_number(),
            created_by=author,
            updated_by=updated_by or author,
            created_at=now,
            wip=wip,
            watches_count=1,
        )
        post._take(Draft(category, name, list(tags), body_md, wip, message or CREATED))
        post._settle(by=post.updated_by, via=via, at=max(now, changed_at or now), before=None)
        post.record("create", by=by, quiet=post._is_quiet, revision=1, wip=post.wip, message=post.message)
        return post

    @transaction.atomic
    def revise(
        self,
        draft: Draft,
        *,
        by: "Member",
        base_number: int | None = None,
        base_body: str | None = None,
        save_clash: bool = False,
        via: str = Revision.Via.WEB,
        updated_by: "Member | None" = None,
        created_by: "Member | None" = None,
        at: datetime | None = None,
    ) -> Saved:
        """Save what somebody wrote as a new revision.

        `base_number` is the revision they began with (`base_body` its text, where only that is known, as in the API's
        original_revision). If the post moved on since, the two are merged; lines that clash raise Clash and save
        nothing, or with `save_clash` are saved with both sides marked. Without a base the last writer wins.
        """
        self.lock()
        before = self._standing
        draft, merged, overlapped = self._merge(draft, base_number, base_body, save_clash=save_clash)
        known_as = (self.category, self.name, self.wip)
        self._take(draft)
        if renamed := known_as != (self.category, self.name, self.wip):
            self._outdate_links()
        if created_by:
            self.created_by = created_by
        self.updated_by = updated_by or by
        revision = self._settle(by=self.updated_by, via=via, at=at or timezone.now(), before=before)
        self.record(
            "update",
            by=by,
            quiet=self._is_quiet,
            revision=revision.number,
            wip=self.wip,
            shipped=before.wip and not self.wip,
            message=self.message,
            renamed=renamed,
        )
        return Saved(revision, merged=merged, overlapped=overlapped)

    @transaction.atomic
    def ship(self, *, by: "Member", message: str = "", via: str = Revision.Via.WEB) -> None:
        """Ship It! without changing the text; once, however often it is pressed."""
        self.lock()
        if self.wip:
            self.revise(Draft(wip=False, message=message or SHIPPED), by=by, via=via)

    @transaction.atomic
    def unship(self, *, by: "Member", via: str = Revision.Via.WEB) -> None:
        """Back to WIP: nobody is told, and an open team's world no longer sees it."""
        self.lock()
        if not self.wip:
            self.revise(Draft(wip=True, message=UNSHIPPED), by=by, via=via)

    def append(
        self, content: str, *, by: "Member", wip: bool | None = None, message: str = "", via: str = "api"
    ) -> Saved:
        """Glue text to the end as it is; under the lock, so that two at once both stay."""
        return self._glue(content, by=by, wip=wip, message=message, via=via, at_end=True)

    def prepend(
        self, content: str, *, by: "Member", wip: bool | None = None, message: str = "", via: str = "api"
    ) -> Saved:
        return self._glue(content, by=by, wip=wip, message=message, via=via, at_end=False)

    @transaction.atomic
    def archive(self, *, by: "Member", message: str = "", via: str = Revision.Via.WEB) -> None:
        """Move to Archived/…; an archived post stays as it is."""
        self.lock()
        if self.archived:
            return
        before = self._standing
        inherited = message.strip() or self.message
        self._take(Draft(message=ARCHIVED if inherited in {"", CREATED, UPDATED} else inherited))
        self.category = title.archived_path(self.category)
        self._outdate_links()
        self.updated_by = by
        revision = self._settle(by=by, via=via, at=timezone.now(), before=before)
        self.record(
            "archive", by=by, quiet=self._is_quiet, revision=revision.number, message=self.message, renamed=True
        )

    @transaction.atomic
    def move(self, category: str, *, by: "Member", message: str = "") -> None:
        self.revise(Draft(category=category, message=message), by=by)

    @transaction.atomic
    def unarchive(self, *, by: "Member") -> None:
        """Move back out of Archived/…; a post that is not there stays as it is."""
        self.lock()
        if self.archived:
            self.revise(Draft(category=title.moved(self.category, title.ARCHIVE, ""), message=UNARCHIVED), by=by)

    @transaction.atomic
    def roll_back(
        self,
        revision: Revision,
        *,
        by: "Member",
        wip: bool | None = None,
        message: str = "",
        via: str = Revision.Via.WEB,
    ) -> Saved:
        """Make an old revision the newest, as a new one; history is never cut."""
        self.lock()
        if revision.number == self.revision_number:
            raise ValidationError(_("This is the newest revision already."), "newest")
        draft = Draft(
            revision.category,
            revision.name,
            revision.tags,
            revision.body_md,
            revision.wip if wip is None else wip,
            message or f"Roll back to rev {revision.number}: {revision.message}"[:500],
        )
        return self.revise(draft, by=by, via=via)

    @transaction.atomic
    def trash(self, *, by: "Member") -> None:
        """Put the post into the bin. Its number stays its own; restore brings everything back."""
        self.lock(alive=False)
        if self.deleted_at:
            return
        before = self._standing
        self._outdate_links()
        self.deleted_at, self.deleted_by = timezone.now(), by
        self.save(update_fields=["deleted_at", "deleted_by"])
        self._count(before)
        self.refresh_search()
        self.record("delete", by=by, quiet=self.wip, wip=self.wip, renamed=True)

    @transaction.atomic
    def restore(self, *, by: "Member") -> None:
        self.lock(alive=False)
        if not self.deleted_at:
            return
        before = self._standing
        self.deleted_at = self.deleted_by = None
        self.save(update_fields=["deleted_at", "deleted_by"])
        self._count(before)
        self.refresh_search()
        self.record("restore", by=by, quiet=self.wip, wip=self.wip, renamed=True)

    @transaction.atomic
    def toggle_task(self, ordinal: int, *, checked: bool, revision_number: int, by: "Member") -> Saved:
        """Tick a box in the rendered post: one byte of the text, a quiet revision. Refused if the text moved on."""
        self.lock()
        if revision_number != self.revision_number:
            raise ValidationError(_("This post was changed in the meantime. Reload it and try again."), "stale")
        body = markdown.toggle_task(self.body_md, ordinal, checked)
        return self.revise(
            Draft(body_md=body, message=f"{'Check' if checked else 'Uncheck'} a task. {SKIP_NOTICE}"), by=by
        )

    # --- Queries ------------------------------------------------------------------------------------------------------

    def backlinks(self) -> PostQuerySet:
        """Posts that link here, newest reference first; WIP and archived ones do not count."""
        posts: PostQuerySet = self.team.posts.alive().shipped().not_archived()
        return posts.filter(references__target=self).order_by("-references__created_at", "-pk")

    def watchers_at(self, when: datetime) -> "models.QuerySet[Member]":
        """Who heard of changes and comments then; authors, commenters and the mentioned are among them, unless they muted it."""
        members: models.QuerySet[Member] = self.team.members.filter(
            watches__post=self, watches__muted=False, watches__created_at__lte=when
        )
        return members

    def hearers_of(self, event: "Event") -> "list[Hearers]":
        """Of a star, whoever wrote the post. Else the newly mentioned, those who watch its place when it is shipped, watchers."""
        unmuted = self.team.members.exclude(watches__in=Watch.objects.filter(post=self, muted=True))
        if event.action == "post_star":
            return [(Notice.STAR, unmuted.filter(pk=self.created_by_id))]
        lists: list[Hearers] = [(Notice.POST, self.watchers_at(event.created_at))]
        if event.action in {"post_create", "post_update"}:
            lists.insert(
                0, (Notice.MENTION, self.newly_mentioned(event, Mention.objects.filter(post=self, comment=None)))
            )
            if event.action == "post_create" or event.particulars.get("shipped"):
                lists.insert(1, (Notice.NEW, unmuted.filter(pk__in=PlaceWatch.watchers_of(self))))
        return lists

    def newly_mentioned(self, event: "Event", mentions: "models.QuerySet[Mention]") -> "models.QuerySet[Member]":
        """Watchers who are named in the text that the event is about, and were not told of that before."""
        told = Notification.objects.filter(
            kind=Notice.MENTION, event__subject_type=event.subject_type_id, event__subject_id=event.subject_id
        )
        watchers = self.watchers_at(event.created_at).filter(mentions__in=mentions)
        return watchers.exclude(pk__in=told.values("member"))

    @property
    def title_in_notices(self) -> str:
        return title.unescape(title.compose(self.category, self.name))

    def address_in_notices(self) -> str:
        return reverse("binned_post" if self.deleted_at else "post", args=[self.number])

    def excerpt_of(self, event: "Event", *, whole: bool = False) -> str:
        if event.action == "post_star":
            return str(event.particulars.get("body", ""))
        said = str(event.particulars.get("message", "")).replace(SKIP_NOTICE, "").strip()
        if said in {CREATED, UPDATED, SHIPPED, ARCHIVED, APPENDED}:
            said = ""
        if whole and event.action != "post_delete":
            return "\n\n".join(filter(None, [said, self._at(event).body_md.strip()[:EXCERPT]]))
        return said

    def mailed_of(self, event: "Event", address: str) -> str:
        if event.action in {"post_star", "post_delete"}:
            return ""
        said, text = self.excerpt_of(event), for_mail(self._at(event).body_html, address)
        return format_html("<p>{}</p>{}", said, text) if said else text

    def payload_of(self, event: "Event") -> dict[str, Any] | None:
        from posts import json
        from teams.json import hook_user_json

        user = hook_user_json(event.actor)
        if event.action == "post_delete":
            return {"post": json.hook_gone_json(self), "user": user}
        changed = event.action == "post_update"
        diff_url = self.team.url(f"{self.get_absolute_url()}/revisions/{event.particulars.get('revision')}")
        post = json.hook_post_json(self, state=self._at(event), diff_url=diff_url if changed else "")
        # The message of this very change, though the post may have moved on.
        post["message"] = event.particulars.get("message", post["message"])
        if url := event.particulars.get("url"):
            return {"post": post, "sharing": {"url": url}, "user": user}
        return {"post": post, "user": user}

    def fits(self, event: "Event", *, category: str, tag: str, query: str) -> bool:
        from posts.search import matching

        return (
            (not category or title.is_within(self.category, category))
            and (not tag or tag.casefold() in {each.casefold() for each in self.tags})
            and (not query or (self.deleted_at is None and matching.fits(self, query)))
        )

    @classmethod
    def for_notices(cls) -> "PostQuerySet":
        return cls.objects.for_list()

    def react(self, event: "Event") -> None:
        """In the worker: posts that show this one's title get the new one."""
        if event.particulars.get("renamed"):
            self._outdate_links()  # again, for a reader's page may have been made while the verb was at work
            render_referrers.delay(self.pk)

    @transaction.atomic
    def render_again(self) -> None:
        """Derive the HTML anew (other renderer, other titles); no revision, for the text is the same."""
        self.lock(alive=False)
        # Before the titles are read: one that changes from now on marks the reference again.
        if any(self.references.hold().values_list("outdated", flat=True)):
            self.references.filter(outdated=True).update(outdated=False)
        Reference.replace(self, self._render().references)
        self.save(
            update_fields=[
                "body_html",
                "toc",
                "renderer_version",
                "rendered_for_world",
                "tasks_count",
                "done_tasks_count",
            ]
        )

    def render_for(self, *, world: bool) -> None:
        """Before a page shows it: HTML of an older renderer, or with titles that the world may not know, is made anew."""
        if self.renderer_version != markdown.RENDERER_VERSION or (world and not self._fit_for_world):
            if condition.current().writable:
                self.render_again()
            else:
                self._render()

    def refresh_search(self) -> None:
        """Bring the search row up to date, in the same transaction as the change."""
        from posts.search import index

        index.refresh(self)

    # --- Inside -------------------------------------------------------------------------------------------------------

    def _at(self, event: "Event") -> "Post | Revision":
        """As the event left it: what was saved since, perhaps as WIP, is not told along with it."""
        number = event.particulars.get("revision", self.revision_number)
        then = self.revisions.filter(number=number).first() if number != self.revision_number else None
        if then:
            then.render_if_old()
        return then or self

    @property
    def _is_quiet(self) -> bool:
        return self.wip or SKIP_NOTICE in self.message

    @property
    def _fit_for_world(self) -> bool:
        """Whether the HTML says only what the world may know. The worker renders anew as well, but the world cannot wait for it."""
        return self.rendered_for_world and not self.references.filter(outdated=True).exists()

    def _outdate_links(self) -> None:
        """Texts that show this one's title are made anew before the world reads them. Their own rows stay as they are,
        for somebody may be writing there; what somebody comments waits for nothing that is held here.
        Called before anything but the post is locked, and holds its own links, too, which the verb may go on to change.
        """
        if list(Reference.objects.filter(Q(target=self) | Q(source=self)).hold().values_list("pk")):
            self.referrers.update(outdated=True)
        shown = Comment.objects.filter(post__team=self.team_id, rendered_for_world=True, linked__contains=[self.number])
        if told := list(shown.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)):
            Comment.objects.filter(pk__in=told).update(rendered_for_world=False)

    @property
    def _standing(self) -> Standing:
        return Standing(self.category, list(self.tags), self.deleted_at is None, self.wip, self.created_by_id)

    def lock(self, *, alive: bool = True) -> None:
        """Queue up with other writers and see what they left."""
        # Not the key: a post that links here is stored meanwhile, and two that link to each other do not deadlock.
        fresh = Post.objects.select_for_update(of=("self",), no_key=True).get(pk=self.pk)
        for column in self._meta.concrete_fields:
            setattr(self, column.attname, getattr(fresh, column.attname))
        if alive and self.deleted_at:
            raise PostGone

    def _merge(
        self, draft: Draft, base_number: int | None, base_body: str | None, *, save_clash: bool
    ) -> tuple[Draft, bool, bool]:
        """What to save when somebody else saved first: (draft, merged, overlapped)."""
        if (base_number is None and base_body is None) or base_number == self.revision_number:
            return draft, False, False
        base = self.revisions.filter(number=base_number).first() if base_number else None
        if base_body is None and base is None:
            raise ValidationError(_("The revision that you began with does not exist."), "base")
        text = draft.body_md
        overlapped = False
        if text is not None:
            result = merge.merge(
                base.body_md if base_body is None and base else base_body or "",
                text,
                self.body_md,
                labels=(_label(draft.message, "yours"), f"rev{self.revision_number}"),
            )
            text, overlapped = result.text, result.overlapped
            if overlapped and not save_clash:
                raise Clash(post=self, merged=result, mine=draft, base_number=base_number or 0)
        if base is None:
            return _replace(draft, body_md=text), True, overlapped
        kept = {
            name: None if getattr(draft, name) == getattr(base, name) else getattr(draft, name)
            for name in ("category", "name", "wip")
        }
        tags = draft.tags
        if tags is not None:
            added = [tag for tag in tags if tag not in base.tags]
            removed = {tag for tag in base.tags if tag not in tags}
            tags = [tag for tag in self.tags if tag not in removed] + [tag for tag in added if tag not in self.tags]
        return Draft(body_md=text, tags=tags, message=draft.message, **kept), True, overlapped

    def _take(self, draft: Draft) -> None:
        """Check and take over what a draft gives."""
        if draft.name is not None or draft.category is not None or draft.tags is not None:
            try:
                self.category = title.normalize_category(self.category if draft.category is None else draft.category)
                self.name = title.normalize_name(self.name if draft.name is None else draft.name)
                self.tags = list(title.normalize_tags(self.tags if draft.tags is None else draft.tags))
            except title.TitleError as problem:
                raise ValidationError(problem.message, problem.code) from problem
        if draft.body_md is not None:
            body = draft.body_md.replace("\r\n", "\n").replace("\r", "\n")
            if len(body) > settings.MAX_BODY_LENGTH:
                raise ValidationError(
                    _("The text has %(length)s characters; %(limit)s are allowed. Split it into several posts."),
                    "too_long",
                    {"length": len(body), "limit": settings.MAX_BODY_LENGTH},
                )
            if "\x00" in body or not _is_unicode(body):
                raise ValidationError(_("The text contains a character that cannot be stored."), "nul")
            self.body_md = body
        if draft.wip is not None:
            self.wip = draft.wip
        message = draft.message.replace("\x00", "").strip() or UPDATED
        if len(message) > 500 or not _is_unicode(message):
            raise ValidationError(_("The change message has more than 500 characters."), "message")
        self.message = message

    def _settle(self, *, by: "Member", via: str, at: datetime, before: Standing | None) -> Revision:
        """Store the present state: row, revision, counts, references, mentions and search together."""
        self.kind = title.kind_of(self.category, self.name)
        self.updated_at = at
        self.revision_number += 1
        if not self.wip and self.shipped_at is None:
            self.shipped_at = at
        rendered = self._render()
        self.save()
        if before is None:
            self.watches.create(member_id=self.created_by_id)
        revision = self.keep_revision(by=by, via=via)
        # Links before counts, as in every verb: who held a count and waited for a link would deadlock with the others.
        if before or rendered.references:
            Reference.replace(self, rendered.references)
        self._count(before)
        if before or rendered.mentions:
            Mention.replace(self, rendered.mentions)
        self.refresh_search()
        return revision

    def _render(self) -> markdown.Rendered:
        rendered = markdown.render(
            self.body_md, TeamLinks(self.team), options=markdown.Options(plantuml_url=settings.PLANTUML_URL)
        )
        self.body_html = rendered.html
        self.toc = [{"level": h.level, "anchor": h.anchor, "text": h.text} for h in rendered.toc]
        self.tasks_count, self.done_tasks_count = rendered.tasks_count, rendered.done_tasks_count
        self.renderer_version = markdown.RENDERER_VERSION
        self.rendered_for_world = self.team.open
        return rendered

    def _count(self, before: Standing | None) -> None:
        """Move the post from where it counted to where it counts now."""
        now = self._standing
        weights, gone = now.weights, (before.weights if before else (0, 0))
        changes: list[tuple[str, list[str], int, int]] = [(now.category, now.tags, *weights)]
        if before:
            changes.append((before.category, before.tags, -gone[0], -gone[1]))
        Category.shift(self.team, *[(category, more, shipped) for category, _tags, more, shipped in changes])
        Tag.shift(self.team, *[(tags, more, shipped) for _category, tags, more, shipped in changes])
        written = Counter({now.author: weights[0]})
        if before:
            written[before.author] -= gone[0]
        for author, more in sorted(written.items()):
            if more:
                self.team.members.filter(pk=author).update(posts_count=F("posts_count") + more)

    @transaction.atomic
    def _glue(self, content: str, *, by: "Member", wip: bool | None, message: str, via: str, at_end: bool) -> Saved:
        self.lock()
        content = content.replace("\r\n", "\n").replace("\r", "\n")
        body = self.body_md + content if at_end else content + self.body_md
        return self.revise(Draft(body_md=body, wip=wip, message=message or APPENDED), by=by, via=via)


@shared_task
def render_referrers(post_id: int, after: int = 0) -> None:
    """Render the posts that show one's title anew, each in a transaction of its own, so that nobody who writes waits for
    all of them; running twice is harmless."""
    referrers = Post.objects.alive().select_related("team").filter(references__target=post_id, pk__gt=after)
    batch = list(referrers.order_by("pk")[:RENDERED_AT_ONCE])
    for post in batch:
        post.render_again()
    if len(batch) == RENDERED_AT_ONCE:
        render_referrers.delay(post_id, batch[-1].pk)


def _is_unicode(text: str) -> bool:
    """Half a surrogate pair can come in as JSON's \\ud83d, and no database stores it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _label(message: str, otherwise: str) -> str:
    return message.splitlines()[0][:60] if message and message not in {UPDATED, SHIPPED} else otherwise


def _replace(draft: Draft, *, body_md: str | None) -> Draft:
    return Draft(draft.category, draft.name, draft.tags, body_md, draft.wip, draft.message)

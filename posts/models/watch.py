"""Watches: who hears about a post. A mute is remembered, so that commenting again does not bring the watch back."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from posts import title

if TYPE_CHECKING:
    from posts.models.post import Post
    from posts.models.saved_search import SavedSearch
    from teams.models import Member


class Watch(models.Model):
    post = models.ForeignKey("posts.Post", models.CASCADE, related_name="watches")
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="watches")
    muted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "member"], name="one_watch_per_member")]
        indexes = [models.Index(fields=["member", "-created_at"], name="watch_of_member")]

    def __str__(self) -> str:
        return f"👁 {self.member_id}"


class Watched(models.Model):
    """What a post can do with watchers."""

    watches_count = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        watches: Any
        watched: bool

    @transaction.atomic
    def watch(self, *, by: "Member") -> None:
        """Asked for: also takes back a mute."""
        self._set_watch(by, muted=False)

    @transaction.atomic
    def unwatch(self, *, by: "Member") -> None:
        """No more of this, also not by commenting or being the author."""
        self._set_watch(by, muted=True)

    @transaction.atomic
    def watch_by_itself(self, member: "Member") -> None:
        """For authors, commenters and the mentioned, unless they muted the post or already watch it.

        The caller holds the post's lock, as `_set_watch` does: who inserts a watch first and waits for the post then,
        deadlocks with who holds the post and wants that watch.
        """
        self.watch_by_themselves([member])

    def watch_by_themselves(self, members: "Iterable[Member]") -> None:
        """As above, for many in as many queries as for one."""
        here = {member.pk for member in members}
        new = here - set(self.watches.filter(member__in=here).values_list("member", flat=True))
        if new:
            Watch.objects.bulk_create([Watch(post_id=self.pk, member_id=member) for member in sorted(new)])
            self._count_watches(len(new))

    def _set_watch(self, member: "Member", *, muted: bool) -> None:
        type(self)._base_manager.select_for_update(no_key=True).only("pk").get(pk=self.pk)
        watch, created = Watch.objects.select_for_update().get_or_create(
            post_id=self.pk, member=member, defaults={"muted": muted}
        )
        if created:
            self._count_watches(0 if muted else 1)
        elif watch.muted != muted:
            watch.muted = muted
            watch.save(update_fields=["muted"])
            self._count_watches(-1 if muted else 1)

    def _count_watches(self, more: int) -> None:
        type(self)._base_manager.filter(pk=self.pk).update(watches_count=F("watches_count") + more)
        self.refresh_from_db(fields=["watches_count"])


class WatchedQuerySet(models.QuerySet[Any]):
    def with_watch_of(self, member: "Member | None") -> Self:
        """Whether this member watches it, as `watched`."""
        if member is None:
            return self.annotate(watched=models.Value(False))
        return self.annotate(watched=Exists(Watch.objects.filter(post=OuterRef("pk"), member=member, muted=False)))

    def watched_by(self, member: "Member") -> Self:
        return self.filter(Exists(Watch.objects.filter(post=OuterRef("pk"), member=member, muted=False)))


class PlaceWatch(models.Model):
    """A member wants to hear of whatever is shipped in a category and below it, or found by a saved search."""

    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="place_watches")
    category = models.CharField(max_length=300, blank=True)
    search = models.ForeignKey("posts.SavedSearch", models.CASCADE, null=True, blank=True, related_name="watches")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(category="", search__isnull=False) | (~Q(category="") & Q(search=None)),
                name="place_is_a_category_or_a_search",
            ),
            models.UniqueConstraint(
                fields=["member", "category"], condition=Q(search=None), name="one_watch_per_category"
            ),
            models.UniqueConstraint(fields=["member", "search"], name="one_watch_per_search"),
        ]
        indexes = [models.Index(fields=["category"], condition=Q(search=None), name="place_watch_of_category")]

    def __str__(self) -> str:
        return self.category or str(self.search)

    @classmethod
    def watchers_of(cls, post: "Post") -> list[int]:
        """The members who watch a place that this post is in."""
        from posts.search import matching

        mine = cls.objects.filter(member__team=post.team_id)
        paths = [*title.ancestors(post.category), post.category] if post.category else []
        members = set(mine.filter(search=None, category__in=paths).values_list("member", flat=True)) if paths else set()
        for watch in mine.exclude(search=None).select_related("search", "member"):
            if (
                watch.search
                and watch.member_id not in members
                and matching.fits(post, watch.search.query, watch.member)
            ):
                members.add(watch.member_id)
        return sorted(members)

    @classmethod
    def put(cls, member: "Member", *, category: str = "", search: "SavedSearch | None" = None) -> None:
        cls.objects.get_or_create(member=member, category=category, search=search)

    @classmethod
    def drop(cls, member: "Member", *, category: str = "", search: "SavedSearch | None" = None) -> None:
        cls.objects.filter(member=member, category=category, search=search).delete()

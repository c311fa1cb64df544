"""Sharing: whoever has the address reads one post, as a text and as slides, without an account."""

import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from esa import markdown
from posts.links import TeamLinks
from posts.models.attachment import SignedTexts

if TYPE_CHECKING:
    from teams.models import Member

FILES_SECONDS = 3600
"""How long a shared page opens the members-only files that it shows."""


def new_key() -> str:
    return secrets.token_hex(16)


class Sharing(models.Model):
    post = models.OneToOneField("posts.Post", models.CASCADE, related_name="sharing")
    key = models.CharField(max_length=32, unique=True, default=new_key)
    created_by = models.ForeignKey("teams.Member", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.post_id} for the world"

    @property
    def url(self) -> str:
        return self.post.team.url(reverse("shared", args=[self.key]))

    @property
    def slides_url(self) -> str:
        return self.post.team.url(reverse("shared_slides", args=[self.key]))

    @property
    def html(self) -> str:
        """The text without anything of the team around it: no names of members, no titles of other posts."""
        post = self.post
        key = f"shared:{post.pk}:{post.revision_number}:{markdown.RENDERER_VERSION}"
        html = cache.get(key)
        if html is None:
            options = markdown.Options(plantuml_url=settings.PLANTUML_URL)
            html = markdown.render(post.body_md, WorldLinks(post.team), options=options).html
            cache.set(key, html, 600)
        return SignedTexts.of(post.team, [html], FILES_SECONDS).html(post, html)


class WorldLinks(TeamLinks):
    """A team's names as the world may know them: emoji and files only."""

    def prepare(self, *, posts: set[int], members: set[str], emoji: set[str]) -> None:
        super().prepare(posts=set(), members=set(), emoji=emoji)


class Shared:
    """What a post can do with the world."""

    if TYPE_CHECKING:
        pk: Any
        sharing: Sharing

        def record(self, verb: str, *, by: "Member", quiet: bool = False, **particulars: Any) -> Any: ...

    @transaction.atomic
    def share(self, *, by: "Member") -> Sharing:
        """Give the post an address for the world; sharing twice keeps the first."""
        sharing, created = Sharing.objects.get_or_create(post_id=self.pk, defaults={"created_by": by})
        self.sharing = sharing
        if created:
            self.record("start_sharing", by=by, url=sharing.url)
        return sharing

    @transaction.atomic
    def stop_sharing(self, *, by: "Member") -> None:
        """The address is dead for good; sharing again gives another."""
        deleted, _rows = Sharing.objects.filter(post_id=self.pk).delete()
        self.__dict__.get("_state").fields_cache.pop("sharing", None)  # type: ignore[union-attr]
        if deleted:
            self.record("stop_sharing", by=by)

    @property
    def shared(self) -> Sharing | None:
        return getattr(self, "sharing", None)

    @property
    def sharing_urls(self) -> dict[str, str] | None:
        return {"html": self.shared.url, "slides": self.shared.slides_url} if self.shared else None

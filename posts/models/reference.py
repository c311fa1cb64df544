"""Links between posts, kept when a post is rendered: backlinks, renames and exports read them."""

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from posts.models.post import Post


class ReferenceQuerySet(models.QuerySet["Reference"]):
    def hold(self) -> Self:
        """Lock them, in one order for everybody: posts that link to each other are renamed and rendered at the same time."""
        return self.select_for_update().order_by("pk")


class Reference(models.Model):
    source = models.ForeignKey("posts.Post", models.CASCADE, related_name="references")
    target = models.ForeignKey("posts.Post", models.CASCADE, related_name="referrers")
    created_at = models.DateTimeField(auto_now_add=True)
    # The target was renamed, un-shipped or put into the bin since the source was rendered: until that is done again,
    # the source shows a title that is no longer true, or no longer the world's to know.
    outdated = models.BooleanField(default=False, db_default=False)
    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target"], name="one_reference_per_pair")]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"

    @classmethod
    def replace(cls, source: "Post", numbers: list[int]) -> None:
        """Make the references of a post be those of its text; a link to itself is none."""
        targets = dict(
            source.team.posts.alive().filter(number__in=numbers).exclude(pk=source.pk).values_list("pk", "number")
        )
        kept = set(Reference.objects.filter(source=source).hold().values_list("target_id", flat=True))
        if gone := kept - targets.keys():
            Reference.objects.filter(source=source, target__in=gone).delete()
        Reference.objects.bulk_create(
            [Reference(source=source, target_id=pk) for pk in sorted(targets.keys() - kept)], ignore_conflicts=True
        )

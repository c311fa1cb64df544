"""Who is named in a post or a comment, kept when it is rendered, so that nobody scans texts for names."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models

from teams.models import Group

if TYPE_CHECKING:
    from posts.models.comment import Comment
    from posts.models.post import Post


class Mention(models.Model):
    post = models.ForeignKey("posts.Post", models.CASCADE, related_name="mentions")
    comment = models.ForeignKey("posts.Comment", models.CASCADE, null=True, blank=True, related_name="mentions")
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="mentions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["post", "comment", "member"], name="one_mention_per_text", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"@{self.member_id}"

    @classmethod
    def replace(cls, post: "Post", names: Iterable[str], *, comment: "Comment | None" = None) -> None:
        """Keep whom a text names now, themselves or through a group; each of them begins to watch the post."""
        named = list(Group.called(post.team, names))
        cls.objects.filter(post=post, comment=comment).exclude(member__in=named).delete()
        if named:
            Mention.objects.bulk_create(
                [Mention(post=post, comment=comment, member=m) for m in named], ignore_conflicts=True
            )
            post.watch_by_themselves(named)

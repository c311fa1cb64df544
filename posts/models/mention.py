"""Who is named in a post or a comment, kept when it is rendered, so that nobody scans texts for names."""

from django.db import models


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

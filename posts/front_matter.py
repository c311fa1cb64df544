"""The facts about a post in YAML above its Markdown, as /posts/12.md and exports give them."""

from typing import TYPE_CHECKING

import yaml
from django.utils import timezone

from posts import title

if TYPE_CHECKING:
    from posts.models import Post


def dump(post: "Post") -> str:
    """The text of a post with its front matter, times in the reader's zone."""
    facts = {
        "title": title.unescape(post.name),
        "category": post.category,
        "tags": list(post.tags),
        "created_at": timezone.localtime(post.created_at).isoformat(timespec="seconds"),
        "updated_at": timezone.localtime(post.updated_at).isoformat(timespec="seconds"),
        "published": not post.wip,
        "number": post.number,
    }
    head = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=2**16)
    return f"---\n{head}---\n\n{post.body_md}"

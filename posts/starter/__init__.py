"""What a new team finds: three templates (daily report, minutes, procedure) and a README, in its founder's language."""

from pathlib import Path

import frontmatter
from django.utils import translation

from posts.models import Post
from posts.models.post import SKIP_NOTICE
from teams.models import Team

FOLDER = Path(__file__).parent


def furnish(team: Team) -> None:
    """Called by Team.found (settings.ESA_NEW_TEAM), inside its transaction; esa_bot is the author."""
    language = "ja" if (translation.get_language() or "").startswith("ja") else "en"
    for file in sorted((FOLDER / language).glob("*.md")):
        page = frontmatter.loads(file.read_text(encoding="utf-8"))
        Post.write(
            by=team.bot,
            name=str(page["title"]),
            category=str(page["category"]),
            body_md=f"{page.content}\n",
            wip=False,
            message=f"Create post. {SKIP_NOTICE}",
        )

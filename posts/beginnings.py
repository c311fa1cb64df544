"""What a new post begins with: nothing, a place in the tree, a template, or another post."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from posts import title
from posts.models import Post
from posts.models.post import TEMPLATES
from posts.title import FLOW_DATE
from posts.variables import expand
from teams.models import Member


@dataclass(frozen=True)
class Beginning:
    """A title and a text to start from; the name may still be missing, then the writer gives it."""

    category: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()
    body_md: str = ""
    template: Post | None = None

    @property
    def title(self) -> str:
        """For the title field."""
        if not self.name:
            return f"{self.category}/" if self.category else ""
        return title.Title(self.category, self.name, self.tags).editable


def at_path(path: str) -> Beginning:
    """`/a/b/` is a place, `/a/b/Name` a place and a name. Raises TitleError for what cannot be either."""
    category, _slash, name = path.rpartition("/")
    return Beginning(title.normalize_category(category), title.normalize_name(name) if name.strip() else "")


def of_template(template: Post, *, by: Member, now: datetime) -> Beginning:
    """A template's title without `Templates/`, and its text, with the variables filled in."""
    category, name = _title_of(template, by=by, now=now)
    body_md = expand(template.body_md, now=now, **_people(by))
    return Beginning(category, name, tuple(template.tags), body_md, template)


def of_post(post: Post, *, now: datetime) -> Beginning:
    """A duplicate: dates in the title become today, so that yesterday's report becomes today's. It leaves the archive."""
    place = title.moved(post.category, title.ARCHIVE, "")
    # Rolled as one: the date of 日報/2026/11/23 is half category, half name. Rolling adds no slash and takes none away.
    category, _slash, name = title.roll_dates(f"{place}/{post.name}", now.date()).rpartition("/")
    return Beginning(category, name, tuple(post.tags), post.body_md)


def in_category(start: Beginning, templates: Iterable[Post], *, by: Member, now: datetime) -> Beginning:
    """Apply the template that is made for a category: one that lies exactly there, else one that puts a date below it."""
    flow = None
    for template in templates:
        category, name = _title_of(template, by=by, now=now)
        if start.category in {category, title.moved(template.category, TEMPLATES, "")}:
            return _applied(template, start, by=by, now=now)
        if flow is None and title.is_within(category, start.category) and _dated(f"{category}/{name}", start.category):
            flow = template
    return _applied(flow, start, by=by, now=now) if flow else start


def _title_of(template: Post, *, by: Member, now: datetime) -> tuple[str, str]:
    place = title.moved(template.category, TEMPLATES, "")
    return (
        expand(place, now=now, in_title=True, **_people(by)),
        expand(template.name, now=now, in_title=True, **_people(by)),
    )


def _people(by: Member) -> dict[str, Any]:
    return {"member_screen_name": by.handle, "member_name": by.display_name, "team_name": by.team.name}


def _dated(full_name: str, category: str) -> bool:
    """Whether what comes behind the category begins with a date, or goes on with one that the category begins."""
    date = FLOW_DATE.search(full_name)
    return date is not None and date.start() <= len(category) + 1


def _applied(template: Post, start: Beginning, *, by: Member, now: datetime) -> Beginning:
    applied = of_template(template, by=by, now=now)
    return replace(applied, name=start.name) if start.name else applied

"""What names in a team's texts mean: which post #12 is, who @bob is. esa.markdown asks, this answers from the tables."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from esa.markdown import LinkedMember, LinkedPost
from posts import title
from teams.models import Team
from teams.models.emoji import addresses


class TeamLinks:
    """Answers for one team, with one query per kind. In an open team a WIP post keeps its title to itself, because the
    same HTML is shown to the world."""

    def __init__(self, team: Team, posts: Any = None) -> None:
        self.team = team
        self.posts = team.posts.alive() if posts is None else posts  # whoever may not know all gives those they may
        self.base_url = team.url("")
        self._posts: dict[int, LinkedPost] = {}
        self._members: dict[str, LinkedMember] = {}
        self._emoji: dict[str, str] = {}

    def prepare(self, *, posts: set[int], members: set[str], emoji: set[str]) -> None:
        if wanted := {number for number in posts if number < 2**31}:
            found = self.posts.filter(number__in=wanted)
            for number, category, name, wip in found.values_list("number", "category", "name", "wip"):
                full_name = "" if wip and self.team.open else title.compose(category, name)
                self._posts[number] = LinkedPost(number, full_name, reverse("post", args=[number]), wip)
        if emoji:
            self._emoji = addresses(self.team, emoji)
        if members:
            lowered = {name.lower() for name in members}
            for member in (
                self.team.members.active().select_related("user").filter(user__screen_name__in=members | lowered)
            ):
                self._members[member.handle.lower()] = LinkedMember(
                    member.handle, member.display_name, reverse("member", args=[member.handle]), member.icon_url
                )
            for group in self.team.groups.named(lowered - self._members.keys()):
                self._members[group.name] = LinkedMember(group.name, str(group), group.get_absolute_url(), "")

    def post(self, number: int) -> LinkedPost | None:
        return self._posts.get(number)

    def member(self, screen_name: str) -> LinkedMember | None:
        return self._members.get(screen_name.lower())

    def emoji(self, code: str) -> str | None:
        return self._emoji.get(code)

    def is_attachment(self, url: str) -> bool:
        """The addresses of this team's files, absolute or not."""
        folder = f"uploads/{settings.ESA_ENVIRONMENT}/attachments/{self.team.pk}/"
        return url.startswith((f"/{folder}", self.team.url(f"/{folder}")))

"""What names in a text mean to a team: the caller's answers, asked for once per rendering."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class LinkedPost:
    """A post as a link shows it; the title is the full one, with its category."""

    number: int
    title: str
    url: str
    wip: bool = False


@dataclass(frozen=True)
class LinkedMember:
    """A member as a mention or an icon in the text shows them; a group of members has no icon."""

    screen_name: str
    name: str
    url: str
    icon_url: str


class Links(Protocol):
    """A team's posts, members, emoji and files. `prepare` comes first, so that look-ups cost a fixed number of queries."""

    base_url: str

    def prepare(self, *, posts: set[int], members: set[str], emoji: set[str]) -> None: ...

    def post(self, number: int) -> LinkedPost | None: ...

    def member(self, screen_name: str) -> LinkedMember | None: ...

    def emoji(self, code: str) -> str | None:
        """The address of a picture, or the character that the code is another name of."""
        ...

    def is_attachment(self, url: str) -> bool: ...


class NoLinks:
    """The links of a text outside any team: nothing resolves."""

    base_url = ""

    def prepare(self, *, posts: set[int], members: set[str], emoji: set[str]) -> None:
        pass

    def post(self, number: int) -> LinkedPost | None:
        return None

    def member(self, screen_name: str) -> LinkedMember | None:
        return None

    def emoji(self, code: str) -> str | None:
        return None

    def is_attachment(self, url: str) -> bool:
        return False

"""The outcome of a rendering: HTML, and everything the text says about other things."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A line of the table of contents."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Task:
    """A check box. `line` and `column` (in UTF-8 bytes), both from 1, point at the mark between the brackets."""

    line: int
    column: int
    checked: bool


@dataclass(frozen=True)
class Options:
    """What an installation or a page wants different.

    `plantuml_url` is a PlantUML server that draws diagrams. `prefix` goes in front of anchors and footnote ids, for
    texts that share a page with another one (comments).
    """

    plantuml_url: str = ""
    prefix: str = ""


@dataclass(frozen=True)
class Rendered:
    """A rendered text. `html` is sanitised; the lists hold each thing once, in order of appearance.

    `mentions` are members and groups that exist. `references` are all posts that the text links to, `broken` those of them that
    could not be found.
    """

    html: str
    toc: list[Heading] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    text: str = ""
    broken: list[int] = field(default_factory=list)

    @property
    def tasks_count(self) -> int:
        return len(self.tasks)

    @property
    def done_tasks_count(self) -> int:
        return sum(task.checked for task in self.tasks)

"""Markdown: turns the text of a post, comment or title into safe HTML and says what the text refers to.

The package is pure: it knows no model and never queries. What a name means in a team (`@alice`, `#12`, `:sushi:`)
comes in through `Links`. The classes of the HTML are a contract, written down in `sanitizer.py`.
"""

from esa.markdown.anchors import Anchors
from esa.markdown.blocks import blocks
from esa.markdown.links import LinkedMember, LinkedPost, Links, NoLinks
from esa.markdown.raw_html import is_text
from esa.markdown.rendered import Heading, Options, Rendered, Task
from esa.markdown.renderer import RENDERER_VERSION, render, render_inline
from esa.markdown.tasks import TaskNotFound, toggle_task

__all__ = [
    "RENDERER_VERSION",
    "Anchors",
    "Heading",
    "LinkedMember",
    "LinkedPost",
    "Links",
    "NoLinks",
    "Options",
    "Rendered",
    "Task",
    "TaskNotFound",
    "blocks",
    "is_text",
    "render",
    "render_inline",
    "toggle_task",
]

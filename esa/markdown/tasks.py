"""Check boxes of a text, and ticking one in the source."""

import re
from collections.abc import Iterator

import comrak

from esa.markdown.parser import SOURCE_LIMIT, TooDeep, parse, readable, with_enough_stack
from esa.markdown.rendered import Task

_LINE_END = re.compile(rb"\r\n|\n|\r")


class TaskNotFound(ValueError):
    """There is no check box of that number in the text."""


def toggle_task(source: str, ordinal: int, checked: bool) -> str:
    """Set the mark of the check box `ordinal` (from 0, in the order of the source); no other byte changes."""
    tasks = tasks_of(source)
    if not 0 <= ordinal < len(tasks):
        raise TaskNotFound(f"There is no task {ordinal} in this text.")
    task = tasks[ordinal]
    raw = source.encode("utf-8", "surrogatepass")
    at = _start_of_line(raw, task.line) + task.column - 1
    if raw[at - 1 : at] != b"[" or raw[at + 1 : at + 2] != b"]":
        raise TaskNotFound(f"There is no task {ordinal} in this text.")
    if task.checked != checked:
        raw = raw[:at] + (b"x" if checked else b" ") + raw[at + 1 :]
    return raw.decode("utf-8", "surrogatepass")


def tasks_of(source: str) -> list[Task]:
    """The check boxes of a text in the order of its source."""
    if len(source) > SOURCE_LIMIT:
        return []
    text = readable(source)
    try:
        return with_enough_stack(text, lambda: sorted(_tasks_below(parse(text)), key=position))
    except TooDeep:
        return []


def task_at(item: comrak.NodeTaskItem) -> Task:
    mark = item.symbol_sourcepos.start
    return Task(mark.line, mark.column, item.symbol is not None)


def position(task: Task) -> tuple[int, int]:
    return task.line, task.column


def _tasks_below(root: comrak.AstNode) -> Iterator[Task]:
    stack = [root]
    while stack:
        node = stack.pop()
        value = node.node_value
        if isinstance(value, comrak.TaskItem):
            yield task_at(value.value)
        stack.extend(node.children)


def _start_of_line(raw: bytes, line: int) -> int:
    start = 0
    for _, end in zip(range(line - 1), _LINE_END.finditer(raw), strict=False):
        start = end.end()
    return start

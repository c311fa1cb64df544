"""What is written down, and what a terminal is spared."""

import pytest
import structlog

from esa.logging import Quiet


@pytest.mark.parametrize(
    "line",
    [
        {"event": "task_enqueued", "child_task_name": "sweep"},
        {"event": "task_started", "task": "sweep"},
        {"event": "task_succeeded", "task": "sweep", "duration_ms": 3},
    ],
)
def test_a_terminal_is_spared_the_ordinary_course_of_what_beat_starts(line):
    with pytest.raises(structlog.DropEvent):
        Quiet(["sweep"])(None, "info", line)


@pytest.mark.parametrize(
    "line",
    [
        {"event": "task_failed", "task": "sweep", "error": "the disk is full"},
        {"event": "task_enqueued", "child_task_name": "index_post", "task": "other"},
        {"event": "task_started", "task": "index_post"},
        {"event": "3 mails sent", "task": "sweep"},
    ],
)
def test_it_is_told_everything_else(line):
    assert Quiet(["sweep"])(None, "info", line) == line

"""What is written down, and what a terminal is spared."""

import pytest
import structlog

from esa.logging import COURSE, without_course


@pytest.mark.parametrize("event", COURSE)
def test_a_terminal_is_spared_the_ordinary_course_of_tasks(event):
    with pytest.raises(structlog.DropEvent):
        without_course(None, "info", {"event": event, "task": "relay_event"})


@pytest.mark.parametrize("event", ["task_failed", "task_retrying", "request", "3 mails sent"])
def test_it_is_told_everything_else(event):
    line = {"event": event, "task": "relay_event"}
    assert without_course(None, "info", line) == line

"""Ticking a box changes one byte of the source, wherever the box stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esa.markdown import Task, TaskNotFound, render, toggle_task
from esa.tests.markdown.dom import parse

TEXT = """\
- [ ] あ 一つ目
- [x] 二つ目 `- [ ]`

```
- [ ] in code
```

> - [ ] in a quote
>   1. [X] nested

| - [ ] in a table |
|--|

x[^1]

[^1]: - [ ] in a footnote

* [ ] last
"""


def test_tasks_are_counted_where_they_are_tasks():
    rendered = render(TEXT)
    assert [task.checked for task in rendered.tasks] == [False, True, False, True, False, False]
    assert rendered.tasks_count == 6
    assert rendered.done_tasks_count == 2
    assert rendered.tasks[0] == Task(1, 4, checked=False)
    assert rendered.tasks[2] == Task(8, 6, checked=False)


def test_the_numbers_on_the_page_are_those_of_the_source_though_footnotes_stand_at_the_end():
    boxes = parse(render(TEXT).html).find("input", "task-list-item-checkbox")
    assert [box.attributes["data-task"] for box in boxes] == ["0", "1", "2", "3", "5", "4"]
    assert all("disabled" in box.attributes for box in boxes)


@pytest.mark.parametrize("ordinal", range(6))
def test_a_box_is_ticked_by_one_byte(ordinal):
    before = render(TEXT).tasks[ordinal].checked
    changed = toggle_task(TEXT, ordinal, not before)
    pairs = [(old, new) for old, new in zip(TEXT.encode(), changed.encode(), strict=True) if old != new]
    assert len(pairs) == 1
    assert [task.checked for task in render(changed).tasks] == [
        task.checked != (number == ordinal) for number, task in enumerate(render(TEXT).tasks)
    ]


def test_ticking_a_ticked_box_changes_nothing():
    assert toggle_task(TEXT, 3, True) == TEXT


@pytest.mark.parametrize("ordinal", [-1, 6, 1000])
def test_there_is_no_such_box(ordinal):
    with pytest.raises(TaskNotFound):
        toggle_task(TEXT, ordinal, True)


def test_line_ends_of_all_kinds_are_kept():
    text = "a\r\n\r\n- [ ] b\r- [ ] c\n- [ ] d"
    assert toggle_task(text, 2, True) == "a\r\n\r\n- [ ] b\r- [ ] c\n- [x] d"


LINES = st.sampled_from(
    [
        "- [ ] a",
        "- [x] い",
        "  - [ ] 👍",
        "1. [x] c",
        "> - [ ] q",
        "",
        "text",
        "```",
        "\t- [ ] tab",
        "[^1]: - [ ] f",
        "[^1]",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(0, 5))
def test_ticking_changes_exactly_one_byte_and_unticking_restores_it(lines, end, ordinal):
    text = end.join(lines)
    tasks = render(text).tasks
    if ordinal >= len(tasks):
        with pytest.raises(TaskNotFound):
            toggle_task(text, ordinal, True)
        return
    checked = tasks[ordinal].checked
    changed = toggle_task(text, ordinal, not checked)
    assert sum(old != new for old, new in zip(text.encode(), changed.encode(), strict=True)) == 1
    assert toggle_task(changed, ordinal, checked) == text

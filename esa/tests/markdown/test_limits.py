"""No text is too much: time and memory stay in proportion, depth never kills the process, threads do not meet."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esa.markdown import Options, render, render_inline
from esa.markdown.parser import SOURCE_LIMIT, TooDeep, with_enough_stack
from esa.tests.markdown import test_golden
from esa.tests.markdown.dom import parse, unbalanced
from esa.tests.markdown.hostile import PAYLOADS
from esa.tests.markdown.pathological import TEXTS
from esa.tests.markdown.team import Docs

# Five times what the slowest needs on an ordinary machine; a quadratic step takes far longer.
SECONDS = 3.0


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_pathological_text_renders_in_a_moment(text):
    started = time.process_time()
    html = render(text, Docs()).html
    assert time.process_time() - started < SECONDS
    assert len(html) < 40 * len(text)


def test_100_kB_of_nested_brackets_render_within_a_second():
    for text in ("[" * 100_000, "[" * 50_000 + "]" * 50_000, "[a](" * 25_000, "[" * 33_000 + "a" + "](b)" * 16_000):
        started = time.process_time()
        render(text)
        assert time.process_time() - started < 1.0


def shown_as_written(html: str) -> bool:
    return bool(parse(html).find("pre", "markdown-source"))


@pytest.mark.parametrize("text", [">" * 50_000, "- " * 50_000, "*a " * 100_000, "*" * 100_000 + "a" + "*" * 100_000])
def test_what_nests_too_deep_is_shown_as_it_was_written(text):
    html = render(text).html
    assert shown_as_written(html)
    assert parse(html).find("pre")[0].text == text


@pytest.mark.parametrize("text", ["> " * 100 + "a", "- " * 100 + "a", "*a **b " * 200 + "c** d*" * 200])
def test_ordinary_nesting_is_formatted(text):
    assert not shown_as_written(render(text).html)


def test_many_emphasised_words_in_one_block_are_no_nesting():
    text = "| **a** | *b* |\n|--|--|\n" + "| **太い** | *斜め* |\n" * 3_000
    html = render(text).html
    assert not shown_as_written(html)
    assert html.count("<strong>") == 3_001


def test_a_text_of_more_than_a_million_characters_is_shown_up_to_there():
    html = render("# 見出し\n" * 170_000).html
    assert shown_as_written(html)
    assert len(parse(html).find("pre")[0].text) == SOURCE_LIMIT
    assert not shown_as_written(render("あ\n\n" * 3_000).html)


def test_a_roomy_stack_hands_on_outcomes_and_failures():
    many = "*a " * 2_000
    assert with_enough_stack(many, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        with_enough_stack(many, lambda: 1 // 0)
    with pytest.raises(TooDeep):
        with_enough_stack(">" * 50_000, lambda: 7)


def test_threads_make_the_same_pages():
    texts = [path.read_text("utf-8") for path in test_golden.TEXTS] + [TEXTS["strong beside Japanese"], "*a " * 2_000]
    alone = [render(text, Docs()).html for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: render(text, Docs()).html, texts * 4))
    assert together == alone * 4


PIECES = st.sampled_from(
    [
        *PAYLOADS.values(),
        "@alice",
        "#12",
        ":sushi:",
        "/posts/12",
        "[a](",
        "](/posts/12)",
        "**",
        "```",
        "`",
        "$$",
        "\n",
        "\n\n",
        "- [ ] ",
        "> ",
        "| a | b |\n|--|--|\n",
        "<details>",
        "</details>",
        "[^1]",
        "[^1]: ",
        "# ",
        "    ",
        "あ「」。",
        "\\",
        "<b>",
        "</p>",
    ]
)
TEXT = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map("".join))


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_any_text_makes_a_whole_page(text):
    rendered = render(text, Docs(), options=Options(prefix="c1-"))
    assert unbalanced(rendered.html) == []
    assert rendered.done_tasks_count <= rendered.tasks_count
    assert set(rendered.broken) <= set(rendered.references)
    assert len({heading.anchor for heading in rendered.toc}) == len(rendered.toc)
    boxes = [box.attributes["data-task"] for box in parse(rendered.html).find("input") if "data-task" in box.attributes]
    assert sorted(map(int, boxes)) == list(range(len(boxes)))
    assert len(boxes) <= rendered.tasks_count


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_any_title_is_only_text_and_images(text):
    assert {element.tag for element in parse(render_inline(text, Docs())).all()} <= {"img"}

"""Which lines of a text are running text, code or HTML, for those who change texts."""

import pytest

from esa.markdown import blocks
from esa.markdown.parser import CONTAINER_LIMIT, SOURCE_LIMIT


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\nb\n\n# c\n\nd\n===", ["text 0-1", "heading 3-3", "heading 5-6"]),
        ("> a\n>\n> ```\n> b\n> ```", ["text 0-0", "code 2-4"]),
        ("1. a\n   - b\n     ```\n     c\n     ```", ["text 0-0", "text 1-1", "code 2-4"]),
        ("a\n\n    b\n\n<div>\nc\n</div>", ["text 0-0", "code 2-2", "html 4-6"]),
        ("| a |\n|--|\n| b |", ["row 0-0", "row 2-2"]),
        ("[^1]: a\n\nb[^1]\n\n# c", ["text 2-2", "heading 4-4", "text 0-0"]),
        ("[a]: b", []),
        (">" * (CONTAINER_LIMIT + 1) + "a", []),
        ("a" * (SOURCE_LIMIT + 1), []),
    ],
)
def test_blocks_are_found_wherever_they_stand(text, found):
    assert [f"{block.kind} {block.first}-{block.last}" for block in blocks(text)] == found

"""The dialect as whole pages: texts in `golden/` and the HTML that they make.

After a change on purpose: `python -m esa.tests.markdown.test_golden` writes the pages anew; read the difference.
"""

from pathlib import Path

import pytest

from esa.markdown import render
from esa.tests.markdown.team import Docs

GOLDEN = Path(__file__).parent / "golden"
TEXTS = sorted(GOLDEN.glob("*.md"))


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)
def test_a_text_makes_the_page_that_it_made_before(text):
    assert page(text) == text.with_suffix(".html").read_text("utf-8")


def page(text: Path) -> str:
    return render(text.read_text("utf-8"), Docs()).html


if __name__ == "__main__":
    for path in TEXTS:
        path.with_suffix(".html").write_text(page(path), "utf-8")

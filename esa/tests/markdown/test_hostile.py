"""No text gets anything into a page but what the contract allows."""

import re

import pytest

from esa.markdown import Options, render, render_inline
from esa.markdown.sanitizer import ATTRIBUTES, CLASSES, SCHEMES, STYLES, TAGS
from esa.markdown.seal import SEAL
from esa.tests.markdown.dom import Element, parse, unbalanced
from esa.tests.markdown.hostile import PAYLOADS
from esa.tests.markdown.team import Docs

# Sealed attributes, and the ones that have one allowed value or that the sanitiser sets itself.
OURS = {
    *("aria-hidden", "aria-label", "class", "controls", "disabled", "id", "loading", "rel"),
    *("role", "tabindex", "type", "data-line", "data-lang", "data-task", "data-math", "data-diagram", "data-embed"),
    *("data-id", "data-start", "data-label"),
}
FRAMES = ["- a\n- {}", "> {}", "| a |\n|--|\n| {} |", "**{}**", "# {}", "[{}](/x)", "![{}](/x '{}')"]
ADDRESSES = {"href", "src", "poster"}


def violations(html: str) -> list[str]:
    """Everything in a page that the contract does not allow."""
    found = [f"unbalanced {tag}" for tag in unbalanced(html)]
    for element in parse(html).all():
        found += _violations(element)
    return found


def _violations(element: Element) -> list[str]:
    found = []
    if element.tag not in TAGS:
        found.append(f"<{element.tag}>")
    allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(element.tag, set()) | OURS
    for name, value in element.attributes.items():
        here = f"<{element.tag} {name}={value!r}>"
        if name not in allowed or name.startswith("on"):
            found.append(here)
        if name == "class" and not set(value.split()) <= CLASSES.get(element.tag, set()):
            found.append(here)
        if name == "id" and not value.startswith("fn"):
            found.append(here)
        if name in ADDRESSES:
            # As a browser reads it: without tabs and line ends, and without control characters in front.
            address = re.sub(r"^[\x00-\x20]+|[\t\n\r]", "", value)
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", address, re.IGNORECASE)
            if scheme and scheme[1].lower() not in SCHEMES:
                found.append(here)
        if name == "style":
            properties = {declaration.partition(":")[0].strip() for declaration in value.split(";") if declaration}
            if not properties <= STYLES or "(" in value.replace("rgb(", "").replace("rgba(", "") or "\\" in value:
                found.append(here)
    return found


def test_there_are_enough_payloads():
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_nothing_of_a_hostile_text_survives(payload):
    options = Options(plantuml_url="https://plantuml.example")
    line = payload.replace("\n", " ")
    for text in (payload, *(frame.replace("{}", line) for frame in FRAMES)):
        html = render(text, Docs(), options=options).html
        assert violations(html) == [], text
        assert SEAL.strip("-") not in html


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_nothing_of_a_hostile_title_survives(payload):
    elements = list(parse(render_inline(payload, Docs())).all())
    assert {element.tag for element in elements} <= {"img"}
    assert {name for element in elements for name in element.attributes} <= {"class", "src", "alt", "title"}


def test_titles_of_linked_posts_and_names_of_members_are_escaped():
    html = render("#66 [x](/posts/66) /posts/66 @alice :@alice:", Docs()).html
    assert violations(html) == []
    assert html.count("&lt;b onclick") == 3
    assert "Alice &amp; Co" in html


def test_an_author_cannot_write_what_only_the_renderer_may_write():
    forged = (
        '<a class="mention" href="/x">@alice</a> <input type="checkbox" data-task="0"> '
        '<div class="embed" data-embed="youtube" data-id="x" data-controller="embed">x</div>'
    )
    for element in parse(render(forged).html).all():
        assert not element.classes
        assert not [name for name in element.attributes if name.startswith("data-") and name != "data-line"]


def test_a_box_that_an_author_wrote_does_not_shift_the_tasks():
    written = '<input type="checkbox" class="task-list-item-checkbox" disabled="" />'
    rendered = render(f"{written}\n\n- [ ] a {written}\n- [x] b")
    boxes = parse(rendered.html).find("input")
    assert [box.attributes.get("data-task") for box in boxes] == [None, "0", None, "1"]


def test_the_settings_of_a_diagram_are_left_out_but_not_its_theme():
    assert "securityLevel" not in render(PAYLOADS["diagram with settings"]).html
    front = "```mermaid\n---\ntitle: 流れ\nconfig:\n  securityLevel: loose\n---\ngraph TD\n```"
    assert parse(render(front).html).find("pre")[0].text == "---\ntitle: 流れ\n---\ngraph TD\n"
    theme = "```mermaid\n%%{init: {'theme': 'forest'}}%%\ngraph TD\n```"
    assert "'forest'" in render(theme).html


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{% debug %}", "# {{ x }}", "`{{ x }}`", "[{{ x }}](/x)"])
def test_template_language_is_only_text(text):
    assert text.strip("# `[]").split("](")[0] in parse(render(text).html).text


def test_text_that_looks_like_a_tag_is_shown():
    page = parse(render("List<String> and <your-name> and <script>x</script>").html)
    assert page.text.strip() == "List<String> and <your-name> and <script>x</script>"
    assert [paragraph.text for paragraph in page.find("p")] == [page.text.strip()]


def test_a_block_of_what_looks_like_tags_is_a_paragraph():
    page = render("<Note>\n*a* </Note>\n\n<script>\nx\n\ny\n</script>\n- b\n\n  <Tab/>\n\n<div><Tab></div>\n").html
    assert page.count("<p ") == 4
    assert '<p data-line="1">&lt;Note&gt;<br>\n*a* &lt;/Note&gt;</p>' in page
    assert '<p data-line="4">&lt;script&gt;<br>\nx<br>\n<br>\ny<br>\n&lt;/script&gt;</p>' in page
    assert "<div>&lt;Tab&gt;</div>" in page

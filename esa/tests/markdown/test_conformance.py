"""CommonMark and GFM: every example of both specifications, through our parser alone and through the whole pipeline."""

import comrak
import pytest

from esa.markdown import render
from esa.markdown.parser import EXTENSIONS, PARSING
from esa.markdown.raw_html import filtered
from esa.markdown.sanitizer import sanitize
from esa.tests.markdown import examples
from esa.tests.markdown.dom import Element, normal, parse
from esa.tests.markdown.examples import Example

PLAIN = comrak.RenderOptions(unsafe_=True)

BARE_LINKS = "CommonMark leaves a bare address as text; GFM makes it a link, also between angle brackets with a space"
NEWER = "CommonMark 0.31 knows more comments than 0.29, on which GFM stands"
XMPP = "the parser ends an xmpp: address elsewhere; esa links to none of that scheme"
TAG_FILTER = "the tag filter is ours, behind the parser"
BREAK_IN_PRE = "a line break is a line break, also where raw HTML has opened a pre"

# What differs on purpose, by the number of the example. Anything else is a mistake.
PARSER = {
    "commonmark": {602: BARE_LINKS, 608: BARE_LINKS, 611: BARE_LINKS, 612: BARE_LINKS},
    "gfm": {
        611: BARE_LINKS,
        617: BARE_LINKS,
        620: BARE_LINKS,
        621: BARE_LINKS,
        634: XMPP,
        635: XMPP,
        649: NEWER,
        657: TAG_FILTER,
    },
}
PAGE = {
    "commonmark": PARSER["commonmark"] | {148: BREAK_IN_PRE},
    "gfm": {number: why for number, why in PARSER["gfm"].items() if why != TAG_FILTER}
    | {118: BREAK_IN_PRE, 650: NEWER},
}

# Examples with HTML, classes or address schemes that we do not let through: the page must be what the sanitiser makes
# of the page that the specification wants.
SANITIZED = {
    "commonmark": {
        *(149, 150, 152, 153, 154, 156, 157, 158, 160, 163, 164, 169, 170, 171, 172, 173, 174, 175, 176, 178, 187, 190),
        *(191, 201, 344, 476, 477, 491, 494, 524, 536, 596, 598, 599, 601, 613, 614, 615, 616, 617, 623, 626, 629, 630),
        *(631, 642, 643),
    },
    "gfm": {
        *(119, 120, 122, 123, 124, 126, 127, 128, 130, 133, 134, 139, 140, 141, 142, 143, 144, 145, 147, 156, 159, 160),
        *(170, 354, 485, 486, 501, 504, 533, 545, 605, 607, 608, 610, 633, 636, 637, 638, 639, 640, 646, 653, 654, 655),
        *(657, 667, 668),
    },
}

# Blocks of HTML whose tags are all shown as text stand in paragraphs.
TEXT = {"commonmark": {163, 170, 171, 172, 173, 176, 178}, "gfm": {133, 140, 141, 142, 145, 147}}

SPECIFICATIONS = {"commonmark": examples.commonmark, "gfm": examples.gfm}


@pytest.fixture(scope="module", params=SPECIFICATIONS)
def specification(request: pytest.FixtureRequest) -> tuple[str, list[Example]]:
    return request.param, SPECIFICATIONS[request.param]()


def test_all_examples_are_there():
    assert len(examples.commonmark()) == 652
    assert len(examples.gfm()) == 677


def test_the_parser_reads_every_example_as_specified(specification):
    name, cases = specification
    differing = {case.number for case in cases if normal(parsed(case.markdown)) != normal(case.html)}
    assert differing == set(PARSER[name])


def test_the_page_shows_every_example_as_specified(specification):
    name, cases = specification
    differing = {case.number for case in cases if page(case) != normal(case.html, plainer)}
    assert differing == PAGE[name].keys() | SANITIZED[name]


def test_what_is_taken_out_of_an_example_is_only_what_the_sanitiser_takes_out(specification):
    name, cases = specification
    touched = [case for case in cases if case.number in SANITIZED[name]]
    wanted = {case.number: normal(sanitize(filtered(case.html)), plainer) for case in touched}
    found = {case.number: page(case) for case in touched}
    assert {number for number in found if found[number] != wanted[number]} == TEXT[name]
    texts = [case for case in cases if case.number in TEXT[name]]
    assert [words(render(case.markdown).html) for case in texts] == [
        words(sanitize(filtered(case.html))) for case in texts
    ]


def parsed(markdown: str) -> str:
    """The parser's HTML, without what the pipeline asks of it beyond the specifications (line breaks, positions)."""
    return comrak.format_html(comrak.parse_document(markdown, EXTENSIONS, PARSING, PLAIN), EXTENSIONS, PARSING, PLAIN)


def words(html: str) -> list[str]:
    return parse(html).text.split()


def page(case: Example) -> object:
    return normal(render(case.markdown).html, plainer)


def plainer(element: Element) -> list[Element | str]:
    """Take off what the dialect adds to every page: anchors, colours, wrappers, line breaks, line numbers."""
    if element.tag == "br":
        return ["\n"]
    if element.tag == "div" and element.classes & {"code-block", "table-wrap"}:
        return element.children
    if element.tag == "a" and "anchor" in element.classes:
        return []
    if element.tag == "span" and element.classes:
        return element.children
    if element.tag in ("code", "li", "ul", "ol", "input"):
        element.attributes.pop("class", None)
    if element.tag == "pre":
        element.attributes.pop("tabindex", None)
    for name in ("data-line", "data-lang", "data-task", "rel", "loading"):
        element.attributes.pop(name, None)
    return [element]

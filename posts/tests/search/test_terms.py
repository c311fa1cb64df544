"""Facets as text."""

import pytest

from posts.search import terms


@pytest.mark.parametrize(
    ("source", "term", "result"),
    [
        ("", "#a", "#a"),
        ("会議", "tag:a", "会議 tag:a"),
        ("会議 tag:a", "tag:a", "会議"),
        ("会議 tag:ab", "tag:a", "会議 tag:ab tag:a"),
        ("a OR b", "@bob", "a OR b @bob"),
        ("会議 in:dev", "in:help", "会議 in:help"),
        ('会議 in:"a b" x', "in:dev", "会議  x in:dev"),
        ("in:dev 会議", "in:dev", "会議"),
        ("-in:dev", "in:help", "-in:dev in:help"),
        ('tag:"a b" x', 'tag:"a b"', "x"),
    ],
)
def test_a_clicked_facet_comes_and_goes(source: str, term: str, result: str) -> None:
    assert terms.toggled(source, term) == result


def test_links_of_pages_mean_operators() -> None:
    assert terms.from_parameters(tag="a b", user="@bob", category="/dev/", kind="flow", wip="true") == [
        'tag:"a b"',
        "@bob",
        "in:dev",
        "kind:flow",
        "wip:true",
    ]

"""What scopes mean, and that one good word lets no other in."""

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from teams import scopes

WORDS = [*scopes.LEGACY, *scopes.FINE, "*", "READ", "read:", "read:*", ":post", "admin", "read:secret", "write:post "]


@pytest.mark.parametrize(
    "text",
    ["", " ", "*", "read *", "read read:post", "read:post *", "Read", "read:unknown", "read,write", "admin:post admin"],
)
def test_an_unknown_word_spoils_all(text):
    with pytest.raises(scopes.UnknownScope):
        scopes.parse(text)


def test_words_are_separated_by_space_and_counted_once():
    assert scopes.parse("read  write read\n") == {"read", "write"}
    assert scopes.parse("read:post admin:comment") == {"read:post", "admin:comment"}


@pytest.mark.parametrize(
    ("granted", "wanted", "lets_in"),
    [
        ("read", "read:post", True),
        ("read", "write:post", False),
        ("write", "write:post", True),
        ("write", "admin:comment", True),
        ("write", "read:post", False),
        ("admin:comment", "read:comment", True),
        ("admin:comment", "write:comment", True),
        ("admin:comment", "read:post", False),
        ("write:post", "read:post", True),
        ("write:post", "delete:post", False),
        ("admin:post", "delete:post", True),
        ("delete:post", "delete:post", True),
        ("delete:post", "read:post", False),
        ("read:post", "read:revision", True),
        ("read:revision", "read:post", False),
        ("", "read:user", False),
    ],
)
def test_more_holds_less(granted, wanted, lets_in):
    assert scopes.covers(granted.split(), wanted) is lets_in


@bounded(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=5))
def test_whatever_is_parsed_is_of_one_kind_and_reading_only_reads(words):
    try:
        granted = scopes.parse(words)
    except scopes.UnknownScope:
        return
    assert granted <= set(scopes.LEGACY) or granted <= set(scopes.FINE)
    left = scopes.reading(granted)
    for wanted in scopes.FINE:
        assert not scopes.covers(left, wanted) or wanted.startswith("read:")
        assert not scopes.covers(left, wanted) or scopes.covers(granted, wanted)

"""Japanese names by their reading."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts.search.readings import reading, typed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("議事録", ["gijiroku", "gizirok", "ぎじろく", "jiroku"]),
        ("東京出張", ["tokyo", "toukyou", "shutchou", "syuttyou"]),
        ("サーバー障害", ["sa-ba-", "saba", "shogai", "shougai"]),
        ("新聞", ["shinbun", "shimbun", "sinbun"]),
        ("チェックリスト", ["chekkurisuto"]),
        ("ファイル転送", ["fairu", "tensou"]),
        ("抹茶ウィーク", ["matcha", "mattya", "wi-ku"]),
        ("PostgreSQL移行", ["ikou", "iko"]),
        ("学校", ["gakkou", "gakko"]),
        ("続き", ["tsuduki", "tuzuki"]),
    ],
)
def test_a_name_is_found_by_the_ways_to_spell_it(name: str, words: list[str]) -> None:
    for word in words:
        assert typed(word)
        assert typed(word) in reading(name)


def test_what_is_not_japanese_has_no_reading() -> None:
    assert reading("Weekly report 2026") == ""
    assert typed("議事") == ""
    assert typed("a_b") == ""


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_no_name_breaks_it(name: str) -> None:
    assert reading(name).isascii()
    assert typed(name).isascii()

"""What esa says in Japanese: all of it, in whole sentences, with every value in its place."""

import re
from functools import cache
from pathlib import Path

import allauth
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from teams import allauth_wording

ROOT = Path(__file__).resolve().parent.parent.parent
JAPANESE = "[ぁ-んァ-ヶ一-龥々ー]"


@cache
def catalog_at(root: Path) -> Catalog:
    with (root / "locale/ja/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file)


@pytest.fixture
def catalog() -> Catalog:
    return catalog_at(ROOT / "esa")


@pytest.fixture
def messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def source_of(message: Message) -> str:
    """The English that holds all values: of two numbers the plural."""
    return message.id[-1] if isinstance(message.id, tuple) else message.id


def translations_of(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_string_has_one_translation_that_somebody_looked_at(messages: list[Message]) -> None:
    assert len(messages) > 500
    assert [message.id for message in messages if message.fuzzy or not all(translations_of(message))] == []
    assert {len(translations_of(message)) for message in messages} == {1}  # Japanese counts one and many alike


def test_every_value_and_tag_of_the_english_is_in_the_japanese(messages: list[Message]) -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}|</?[a-z][^>]*>", text))

    assert [
        message.id
        for message in messages
        for text in translations_of(message)
        if values(text) != values(source_of(message))
    ] == []


def test_japanese_has_its_own_punctuation_and_no_stray_spaces(messages: list[Message]) -> None:
    halfwidth = re.compile(rf"{JAPANESE}[,!?;:()]|{JAPANESE}\.(?!\w)")
    assert [text for message in messages for text in translations_of(message) if halfwidth.search(text)] == []
    edges = re.compile(r"^\s*|\s*$")
    assert [
        text
        for message in messages
        for text in translations_of(message)
        if edges.findall(text) != edges.findall(source_of(message))
    ] == []


def test_one_word_is_used_for_one_thing(messages: list[Message]) -> None:
    """The glossary at the head of the catalog, as far as a machine can see it."""
    strangers = re.compile(
        "記事|ごみ箱|サインイン|サインアップ|カテゴリー|版数|スクリーンネーム|ユーザ名|メイルアドレス|お気に入り"
    )
    assert [text for message in messages for text in translations_of(message) if strangers.search(text)] == []


def test_what_is_put_better_than_allauth_puts_it_is_still_said_by_allauth() -> None:
    theirs = {message.id for message in catalog_at(Path(allauth.__file__).parent)}
    counted = {
        message.id
        for message in catalog_at(ROOT / "esa")
        if isinstance(message.id, tuple) and ("teams/allauth_wording.py", None) in message.locations
    }
    assert len(counted) == len(allauth_wording.COUNTED)
    assert {*allauth_wording.SENTENCES, *counted} - theirs == set()

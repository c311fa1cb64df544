"""What esa says in Japanese: all of it, in whole sentences, with every value in its place."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import allauth
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from teams import allauth_wording

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("esa", "teams", "posts")
JAPANESE = "[ぁ-んァ-ヶ一-龥々ー]"
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
MARKERS_WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
LITERAL = r"""u?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
MARKED_IN_TEMPLATE = re.compile(rf"(?<!\w)(n?p?gettext|_)\({LITERAL}(?:,\s*{LITERAL})?")

Key = tuple[str | None, str]


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
    return str(message.id[-1] if isinstance(message.id, tuple) else message.id)


def translations_of(message: Message) -> tuple[str, ...]:
    found = message.string if isinstance(message.string, tuple) else (message.string,)
    return tuple(str(each or "") for each in found)


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
        if isinstance(message.id, tuple) and "teams/allauth_wording.py" in dict(message.locations)
    }
    assert len(counted) == len(allauth_wording.COUNTED)
    assert {*allauth_wording.SENTENCES, *counted} - theirs == set()


def test_everything_that_is_marked_is_in_the_catalog(messages: list[Message]) -> None:
    """After `make messages`, which needs GNU gettext; this check does not."""
    known = {(message.context, message.id[0] if isinstance(message.id, tuple) else message.id) for message in messages}
    missing = {key: path for key, path in marked() if key not in known}
    assert missing == {}, "run `make messages`, and translate what is new in esa/locale"


def marked() -> Iterator[tuple[Key, str]]:
    """Each string of our own sources that gettext is asked for, and where."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            inside = path.relative_to(ROOT)
            if "tests" in inside.parts or "static" in inside.parts:
                continue
            if path.suffix == ".py":
                found = marked_in_python(path.read_text())
            elif path.suffix in {".html", ".txt"} and "templates" in inside.parts:
                found = marked_in_template(path.read_text())
            else:
                continue
            yield from ((key, str(inside)) for key in found)


def marked_in_python(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if node.func.id in MARKERS and words:
                yield None, words[0]
            elif node.func.id in MARKERS_WITH_CONTEXT and len(words) > 1:
                yield words[0], words[1]


def marked_in_template(source: str) -> Iterator[Key]:
    for match in MARKED_IN_TEMPLATE.finditer(templatize(source)):
        function, first, second = match.groups()
        words = [ast.literal_eval(each) for each in (first, second) if each]
        yield (words[0], words[1]) if "p" in function else (None, words[0])

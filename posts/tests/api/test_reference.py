"""The page of the API's reference speaks the reader's language; the document that programs read stays English."""

import html
import re

import pytest
from django.test import Client

from posts.api import wording

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client):
    return client.get("/v1/docs", headers={"Host": "esa.localhost"})


def words_of(context) -> set[str]:
    """Every sentence of the page, as the document has it."""
    endpoints = [endpoint for group in context["groups"].values() for endpoint in group]
    fields = [each for endpoint in endpoints for each in (*endpoint.parameters, *endpoint.body)]
    fields += [each for members in context["objects"].values() for each in members]
    shown = [*context["about"], *(each.description for each in fields)]
    shown += [text for endpoint in endpoints for text in (endpoint.summary, *endpoint.paragraphs)]
    return {html.unescape(re.sub("</?code>", "`", text)) for text in shown}


def is_a_sentence(text: str) -> bool:
    return bool(re.search("[A-Za-z]", re.sub("`[^`]*`", "", text))) and not re.fullmatch(r"Needs `[\w:]+`\.", text)


def test_each_sentence_of_the_document_can_be_translated(page):
    unknown = {text for text in words_of(page.context) if is_a_sentence(text)} - set(wording.SENTENCES)
    assert unknown == set(), "list it in posts/api/wording.py, and translate it in esa/locale"


def test_code_in_a_sentence_is_shown_as_code_and_nothing_else_is_markup(page):
    text = page.content.decode()
    assert "<p>Needs <code>write:post</code>.</p>" in text
    assert "literal # and / are <code>&amp;#35;</code>" in text


def test_japanese_readers_get_japanese_and_their_programs_english(client: Client):
    japanese = {"Host": "esa.localhost", "Accept-Language": "ja"}
    page = client.get("/v1/docs", headers=japanese)
    left = [text for text in words_of(page.context) if is_a_sentence(text) and not re.search("[ぁ-んァ-ヶ一-龥]", text)]
    assert left == []
    assert "Search and list posts" in client.get("/v1/openapi.json", headers=japanese).content.decode()

"""Translations are compiled without GNU gettext."""

import gettext
import os

import pytest

from esa.local.translations import compile_all
from esa.local.trouble import Trouble

SOURCE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nLanguage: ja\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Home"
msgstr "ホーム"

#, fuzzy
msgid "Away"
msgstr "たぶん"

msgid "%(n)s post"
msgid_plural "%(n)s posts"
msgstr[0] "記事 %(n)s 件"
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "app" / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_a_translation_can_be_read_by_gettext(source, tmp_path):
    [compiled] = compile_all(tmp_path)
    with compiled.open("rb") as file:
        japanese = gettext.GNUTranslations(file)
    assert japanese.gettext("Home") == "ホーム"
    assert japanese.gettext("Away") == "Away"  # a guess is not shown
    assert japanese.ngettext("%(n)s post", "%(n)s posts", 2) == "記事 %(n)s 件"


def test_only_what_changed_is_compiled_again(source, tmp_path):
    [compiled] = compile_all(tmp_path)
    assert compile_all(tmp_path) == []
    later = compiled.stat().st_mtime + 1
    os.utime(source, (later, later))
    assert compile_all(tmp_path) == [compiled]


def test_a_broken_file_is_named(source, tmp_path):
    source.write_text("hello\n", encoding="utf-8")
    with pytest.raises(Trouble, match=r"django\.po is not a valid translation file"):
        compile_all(tmp_path)


def test_a_translation_that_loses_a_placeholder_is_named(source, tmp_path):
    source.write_text(f'{SOURCE}\n#, python-format\nmsgid "By %(who)s"\nmsgstr "%(whom)s より"\n', encoding="utf-8")
    with pytest.raises(Trouble, match=r"django\.po, line \d+: unknown named placeholder"):
        compile_all(tmp_path)

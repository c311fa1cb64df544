"""Normalisation, lexemes and marks, without a database: a set of lexemes plays the index."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts.search import text
from posts.search.text import Segment, is_in, lexemes, marked, needle, norm, pattern, snippet, term


def found(query: str, document: str) -> bool:
    """What the database does: probes against the lexemes, then the proof against the text."""
    normed, wanted = norm(document), needle(query)
    held = lexemes(normed)
    looked_up = term(wanted)
    for probe in looked_up.probes:
        if probe.prefix and not any(lexeme.startswith(probe.lexeme) for lexeme in held):
            return False
        if not probe.prefix and probe.lexeme not in held:
            return False
    return not looked_up.proof or pattern(wanted).search(normed) is not None


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("会", "会議"),
        ("議", "会議。"),
        ("会議", "明日の会議は"),
        ("議事録", "議事録を書く"),
        ("ハシ", "はしを渡る"),
        ("はし", "ハシヲ渡ル"),
        ("ｱﾌﾟﾘ", "アプリの設計"),
        ("アプリ", "ｱﾌﾟﾘの設計"),
        ("ＡＷＳ", "aws設定"),
        ("サーバー", "サーバを増やす"),
        ("サーバ", "サーバーを増やす"),
        ("さーばー", "サーバーを増やす"),
        ("サーバー構成", "サーバ構成"),
        ("キー", "このキーを"),
        ("ECS移行", "ECS 移行の計画"),
        ("ECS 移行", "ECS移行の計画"),
        ("移行ecs", "移行ECS"),
        ("3章", "第13章"),
        ("長い文", "長い\n文が折り返す"),
        ("重要な会議", "**重要**な会議"),
        ("コマンドを実行", "`コマンド`を実行"),
        ("gresql", "PostgreSQL"),
        ("postgre", "PostgreSQL"),
        ("sql", "PostgreSQL"),
        ("postgresql", "PostgreSQL"),
        ("state", "useState()"),
        ("user_id", "page_user_id"),
        ("id", "page_user_id"),
        ("docs.example.com", "https://docs.example.com/a?b=1"),
        ("example.com/a", "https://docs.example.com/a?b=1"),
        ("go", "Golang"),
        ("C++", "we use C++ here"),
        ("c#", "C#"),
        ("quick brown", "the quick\nbrown fox"),
        ("it's", "it’s"),
        ("1-2", "1–2"),
        ("🎉", "公開🎉"),
        ("𠮷野", "𠮷野家"),
        ("한국", "한국어"),
        ("ภาษา", "ภาษาไทย"),
        ("über", "ÜBER"),
        ("100%", "１００％"),
        ("a\\b'c", "a\\b'c"),
    ],
)
def test_this_finds_that(query: str, document: str) -> None:
    assert found(query, document)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("京都府", "東京都の府"),
        ("会議", "議会"),
        ("議題次", "議題\n\n次の議題"),
        ("設会", "* 会議\n* 設計"),
        ("コーヒ豆", "コーヒーの豆"),
        ("キ", "鍵"),
        ("go", "category algo"),
        ("c#", "abc# and c"),
        ("go-lang", "algo-lang go"),
        ("gresqlx", "PostgreSQL"),
        ("quick fox", "the quick brown fox"),
    ],
)
def test_this_does_not_find_that(query: str, document: str) -> None:
    assert not found(query, document)


# Few characters, so that things meet: scripts, marks, widths, cases and white space.
LETTERS = "会議のサーバさｻﾞＡaB1_go#+-. *`\n\u3000🎉'\\"


@settings(max_examples=100)
@given(st.text(LETTERS, max_size=40), st.text(LETTERS, min_size=1, max_size=5))
def test_lexemes_find_what_a_scan_finds(document: str, query: str) -> None:
    wanted = needle(query)
    assert found(query, document) == (pattern(wanted).search(norm(document)) is not None)


@settings(max_examples=100)
@given(st.text(LETTERS, min_size=1, max_size=60), st.data())
def test_any_part_of_normalised_text_is_found(document: str, data: st.DataObject) -> None:
    normed = norm(document).split("\n")[0]
    start = data.draw(st.integers(0, len(normed)))
    part = normed[start : data.draw(st.integers(start, len(normed)))].strip()
    if part and pattern(part).search(normed):
        held = lexemes(normed)
        for lexeme, prefix in term(part).probes:
            assert any(have == lexeme or (prefix and have.startswith(lexeme)) for have in held)


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_normalising_is_safe_to_store_and_marks_keep_the_text(document: str) -> None:
    normed = norm(document)
    assert "\x00" not in normed
    normed.encode()
    assert "".join(segment.text for segment in marked(document, [needle(document[:3])])) == document


def test_common_terms_need_no_proof() -> None:
    for query in ("会", "会議", "AWS", "deploy", "gresql", "go", "🎉"):
        assert term(needle(query)).proof == ""
    for query in ("議事録", "kubernetes", "user_id", "ECS移行"):
        assert term(needle(query)).proof


def test_literals_are_quoted() -> None:
    assert text.tsvector(["it's", "a\\b"]) == "'it''s' 'a\\\\b'"
    probes = [text.Probe("会", prefix=True), text.Probe("a'")]
    assert text.tsquery(probes) == "'会':* & 'a'''"
    assert text.tsquery(probes, said=True) == "'会':* & 'a''' & !'-a'''"


def test_a_pasted_blob_stays_within_what_the_database_takes() -> None:
    blob = " ".join(f"{number:x}" * 9 for number in range(60_000))
    literal = text.tsvector(lexemes(norm("会議 " + blob)))
    assert literal.startswith("'会議'")
    assert len(literal.encode()) < 1_400_000


def test_long_white_space_and_marks_are_linear() -> None:
    for filler in (" ", "\n", "*", "ー", "ア", " あ", "\n ", "`a"):
        norm(filler * 60_000)
        snippet(filler * 60_000, ["会"])


def test_a_snippet_shows_the_hit_marked_in_the_original_writing() -> None:
    document = "あ" * 700 + "。次に**ＥＣＳ 移行**をする。" + "い" * 700
    segments = snippet(document, [needle("ecs移行")])
    assert Segment("ＥＣＳ 移行", hit=True) in segments
    assert segments[0].text == segments[-1].text == "…"
    assert sum(len(segment.text) for segment in segments) < 200


def test_a_snippet_marks_half_width_kana_as_one() -> None:
    assert Segment("ｻﾞ", hit=True) in snippet("このｻﾞ行", [needle("ザ")])


def test_a_snippet_prefers_the_part_with_most_terms() -> None:
    document = "会議" + "あ" * 1500 + "会議で設計を話す"
    assert "設計" in [segment.text for segment in snippet(document, ["会議", "設計"])]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("サーバー管理", "さーば管理"),
        ("**設計** する", "設計する"),
        ("ECS 移行", "ecs移行"),
        ("ＡＰＩ", "api"),
        ("ﾃﾞｰﾀ", "データ"),
        ("a–b", "a-b"),
        ("C#", "c#"),
        ("折り\n返し", "折り返し"),
        ("two\n words", "two words"),
    ],
)
def test_a_snippet_of_a_long_text_finds_its_part_in_every_writing(written: str, typed: str) -> None:
    segments = snippet("あいうえお。" * 2_000 + f" {written} " + "xyz. " * 2_000, [needle(typed)])
    assert [segment.text for segment in segments if segment.hit] == [written.lstrip("*")]
    assert is_in([needle(typed)], f"x {written} y")


@given(st.text("あアｱいー会議 \n*`aAａb-–#", max_size=60), st.text("あアｱいー会議 aAａb-–#", min_size=1, max_size=4))
def test_whether_a_text_has_a_word_is_told_as_search_tells_it(text: str, word: str) -> None:
    wanted = needle(word)
    if wanted:
        assert is_in([wanted], text) == bool(pattern(wanted).search(norm(text)))


def test_a_snippet_without_hits_is_the_beginning() -> None:
    assert snippet("あいう", ["会議"]) == [Segment("あいう")]
    assert snippet("", ["会議"]) == []


def test_marks_do_not_overlap() -> None:
    assert marked("議事録", ["議事", "事録"]) == [Segment("議事", hit=True), Segment("録")]

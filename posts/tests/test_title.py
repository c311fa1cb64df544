"""Titles: what people type in the one field, what is stored, and the way back."""

from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from posts.title import (
    Title,
    TitleError,
    ancestors,
    archived_path,
    compose,
    escape,
    is_archived,
    is_within,
    kind_of,
    moved,
    normalize_category,
    normalize_tags,
    parent,
    parse,
    roll_dates,
    unescape,
)


@pytest.mark.parametrize(
    ("text", "category", "name", "tags"),
    [
        ("hi!", "", "hi!", ()),
        ("dev/hi!", "dev", "hi!", ()),
        ("dev/2026/hi! #api #dev", "dev/2026", "hi!", ("api", "dev")),
        ("hi! #api", "", "hi!", ("api",)),
        ("日報/2026/11/23/alice #日報", "日報/2026/11/23", "alice", ("日報",)),
        # Outer and doubled slashes, and white space around parts, mean nothing.
        ("/dev//api/ hi! ", "dev/api", "hi!", ()),
        (" dev / api /　hi　", "dev/api", "hi", ()),
        # A # is a tag only behind white space and only at the end.
        ("C# guide", "", "C&#35; guide", ()),
        ("the #1 reason to write", "", "the &#35;1 reason to write", ()),
        ("C#/intro", "C#", "intro", ()),
        ("foo #bar/baz", "foo #bar", "baz", ()),
        ("learn C# #C#", "", "learn C&#35;", ("C#",)),
        ("dev/#api", "dev", "&#35;api", ()),
        ("hi #", "", "hi &#35;", ()),
        ("hi ##x", "", "hi &#35;&#35;x", ()),
        # Full-width signs are text; a full-width space is white space.
        ("a／b＃c", "", "a／b＃c", ()),
        ("議事録 ＃タグ", "", "議事録 ＃タグ", ()),
        ("議事録　#タグ", "", "議事録", ("タグ",)),
        ("press #️⃣", "", "press #️⃣", ()),
        # The escapes.
        ("TCP&#47;IP", "", "TCP&#47;IP", ()),
        ("dev/TCP&#47;IP &#35;1", "dev", "TCP&#47;IP &#35;1", ()),
        ("C&#35;/intro", "C#", "intro", ()),
        ("build #CI&#47;CD", "", "build", ("CI/CD",)),
        # Each tag once, in the order typed; upper and lower case differ.
        ("hi #b #a #b #A", "", "hi", ("b", "a", "A")),
        # か + combining mark is one character.
        ("か\u3099", "", "が", ()),
    ],
)
def test_a_title_is_taken_apart(text: str, category: str, name: str, tags: tuple[str, ...]) -> None:
    assert parse(text) == Title(category, name, tags)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "name_missing"),
        (" 　 ", "name_missing"),
        ("#api", "name_missing"),
        ("dev/", "name_missing"),
        ("dev/ #api", "name_missing"),
        ("\u200b", "name_missing"),
        ("a\x00b", "control_characters"),
        ("a\nb", "control_characters"),
        ("a\tb", "control_characters"),
        ("a\u2028b", "control_characters"),
        ("a\ud800b", "control_characters"),
        ("n" * 256, "name_too_long"),
        ("c" * 247 + "/n", "category_too_long"),
        ("a/" * 21 + "n", "category_too_deep"),
        ("a/../n", "category_dots"),
        ("n #" + "t" * 51, "tag_too_long"),
        ("n" + "".join(f" #{n}" for n in range(51)), "too_many_tags"),
        ("n" * 10_001, "title_too_long"),
    ],
)
def test_what_cannot_be_saved_is_refused(text: str, code: str) -> None:
    with pytest.raises(TitleError) as refused:
        parse(text)
    assert refused.value.code == code
    assert "%(" not in refused.value.message


def test_the_limits_themselves_are_allowed() -> None:
    title = parse("c" * 246 + "/" + "n" * 255 + "".join(f" #{n:050}" for n in range(50)))
    assert (len(title.category), len(title.name), len(title.tags)) == (246, 255, 50)
    assert parse("a/" * 20 + "n").category.count("/") == 19


def test_a_message_speaks_the_readers_language() -> None:
    with pytest.raises(TitleError) as refused:
        parse("n" * 300)
    with translation.override("en"):
        assert str(refused.value) == "The name has 300 characters; shorten it to at most 255."


def test_tags_from_a_list_may_carry_their_sign_but_no_spaces() -> None:
    assert normalize_tags(["#api", " api ", "", "CI/CD", "##x"]) == ("api", "CI/CD", "x")
    with pytest.raises(TitleError) as refused:
        normalize_tags(["two words"])
    assert refused.value.code == "tag_has_space"


def test_the_full_name_has_single_spaces_and_no_tail() -> None:
    assert compose("dev", "hi!", ["api", "dev"]) == "dev/hi! #api #dev"
    assert compose(None, "hi!") == "hi!"
    assert compose("dev", "CI", ["CI/CD"]) == "dev/CI #CI&#47;CD"


def test_escapes_are_written_once_and_read_back() -> None:
    assert escape("A/B #1") == "A&#47;B &#35;1"
    assert escape(escape("A/B #1")) == escape("A/B #1")
    assert unescape(escape("A/B #1")) == "A/B #1"


def test_the_title_field_shows_a_plain_sign_where_that_reads_back_the_same() -> None:
    assert parse("dev/C# guide #api").editable == "dev/C# guide #api"
    assert parse("ticket &#35;12").editable == "ticket &#35;12"
    assert parse("TCP&#47;IP").editable == "TCP&#47;IP"


pieces = st.lists(st.sampled_from([*"aé#/ 　＃／が", "&#35;", "&#47;", " #", " #t", "か\u3099", "\ufe0f"]), max_size=15)


@given(pieces.map("".join))
def test_what_is_composed_reads_back_the_same(text: str) -> None:
    try:
        title = parse(text)
    except TitleError:
        return
    assert parse(title.full_name) == title
    assert parse(title.editable) == title


@given(st.text(st.characters(), max_size=60))
def test_any_text_is_a_title_or_is_refused(text: str) -> None:
    try:
        title = parse(text)
    except TitleError:
        return
    assert title.name
    assert "/" not in title.name
    assert not title.category.startswith("/")
    assert not title.category.endswith("/")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (None, ""),
        ("", ""),
        ("/", ""),
        ("/a//b/", "a/b"),
        (" a / b ", "a/b"),
        ("か\u3099/C&#35;", "が/C#"),
        ("a/\u200b/b", "a/b"),
    ],
)
def test_a_category_has_one_spelling(text: str | None, path: str) -> None:
    assert normalize_category(text) == path


@pytest.mark.parametrize(
    ("category", "name", "kind"),
    [
        ("日報/2026/11/23", "alice", "flow"),
        ("日報/2026/11", "23", "flow"),
        ("", "2026-1-2 minutes", "flow"),
        ("", "2026&#47;1&#47;2", "flow"),
        ("", "20261123", "flow"),
        (None, "2026年11月", "stock"),
        ("2026/11", "plan", "stock"),
        ("dev", "guide", "stock"),
    ],
)
def test_a_date_in_category_or_name_makes_a_post_flow(category: str | None, name: str, kind: str) -> None:
    assert kind_of(category, name) == kind


def test_a_category_ends_at_its_slash() -> None:
    assert is_within("dev", "dev")
    assert is_within("dev/api", "dev")
    assert not is_within("dev-secret", "dev")
    assert not is_within("de", "dev")
    assert is_within("anything", "")


def test_a_category_knows_what_is_above_it() -> None:
    assert ancestors("a/b/c") == ("a", "a/b")
    assert ancestors("a") == ancestors("") == ()
    assert (parent("a/b/c"), parent("a"), parent("")) == ("a/b", "", "")


@pytest.mark.parametrize(
    ("path", "from_", "to", "result"),
    [
        ("foo/bar", "foo/bar", "baz", "baz"),
        ("foo/bar/x/y", "foo/bar", "baz", "baz/x/y"),
        ("foo/bard", "foo/bar", "baz", "foo/bard"),
        ("foo/x", "foo", "", "x"),
        ("foo", "foo", "", ""),
        ("foo/x", "foo", "foo/old", "foo/old/x"),
        ("x", "", "all", "all/x"),
        ("", "", "all", "all"),
    ],
)
def test_a_category_moves_with_all_below_it(path: str, from_: str, to: str, result: str) -> None:
    assert moved(path, from_, to) == result


def test_archiving_twice_changes_nothing() -> None:
    assert archived_path("Foo/Bar") == "Archived/Foo/Bar"
    assert archived_path("") == archived_path(None) == "Archived"
    assert archived_path("Archived/Foo") == "Archived/Foo"
    assert archived_path("Archived") == "Archived"
    assert archived_path("Archived-not") == "Archived/Archived-not"
    assert is_archived("Archived/Foo")
    assert not is_archived("Archives")


def test_the_longest_and_deepest_category_can_still_be_archived() -> None:
    for path in ["c" * 246, "/".join("a" * 20)]:
        archived = archived_path(normalize_category(path))
        assert len(archived) <= 255
        assert normalize_category(archived) == archived


@pytest.mark.parametrize(
    ("text", "rolled"),
    [
        ("日報/2026/11/22/alice", "日報/2027/03/04/alice"),
        ("日報/2026/1/2/alice", "日報/2027/3/4/alice"),
        ("2026-11-22", "2027-03-04"),
        ("2026.11.22", "2027.03.04"),
        ("2026_11_22", "2027_03_04"),
        ("2026&#47;11&#47;22", "2027&#47;03&#47;04"),
        ("定例20261122", "定例20270304"),
        ("2026年11月22日 定例", "2027年03月04日 定例"),
        ("2026年1月2日 定例", "2027年3月4日 定例"),
        ("令和8年1月2日", "令和9年3月4日"),
        ("令和元年5月1日", "令和9年3月4日"),
        ("平成31年4月30日", "令和9年3月4日"),
        ("2月29日の定例", "3月4日の定例"),
        ("２０２６／１１／２２", "２０２７／０３／０４"),
        ("2026/11/22 (日)", "2027/03/04 (木)"),
        ("2026/11/22（日曜日）", "2027/03/04（木曜日）"),
        ("2026-11-22 (Sun) notes", "2027-03-04 (Thu) notes"),
        ("2026/11/22 (月)", "2027/03/04 (月)"),
        # No dates.
        ("2026/13/22", "2026/13/22"),
        ("2026/02/30", "2026/02/30"),
        ("2026-11/22", "2026-11/22"),
        ("2026/11 plan", "2026/11 plan"),
        ("ID20261122", "ID20261122"),
        ("20261322", "20261322"),
        ("120261122", "120261122"),
        ("v1.2.3", "v1.2.3"),
        ("99月99日", "99月99日"),
    ],
)
def test_a_date_becomes_today_in_its_own_format(text: str, rolled: str) -> None:
    assert roll_dates(text, date(2027, 3, 4)) == rolled


@given(st.text("0123456789/-.年月日令和元(日)０９ ", max_size=20))
def test_rolling_twice_changes_nothing_more(text: str) -> None:
    once = roll_dates(text, date(2026, 11, 23))
    assert roll_dates(once, date(2026, 11, 23)) == once

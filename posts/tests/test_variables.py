"""Template variables: every row of the table, eras, offsets, and everything that is none."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.variables import expand

TOKYO = ZoneInfo("Asia/Tokyo")


def expanded(text: str, now: str = "2014-06-21 09:05", *, name: str = "Alice Example", in_title: bool = False) -> str:
    return expand(
        text,
        now=datetime.fromisoformat(now).replace(tzinfo=TOKYO),
        member_screen_name="alice",
        member_name=name,
        team_name="docs",
        in_title=in_title,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("%{year}", "14"),
        ("%{Year}", "2014"),
        ("%{jyear}", "H26"),
        ("%{Jyear}", "平成26"),
        ("%{jfyear}", "H26"),
        ("%{Jfyear}", "平成26"),
        ("%{Year:-3m}", "2014"),
        ("%{month}", "06"),
        ("%{Month}", "Jun"),
        ("%{Monthname}", "June"),
        ("%{Weekday}", "Saturday"),
        ("%{Week}", "Sat"),
        ("%{weekday}", "土曜日"),
        ("%{week}", "土"),
        ("%{cweek}", "4"),
        ("%{cWeek}", "25"),
        ("%{day}", "21"),
        ("%{time}", "09:05"),
        ("%{Time}", "09:05"),
        ("%{me}", "alice"),
        ("%{name}", "Alice Example"),
        ("%{team}", "docs"),
    ],
)
def test_each_variable_has_its_value(variable: str, value: str) -> None:
    assert expanded(variable) == value


def test_a_daily_report_gets_its_place() -> None:
    assert expanded("日報/%{Year}/%{month}/%{day}/%{me}:title", "2015-01-03 00:00") == "日報/2015/01/03/alice:title"


@pytest.mark.parametrize(
    ("day", "short", "long", "fiscal_short", "fiscal_long"),
    [
        ("2026-11-23", "R8", "令和8", "R8", "令和8"),
        ("2026-03-31", "R8", "令和8", "R7", "令和7"),
        ("2026-04-01", "R8", "令和8", "R8", "令和8"),
        ("2020-01-01", "R2", "令和2", "R1", "令和元"),
        ("2019-05-01", "R1", "令和元", "R1", "令和元"),
        ("2019-04-30", "H31", "平成31", "H31", "平成31"),
        ("2019-04-01", "H31", "平成31", "H31", "平成31"),
        ("2019-03-31", "H31", "平成31", "H30", "平成30"),
        ("1989-04-01", "H1", "平成元", "H1", "平成元"),
        ("1989-01-08", "H1", "平成元", "S63", "昭和63"),
        ("1989-01-07", "S64", "昭和64", "S63", "昭和63"),
        ("1926-12-25", "S1", "昭和元", "S1", "昭和元"),
        ("1926-12-24", "T15", "大正15", "T15", "大正15"),
        ("1912-07-29", "M45", "明治45", "M45", "明治45"),
    ],
)
def test_eras_change_on_their_day_and_fiscal_years_in_april(
    day: str, short: str, long: str, fiscal_short: str, fiscal_long: str
) -> None:
    values = expanded("%{jyear} %{Jyear} %{jfyear} %{Jfyear}", f"{day} 12:00")
    assert values == f"{short} {long} {fiscal_short} {fiscal_long}"


@pytest.mark.parametrize(
    ("now", "offset", "day"),
    [
        ("2026-03-31", "-1m", "2026-02-28"),
        ("2024-03-31", "-1m", "2024-02-29"),
        ("2026-01-31", "+1m", "2026-02-28"),
        ("2026-01-15", "-1m", "2025-12-15"),
        ("2026-12-31", "+2m", "2027-02-28"),
        ("2026-03-31", "-3m", "2025-12-31"),
        ("2024-02-29", "+1y", "2025-02-28"),
        ("2024-02-29", "-4y", "2020-02-29"),
        ("2026-12-28", "+1w", "2027-01-04"),
        ("2026-03-01", "-1d", "2026-02-28"),
        ("2026-11-23", "+0d", "2026-11-23"),
    ],
)
def test_an_offset_moves_within_the_calendar(now: str, offset: str, day: str) -> None:
    assert expanded(f"%{{Year:{offset}}}-%{{month:{offset}}}-%{{day:{offset}}}", f"{now} 12:00") == day


def test_three_months_earlier_is_the_fiscal_year() -> None:
    assert expanded("%{Year:-3m}", "2026-03-31 12:00") == "2025"
    assert expanded("%{Year:-3m}", "2026-04-01 12:00") == "2026"


@pytest.mark.parametrize(
    ("day", "week_of_month", "week_of_year"),
    [
        ("2026-11-01", "1", "44"),  # a Sunday
        ("2026-11-02", "2", "45"),
        ("2026-11-30", "6", "49"),
        ("2026-06-01", "1", "23"),  # a Monday
        ("2026-06-07", "1", "23"),
        ("2026-06-08", "2", "24"),
        ("2027-01-01", "1", "53"),
        ("2024-12-30", "6", "1"),
    ],
)
def test_weeks_begin_on_monday(day: str, week_of_month: str, week_of_year: str) -> None:
    assert expanded("%{cweek} %{cWeek}", f"{day} 12:00") == f"{week_of_month} {week_of_year}"


@pytest.mark.parametrize(
    "text",
    [
        "%{unknown}",
        "%{YEAR}",
        "%{Year",
        "%Year",
        "{Year}",
        "%{ Year }",
        "%{Year:3m}",
        "%{Year:-3h}",
        "%{Year:-3}",
        "%{me:-1d}",
        "%{Year:+99999y}",
        "%{day:-99999m}",
        "%{jyear:-200y}",
        "%{}",
        "%{now.year}",
        "100%",
        "%(Year)s",
    ],
)
def test_what_is_no_variable_stays_as_it_is(text: str) -> None:
    assert expanded(text) == text


def test_a_value_is_not_expanded_again() -> None:
    assert expanded("%{name}", name="%{team}") == "%{team}"


def test_a_name_makes_no_category_and_no_tag_in_a_title() -> None:
    assert expanded("minutes/%{name}", name="A/B #c", in_title=True) == "minutes/A&#47;B &#35;c"
    assert expanded("%{name}", name="A/B #c") == "A/B #c"


@given(st.lists(st.sampled_from([*"%{}:+-dwmy09 ", "Year", "day", "%{", "%{Year:", "}"])).map("".join))
def test_any_text_can_be_expanded(text: str) -> None:
    assert isinstance(expanded(text), str)

"""Template variables: `%{Year}/%{month}/%{day}/%{me}` becomes 2026/11/23/alice when a template is used."""

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from posts.eras import Era, era_of, fiscal_era_of
from posts.title import escape

# `%{day:+1w}` is the value one week later. Nothing else between the brackets means anything.
VARIABLE = re.compile(r"%\{(?P<name>[A-Za-z]+)(?::(?P<sign>[+-])(?P<count>[0-9]{1,5})(?P<unit>[ymwd]))?\}")

# Not from the locale: the templates of a team say the same for everybody in it.
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
JAPANESE_WEEKDAYS = "月火水木金土日"


def _short(era: Era, year: int) -> str:
    return f"{era.letter}{year}"


def _long(era: Era, year: int) -> str:
    # The first year is written 元 in full, as in 令和元年, but R1 for short.
    return f"{era.name}{'元' if year == 1 else year}"


def _week_of_month(at: datetime) -> int:
    """Weeks begin on Monday, as ISO's do; the days before the first Monday are week 1."""
    return (at.day + at.replace(day=1).weekday() + 6) // 7


DATED: dict[str, Callable[[datetime], str]] = {
    "year": lambda at: f"{at.year % 100:02}",
    "Year": lambda at: f"{at.year:04}",
    "jyear": lambda at: _short(*era_of(at.date())),
    "Jyear": lambda at: _long(*era_of(at.date())),
    "jfyear": lambda at: _short(*fiscal_era_of(at.date())),
    "Jfyear": lambda at: _long(*fiscal_era_of(at.date())),
    "month": lambda at: f"{at.month:02}",
    "Month": lambda at: MONTHS[at.month - 1][:3],
    "Monthname": lambda at: MONTHS[at.month - 1],
    "Weekday": lambda at: WEEKDAYS[at.weekday()],
    "Week": lambda at: WEEKDAYS[at.weekday()][:3],
    "weekday": lambda at: f"{JAPANESE_WEEKDAYS[at.weekday()]}曜日",
    "week": lambda at: JAPANESE_WEEKDAYS[at.weekday()],
    "cweek": lambda at: str(_week_of_month(at)),
    "cWeek": lambda at: str(at.isocalendar().week),
    "day": lambda at: f"{at.day:02}",
    "time": lambda at: f"{at:%H:%M}",
    "Time": lambda at: f"{at:%H:%M}",
}


def expand(
    text: str, *, now: datetime, member_screen_name: str, member_name: str, team_name: str, in_title: bool = False
) -> str:
    """Write values in place of the variables; whatever is not one of them stays as it is.

    `now` is in the member's time zone. Values are never expanded again; in a title their # and / are escaped, so
    that nobody's name makes a category or a tag.
    """
    names = {"me": member_screen_name, "name": member_name, "team": team_name}

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name in names and not found["unit"]:
            return escape(names[name]) if in_title else names[name]
        if name not in DATED:
            return found[0]
        try:
            return DATED[name](_moved(now, found["sign"], found["count"], found["unit"]))
        except (ValueError, OverflowError):  # outside the calendar, or before the first era
            return found[0]

    return VARIABLE.sub(value, text)


def _moved(now: datetime, sign: str | None, count: str | None, unit: str | None) -> datetime:
    """Some years, months, weeks or days away; where a month is too short, its last day."""
    steps = int(f"{sign or '+'}{count or 0}")
    if unit == "d":
        return now + timedelta(days=steps)
    if unit == "w":
        return now + timedelta(weeks=steps)
    months = now.year * 12 + now.month - 1 + steps * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))

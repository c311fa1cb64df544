"""Dates in titles: a duplicated daily report gets today's."""

import re
from datetime import date

from posts.eras import ERAS, era_of

DIGIT = "[0-9０-９]"
WEEKDAYS = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"),
    ("月曜", "火曜", "水曜", "木曜", "金曜", "土曜", "日曜"),
    ("月", "火", "水", "木", "金", "土", "日"),
)
ANY_WEEKDAY = "|".join(day for names in WEEKDAYS for day in names)

# Eight digits in a row are taken for a date only where they stand alone and make one of our times.
DATES = re.compile(
    rf"""
    (?<!{DIGIT})
    (?:
        (?P<year>{DIGIT}{{4}}) (?P<separator>[-/._／．]|&\#47;)
        (?P<month>{DIGIT}{{1,2}}) (?P=separator) (?P<day>{DIGIT}{{1,2}}) (?!{DIGIT})
    |
        (?<![A-Za-z]) (?P<compact>(?:19|20)[0-9]{{6}}) (?![0-9A-Za-z])
    |
        (?: (?P<kanji_year>{DIGIT}{{4}})年 | (?P<era>{"|".join(era.name for era in ERAS)}) (?P<era_year>元|{DIGIT}{{1,2}})年 )?
        (?P<kanji_month>{DIGIT}{{1,2}})月 (?P<kanji_day>{DIGIT}{{1,2}})日
    )
    (?: (?P<bracket>\s*[(（]) (?P<weekday>{ANY_WEEKDAY}) (?=[)）]) )?
    """,
    re.VERBOSE,
)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def roll_dates(text: str, today: date) -> str:
    """Write today in place of each date, in that date's own format."""
    return DATES.sub(lambda found: _rolled(found, today), text)


def _rolled(found: re.Match[str], today: date) -> str:
    old = _date_of(found, today)
    if old is None:
        return found[0]
    if found["compact"]:
        new = f"{today:%Y%m%d}"
    elif found["year"]:
        width = _width(found["month"], found["day"])
        new = found["separator"].join([f"{today.year}", f"{today.month:0{width}}", f"{today.day:0{width}}"])
    else:
        width = _width(found["kanji_month"], found["kanji_day"])
        new = f"{_kanji_year(found, today)}{today.month:0{width}}月{today.day:0{width}}日"
    if re.search("[０-９]", found[0]):
        new = new.translate(FULL_WIDTH)
    if found["weekday"]:
        names = next(names for names in WEEKDAYS if found["weekday"] in names)
        # A weekday in brackets rolls along; one that did not fit its date is left as it was typed.
        fits = names[old.weekday()] == found["weekday"]
        new += found["bracket"] + (names[today.weekday()] if fits else found["weekday"])
    return new


def _date_of(found: re.Match[str], today: date) -> date | None:
    """The date as matched, or None where the digits are no date of our times."""
    if compact := found["compact"]:
        year, month, day = int(compact[:4]), int(compact[4:6]), int(compact[6:])
    elif found["year"]:
        year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    else:
        month, day = int(found["kanji_month"]), int(found["kanji_day"])
        if found["kanji_year"]:
            year = int(found["kanji_year"])
        elif found["era"]:
            start = next(era.start for era in ERAS if era.name == found["era"])
            year = start.year - 1 + (1 if found["era_year"] == "元" else int(found["era_year"]))
        else:
            # Without a year, 2月29日 needs a leap year to be a date.
            year = 2024 if (month, day) == (2, 29) else today.year
    try:
        return date(year, month, day) if 1868 <= year < 2200 else None
    except ValueError:
        return None


def _kanji_year(found: re.Match[str], today: date) -> str:
    if found["kanji_year"]:
        return f"{today.year}年"
    if found["era"]:
        era, number = era_of(today)
        return f"{era.name}{'元' if number == 1 else number}年"
    return ""


def _width(month: str, day: str) -> int:
    """Two digits where the old date was padded (03/05), one where it was not (3/5)."""
    return 1 if len(month) == 1 or len(day) == 1 else 2

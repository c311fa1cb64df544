"""Japanese eras: what year a date is called by."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Era:
    name: str
    letter: str
    start: date


# Newest first.
ERAS = (
    Era("令和", "R", date(2019, 5, 1)),
    Era("平成", "H", date(1989, 1, 8)),
    Era("昭和", "S", date(1926, 12, 25)),
    Era("大正", "T", date(1912, 7, 30)),
    Era("明治", "M", date(1868, 1, 25)),
)


def era_of(day: date) -> tuple[Era, int]:
    """The era of a date and its year in it, counted from 1; ValueError before the first era."""
    for era in ERAS:
        if day >= era.start:
            return era, day.year - era.start.year + 1
    raise ValueError(f"{day} is before the first era")


def fiscal_era_of(day: date) -> tuple[Era, int]:
    """The fiscal year from April to March, in the era that the date itself has.

    So April 2019 is 平成31, May 2019 to March 2020 is 令和1. A fiscal year that began
    before the date's era goes by the era before: February 1989 is 昭和63.
    """
    fiscal_year = day.year if day.month >= 4 else day.year - 1
    for era in ERAS:
        if day >= era.start and fiscal_year >= era.start.year:
            return era, fiscal_year - era.start.year + 1
    raise ValueError(f"{day} is before the first era")

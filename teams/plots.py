"""Plots as SVG of our own: columns over days, readable without colour, with the numbers on hover and in a table beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log10

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 160, 34, 20, 8
MOST_COLUMNS = 120


@dataclass(frozen=True)
class Column:
    x: float
    y: float
    width: float
    height: float
    day: date
    until: date
    value: int


@dataclass(frozen=True)
class Line:
    y: float
    value: int


@dataclass(frozen=True)
class Plot:
    columns: list[Column]
    lines: list[Line]
    ticks: list[tuple[float, date]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def base(self) -> int:
        return HEIGHT - BOTTOM


def bars(points: Sequence[tuple[date, int]]) -> Plot:
    """A column per day; of long spans, per week."""
    spans = [(day, day, value) for day, value in points]
    if len(points) > MOST_COLUMNS:
        weeks = [points[at : at + 7] for at in range(0, len(points), 7)]
        spans = [(week[0][0], week[-1][0], sum(value for _day, value in week)) for week in weeks]
    top = nice_top(max((value for _from, _to, value in spans), default=0))
    room, tall = (WIDTH - LEFT) / max(1, len(spans)), HEIGHT - BOTTOM - TOP
    columns = [
        Column(
            round(LEFT + at * room + room * 0.12, 2),
            round(HEIGHT - BOTTOM - tall * value / top, 2),
            round(room * 0.76, 2),
            round(tall * value / top, 2),
            day,
            until,
            value,
        )
        for at, (day, until, value) in enumerate(spans)
    ]
    lines = [Line(round(HEIGHT - BOTTOM - tall * share, 2), round(top * share)) for share in (0, 0.5, 1)]
    every = max(1, ceil(len(columns) / 6))
    ticks = [(round(column.x + column.width / 2, 2), column.day) for column in columns[::every]]
    return Plot(columns, lines, ticks)


def nice_top(value: int) -> int:
    """The end of the scale: 2, 4, 6, 8, 10, 20, 40 … so that half of it is a whole number, too."""
    if value <= 2:
        return 2
    step = 10 ** int(log10(value))
    return next(top for factor in (1, 2, 4, 6, 8, 10) if (top := factor * step) >= value and top % 2 == 0)

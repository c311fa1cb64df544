"""Queries whose SQL is worded once per process.

Django words a query anew each time, which costs an everyday page more than PostgreSQL takes to answer it. Here the
query is built once with stand-ins for its values, and from then on the values alone are put into the finished text.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.query import ModelIterable, get_related_populators

INTEGERS = 2_147_480_000
"""Where the stand-ins of numbers begin: they fit an integer column, and no query of ours names such a number itself."""

Value = int | str


@dataclass
class Worded:
    """A finished query: its text, where the values go, and how rows become what they stand for."""

    sql: str
    params: list[Any]
    places: dict[int, int]  # of a parameter: which value it is
    converters: list[tuple[int, list[Any], Any]]
    make: Callable[[Sequence[Any]], Any]
    prefetch: tuple[Any, ...]

    def ask(self, values: Sequence[Value], using: str) -> list[Any]:
        connection = connections[using]
        params = self.params.copy()
        for place, value in self.places.items():
            params[place] = values[value]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        if self.converters:
            rows = [list(row) for row in rows]
            for column, functions, expression in self.converters:
                for row in rows:
                    for function in functions:
                        row[column] = function(row[column], expression, connection)
        found = [self.make(row) for row in rows]
        if self.prefetch and found:
            models.prefetch_related_objects(found, *self.prefetch)
        return found


class Prepared:
    """`Prepared(build)(*arguments)` is `list(build(*arguments))`, for numbers and texts that the query only compares with.

    Anything else among the arguments (None, True) decides what the query looks like: each kind of it is worded by itself.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any]]) -> None:
        self.build = build
        self.worded: dict[Hashable, Worded | None] = {}

    def __call__(self, *arguments: Any) -> list[Any]:
        shape = tuple(type(each) if _is_value(each) else each for each in arguments)
        try:
            worded = self.worded[shape]
        except KeyError:
            worded = self.worded[shape] = self._word(arguments)
        if worded is None:
            return list(self.build(*arguments))
        return worded.ask([each for each in arguments if _is_value(each)], "default")

    def first(self, *arguments: Any) -> Any:
        """The first row, or None; `build` says in which order, and takes no more than it needs."""
        return next(iter(self(*arguments)), None)

    def _word(self, arguments: Sequence[Any]) -> Worded | None:
        numbers = count(INTEGERS)
        stand_ins: list[Value] = []
        given: list[Any] = []
        for each in arguments:
            if _is_value(each):
                number = next(numbers)
                stand_ins.append(number if isinstance(each, int) else f"\ue000{number}\ue001")
                given.append(stand_ins[-1])
            else:
                given.append(each)
        return word(self.build(*given), stand_ins)


def _is_value(argument: object) -> bool:
    return isinstance(argument, int | str) and not isinstance(argument, bool)


def word(queryset: models.QuerySet[Any], stand_ins: Sequence[Value]) -> Worded | None:
    """None where the query can answer nothing, so that Django need not ask it."""
    compiler = queryset.query.get_compiler(queryset.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    places = {}
    for place, parameter in enumerate(params):
        if not isinstance(parameter, int | str) or isinstance(parameter, bool):
            continue
        if parameter in stand_ins:
            places[place] = stand_ins.index(parameter)
        elif "\ue000" in parameter if isinstance(parameter, str) else INTEGERS <= parameter < INTEGERS + 1000:
            raise TypeError(f"A prepared query may only compare with its values, not with {parameter!r}")
    if any(str(each) in sql for each in stand_ins):
        raise TypeError("A value of a prepared query stands in its SQL, not among its parameters")
    converters = compiler.get_converters([expression for expression, *_rest in compiler.select])
    return Worded(
        sql,
        list(params),
        places,
        [(column, functions, expression) for column, (functions, expression) in converters.items()],
        _maker(queryset, compiler),
        queryset._prefetch_related_lookups,  # type: ignore[attr-defined]
    )


def _maker(queryset: models.QuerySet[Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """What django.db.models.query.ModelIterable does with a row, with its preparations made once."""
    if queryset._iterable_class is not ModelIterable:
        return tuple
    klass_info, annotations = compiler.klass_info, compiler.annotation_col_map or {}
    columns = klass_info["select_fields"]
    begin, end = columns[0], columns[-1] + 1
    names = [field[0].target.attname for field in compiler.select[begin:end]]
    populators = get_related_populators(klass_info, compiler.select, queryset.db)  # type: ignore[call-arg]
    model, using = klass_info["model"], queryset.db

    def make(row: Sequence[Any]) -> Any:
        instance = model.from_db(using, names, row[begin:end])
        for populator in populators:
            populator.populate(row, instance)
        for name, column in annotations.items():
            setattr(instance, name, row[column])
        return instance

    return make

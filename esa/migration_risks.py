"""What a migration does to an installation that is in use: what it locks, for about how long, and whether old code survives it.

Old code runs beside a new schema while a release rolls out. So a migration either expands (adds what old code does not
miss) or contracts (takes away what no running code uses any more); the latter says so with `contracts = "why it is safe"`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import connection, models
from django.db.migrations import operations as ops
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

ROWS_A_SECOND = 200_000  # that PostgreSQL reads or writes on a small server; a guess on the safe side
NOTHING, SHARE, EXCLUSIVE = "nothing", "writes", "reads and writes"


@dataclass(frozen=True)
class Risk:
    operation: str
    table: str
    locks: str
    seconds: float  # about; 0 for the catalogue alone
    expands: bool
    note: str = ""


def risks_of(migration: Migration, before: ProjectState, *, measure: bool = True) -> list[Risk]:
    """One line for each operation; `before` is the state that it starts from."""
    state = before.clone()
    found: list[Risk] = []
    made: set[str] = set()
    for operation in migration.operations:
        if isinstance(operation, ops.CreateModel):
            table = operation.options.get("db_table") or f"{migration.app_label}_{operation.name_lower}"
            made.add(str(table))
        found += [
            # Nothing old knows a table that the same step makes.
            risk if risk.table not in made else replace(risk, locks=NOTHING, seconds=0, expands=True, note="")
            for risk in _risks(operation, migration.app_label, state, measure)
        ]
        operation.state_forwards(migration.app_label, state)
    return found


def narrows(migration: Migration, before: ProjectState) -> list[Risk]:
    """What old code would trip over, unless the migration says why it does not."""
    if getattr(migration, "contracts", ""):
        return []
    return [risk for risk in risks_of(migration, before, measure=False) if not risk.expands]


def _risks(operation: Any, app: str, state: ProjectState, measure: bool) -> Iterator[Risk]:
    what = operation.describe()
    match operation:
        case ops.SeparateDatabaseAndState():
            for inner in operation.database_operations:
                yield from _risks(inner, app, state, measure)
        case ops.CreateModel():
            yield Risk(what, operation.name_lower, NOTHING, 0, expands=True)
        case ops.AddField():
            yield _add_field(operation, app, state, measure, what)
        case ops.AlterField():
            yield _alter_field(operation, app, state, measure, what)
        case postgres.AddIndexConcurrently():
            table, rows = _table(app, operation.model_name_lower, state, measure)
            yield Risk(what, table, NOTHING, rows / ROWS_A_SECOND, expands=True)
        case ops.AddIndex():
            table, rows = _table(app, operation.model_name_lower, state, measure)
            yield Risk(
                what, table, SHARE, rows / ROWS_A_SECOND, expands=True, note="AddIndexConcurrently locks nothing"
            )
        case ops.AddConstraint():
            table, rows = _table(app, operation.model_name_lower, state, measure)
            yield Risk(what, table, EXCLUSIVE, rows / ROWS_A_SECOND, expands=False, note="old code may break the rule")
        case ops.RemoveIndex() | postgres.RemoveIndexConcurrently() | ops.RenameIndex():
            table, _rows = _table(app, getattr(operation, "model_name", "") or "", state, False)
            yield Risk(what, table, EXCLUSIVE, 0, expands=True)
        case ops.RemoveConstraint() | ops.AlterUniqueTogether() | ops.AlterIndexTogether():
            yield Risk(what, "", EXCLUSIVE, 0, expands=isinstance(operation, ops.RemoveConstraint))
        case ops.RemoveField() | ops.RenameField() | ops.DeleteModel() | ops.RenameModel() | ops.AlterModelTable():
            yield Risk(what, "", EXCLUSIVE, 0, expands=False, note="old code still names it")
        case ops.RunSQL() | ops.RunPython():
            told = getattr(operation, "locks", "")
            yield Risk(what, "", told or "unknown", 0, expands=True, note="" if told else "read it yourself")
        case _:
            yield Risk(what, "", NOTHING, 0, expands=True)


def _add_field(operation: Any, app: str, state: ProjectState, measure: bool, what: str) -> Risk:
    field = operation.field
    table, rows = _table(app, operation.model_name_lower, state, measure)
    if isinstance(field, models.ManyToManyField):
        return Risk(what, table, NOTHING, 0, expands=True)
    filled = field.null or field.has_db_default() or isinstance(field, models.GeneratedField)
    computed = isinstance(field, models.GeneratedField) or (field.has_default() and callable(field.default))
    rewrites = computed or field.unique
    note = "" if filled else "old code inserts rows without it: give it null=True or db_default"
    return Risk(what, table, EXCLUSIVE, rows / ROWS_A_SECOND if rewrites else 0, expands=bool(filled), note=note)


def _alter_field(operation: Any, app: str, state: ProjectState, measure: bool, what: str) -> Risk:
    table, rows = _table(app, operation.model_name_lower, state, measure)
    old = state.models[app, operation.model_name_lower].fields[operation.name]
    new = operation.field
    stricter = (old.null and not new.null) or (new.unique and not old.unique)
    shorter = _length(new) < _length(old)
    other = old.get_internal_type() != new.get_internal_type()
    seconds = rows / ROWS_A_SECOND if stricter or shorter or other else 0
    note = "old code may write what no longer fits" if stricter or shorter or other else ""
    return Risk(what, table, EXCLUSIVE, seconds, expands=not (stricter or shorter or other), note=note)


def _length(field: Any) -> float:
    return float(field.max_length) if field.max_length else float("inf")


def _table(app: str, model: str, state: ProjectState, measure: bool) -> tuple[str, int]:
    """The table's name and about how many rows it has; 0 for one that is not there yet."""
    known = state.models.get((app, model.lower()))
    name = (known.options.get("db_table") if known else "") or f"{app}_{model.lower()}"
    if not measure:
        return name, 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)", [name])
        row = cursor.fetchone()
    return name, int(row[0]) if row else 0

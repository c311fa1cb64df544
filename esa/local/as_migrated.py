"""After a test that committed: the tables as the migrations left them.

Django's own flush empties every table, a third of a second each time, and takes the rows along that migrations made (the
public OAuth client), so that whatever test came next would miss them.
"""

from typing import Any

from django.db import connection
from django.test import TransactionTestCase

KEPT = "as_migrated"


def remember() -> None:
    """Keep what the migrations made, and let tests that commit go back to it."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        steps = [_step(cursor, connection.ops.quote_name(table)) for table in [*tables, "django_migrations"]]
        cursor.execute(f"CREATE FUNCTION {KEPT}.restore() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {' '.join(steps)} END $$")  # fmt: skip
    TransactionTestCase._fixture_teardown = _restore  # type: ignore[attr-defined]  # what Django itself overrides
    # Django connects anew after each such test, for settings that a rollback might have lost: ours come with the connection.
    TransactionTestCase._should_reload_connections = lambda _: False  # type: ignore[attr-defined]


def _step(cursor: Any, table: str) -> str:
    """What brings a table back; foreign keys are checked at the end of the transaction, so the order is no matter."""
    cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
    if not cursor.fetchone()[0]:
        return f"IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF;"
    kept = f"{KEPT}.{table}"
    cursor.execute(f"CREATE TABLE {kept} AS TABLE {table}")
    now, then = (f"SELECT each::text FROM {name} each" for name in (table, kept))
    return (
        f"IF EXISTS ({now} EXCEPT ALL {then}) OR EXISTS ({then} EXCEPT ALL {now})"
        f" THEN DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {kept}; END IF;"
    )


def _restore(_: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {KEPT}.restore()")

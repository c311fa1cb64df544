"""Tells whether two PostgreSQL databases hold the same, row for row, without bringing the rows here.

Used by `manage.py compare_databases` when an installation moves: everything that a restore can lose without a word is
compared: rows, sequences, indexes, constraints, triggers, extensions, collation. Each server sums up its own tables; only
where sums differ are keys streamed from both, in order, to name the rows.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Self

import psycopg
from psycopg import sql

# What decides how a value looks as text; both servers must write it alike, whatever their own settings are.
SESSION = {
    "search_path": "pg_catalog",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "10s",
}
CHUNK = 2000
"""How many keys are fetched at once while rows are compared; memory does not grow with the table."""

# `ANY ((ARRAY['a'::character varying])::text[])` comes back as `ANY (ARRAY[('a'::character varying)::text])`.
VALUE_CAST = re.compile(r"\(('(?:[^']|'')*'::character varying)\)::text")
LIST_CAST = re.compile(r"\((ARRAY\[[^\]]*\])\)::text\[\]")

OURS = """
    n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
"""Of relations `c` in schemas `n`: those that somebody made, not the server nor an extension."""

COLUMNS = """
    SELECT n.nspname || '.' || c.relname || '.' || a.attname,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                     nullif('identity ' || a.attidentity::text, 'identity '),
                     nullif('generated ' || a.attgenerated::text, 'generated '),
                     'DEFAULT ' || pg_get_expr(e.adbin, e.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND OURS
"""
# From PostgreSQL 18 on NOT NULL is a constraint with a name ("n"); the column says it on every version.
CONSTRAINTS = """
    SELECT n.nspname || '.' || c.relname || ' ' || k.conname,
           pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' NOT VALID' END
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype <> 'n' AND OURS
"""
INDEXES = """
    SELECT n.nspname || '.' || c.relname,
           pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' (not valid)' END
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE OURS
"""
TRIGGERS = """
    SELECT n.nspname || '.' || c.relname || ' ' || t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND OURS
"""
FUNCTIONS = """
    SELECT n.nspname || '.' || c.proname || '(' || pg_get_function_identity_arguments(c.oid) || ')',
           encode(sha256(convert_to(c.prosrc, 'UTF8')), 'hex')
    FROM pg_proc c JOIN pg_namespace n ON n.oid = c.pronamespace WHERE OURS
"""
SEQUENCES = """
    SELECT schemaname || '.' || sequencename,
           concat_ws(' ', 'at', coalesce(last_value::text, 'its start'), data_type, 'by', increment_by, min_value, max_value)
    FROM pg_sequences
"""
EXTENSIONS = "SELECT extname::text, extversion FROM pg_extension"
LARGE_OBJECTS = "SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata"
SERVER = """
    SELECT 'encoding', pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'collation', datcollate FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'character types', datctype FROM pg_database WHERE datname = current_database()
"""
TABLES = """
    SELECT n.nspname::text, c.relname::text,
           array(SELECT a.attname::text FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname::text COLLATE "C"),
           array(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY a.attname::text COLLATE "C")
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND OURS
"""
ASPECTS = {
    "database": SERVER,
    "extensions": EXTENSIONS,
    "columns": COLUMNS,
    "constraints": CONSTRAINTS,
    "indexes": INDEXES,
    "triggers": TRIGGERS,
    "functions": FUNCTIONS,
    "sequences": SEQUENCES,
    "large objects": LARGE_OBJECTS,
}


@dataclass(frozen=True)
class Table:
    """A table as one side has it."""

    schema: str
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def row_text(self) -> sql.Composed:
        """A row as text, its columns in the order of their names: a restored table may have them in another."""
        return sql.SQL("ROW({})::text").format(names(self.columns))

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass
class Findings:
    """What a comparison found: differences, which make the databases unequal, and notes, which do not."""

    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0

    @property
    def equal(self) -> bool:
        return not self.differences


class Side:
    """One of the two databases, seen as it was at one moment."""

    def __init__(self, label: str, connection: psycopg.Connection[Any]) -> None:
        self.label, self.connection = label, connection

    @classmethod
    def open(cls, label: str, url: str) -> Self:
        connection = psycopg.connect(url, connect_timeout=10, application_name="esa compare_databases")
        for name, value in SESSION.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        connection.commit()
        # One snapshot for everything; nothing can be written by mistake.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return cls(label, connection)

    @property
    def version(self) -> int:
        return self.connection.info.server_version // 10000

    def facts(self, query: str) -> dict[str, str]:
        return dict(self._ask(query).fetchall())

    def tables(self) -> dict[str, Table]:
        rows = self._ask(TABLES).fetchall()
        found = (Table(schema, name, tuple(columns), tuple(key)) for schema, name, columns, key in rows)
        return {table.full_name: table for table in found}

    def sum_of(self, table: Table) -> tuple[int, str]:
        """The number of rows, and a sum over their digests that does not depend on their order."""
        query = sql.SQL("""
            SELECT count(*), coalesce(sum(('x' || substr(h, 1, 15))::bit(60)::bigint), 0)::text
                   || ':' || coalesce(sum(('x' || substr(h, 16, 15))::bit(60)::bigint), 0)::text
            FROM (SELECT encode(sha256(convert_to({row}, 'UTF8')), 'hex') AS h FROM ONLY {table}) AS digests
        """).format(row=table.row_text, table=table.identifier)
        [(count, digest)] = self.connection.execute(query).fetchall()
        return int(count), str(digest)

    def digests(self, table: Table) -> Iterator[tuple[str, bytes]]:
        """Key and digest of every row in the order of the key, a chunk at a time."""
        query = sql.SQL("""
            SELECT key, digest FROM (
                SELECT ROW({key})::text AS key, sha256(convert_to({row}, 'UTF8')) AS digest FROM ONLY {table}
            ) AS rows ORDER BY key COLLATE "C"
        """).format(key=names(table.key), row=table.row_text, table=table.identifier)
        with self.connection.cursor(name="compare") as cursor:
            cursor.itersize = CHUNK
            cursor.execute(query)
            yield from cursor

    def close(self) -> None:
        self.connection.close()

    def _ask(self, query: str) -> psycopg.Cursor[Any]:
        return self.connection.execute(query.replace("OURS", OURS).encode())


def names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def compare(
    source: Side,
    target: Side,
    *,
    exclude: Iterable[str] = (),
    show: int = 5,
    say: Callable[[str], None] = lambda text: None,
) -> Findings:
    """Compares everything; both servers work at the same time."""
    findings = Findings()
    say(f"source: PostgreSQL {source.version}, target: PostgreSQL {target.version}")
    with ThreadPoolExecutor(max_workers=2) as both:

        def ask(question: Callable[[Side], Any]) -> tuple[Any, Any]:
            one, other = both.submit(question, source), both.submit(question, target)
            return one.result(), other.result()

        for aspect, query in ASPECTS.items():
            had, has = ask(lambda side, query=query: side.facts(query))  # type: ignore[misc]
            compare_facts(aspect, had, has, findings)
            say(f"{aspect}: {len(has)} compared")
        had, has = ask(Side.tables)
        for name in sorted(had.keys() | has.keys()):
            if any(fnmatch(name, pattern) or fnmatch(name.partition(".")[2], pattern) for pattern in exclude):
                findings.notes.append(f"{name} was left out, as asked")
            elif name not in has or name not in had:
                findings.differences.append(f"table {name} is missing in the {'target' if name in had else 'source'}")
            elif had[name].columns == has[name].columns:  # other columns are told already
                compare_table(source, target, had[name], has[name], ask, findings, show=show, say=say)
    return findings


def as_restored(definition: str) -> str:
    """A definition as it reads after a dump and a restore, which write casts in lists of values another way than Django did."""
    return LIST_CAST.sub(r"\1", VALUE_CAST.sub(r"\1", definition))


def compare_facts(aspect: str, had: dict[str, str], has: dict[str, str], findings: Findings) -> None:
    for name in sorted(had.keys() | has.keys()):
        if name in had and name in has and as_restored(had[name]) == as_restored(has[name]):
            continue
        if name not in has or name not in had:
            where = "target" if name in had else "source"
            findings.differences.append(f"{aspect}: {name} is missing in the {where}")
        elif aspect == "extensions":  # servers of different age bring different versions
            findings.notes.append(f"extension {name} is {had[name]} in the source, {has[name]} in the target")
        else:
            findings.differences.append(f"{aspect}: {name} is {had[name]!r} in the source, {has[name]!r} in the target")


def compare_table(
    source: Side,
    target: Side,
    ours: Table,
    theirs: Table,
    ask: Callable[[Callable[[Side], Any]], tuple[Any, Any]],
    findings: Findings,
    *,
    show: int,
    say: Callable[[str], None],
) -> None:
    (count, digest), (other_count, other_digest) = ask(lambda side: side.sum_of(ours))
    findings.rows += count
    if (count, digest) == (other_count, other_digest):
        say(f"{ours.full_name}: {count} rows, equal")
        return
    say(f"{ours.full_name}: {count} rows in the source, {other_count} in the target, NOT equal")
    findings.differences.append(f"rows of {ours.full_name} differ: {count} in the source, {other_count} in the target")
    if show and ours.key and ours.key == theirs.key:
        for told, line in enumerate(rows_that_differ(source.digests(ours), target.digests(ours))):
            if told == show:
                findings.differences.append("    and more")
                break
            findings.differences.append(f"    {', '.join(ours.key)} {line}")


def rows_that_differ(ours: Iterator[tuple[str, bytes]], theirs: Iterator[tuple[str, bytes]]) -> Iterator[str]:
    """Walks two ordered streams of keys beside each other; holds one row of each."""
    mine, other = next(ours, None), next(theirs, None)
    while mine or other:
        if mine and (not other or mine[0].encode() < other[0].encode()):
            yield f"{mine[0]} is only in the source"
            mine = next(ours, None)
        elif other and (not mine or other[0].encode() < mine[0].encode()):
            yield f"{other[0]} is only in the target"
            other = next(theirs, None)
        elif mine and other:
            if mine[1] != other[1]:
                yield f"{mine[0]} differs"
            mine, other = next(ours, None), next(theirs, None)

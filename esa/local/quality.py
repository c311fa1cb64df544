"""All that has to hold before a change is done: linters, types, migrations, production's settings, and the tests."""

import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from esa.local import chromium, frontend, scratch, translations
from esa.local.progress import CHECKOUT, coloured, hand_over, say
from esa.local.trouble import Trouble

PYTHON = sys.executable
BIN = Path(PYTHON).parent
MANAGE = [PYTHON, "manage.py"]
PRODUCTION = {
    "DEBUG": "",
    "SECRET_KEY": "production's own key has at least thirty-two characters, and differs",
    "ESA_DOMAIN": "esa.example.com",
    "EMAIL_URL": "smtp+tls://mail.example.com:587",
}


@dataclass(frozen=True)
class Check:
    """One command that must succeed."""

    title: str
    command: list[str]
    environment: dict[str, str] | None = None


LINTERS = [
    Check("ruff check", [PYTHON, "-m", "ruff", "check", "."]),
    Check("ruff format --check", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    Check("mypy", [PYTHON, "-m", "mypy"]),
    Check("hadolint", [str(BIN / "hadolint"), "Dockerfile"]),
    Check("shellcheck", [str(BIN / "shellcheck"), "entrypoint.sh", ".ci/run"]),
]


def lint() -> int:
    """Run the checks that need no server."""
    return _report(_run_all(LINTERS))


def test(arguments: list[str]) -> int:
    """Set up what the tests need, and run everything; arguments go to pytest."""
    started = time.monotonic()
    frontend.prepare()
    chromium.prepare()
    translations.compile_all()
    failed: list[str] = []
    if not arguments:
        with scratch.services() as urls:
            database = urls["DATABASE_URL"].rpartition("/")[0] + f"/{scratch.TEMPLATE}"
            failed = _run_all([*LINTERS, *_django_checks(urls | {"DATABASE_URL": database})])
    say(coloured("pytest", "1"))
    command = [PYTHON, "-m", "pytest", "-n", os.environ.get("WORKERS", "2"), "--dist", "worksteal", *arguments]
    if hand_over(command):
        failed.append("pytest")
    say(f"Everything took {time.monotonic() - started:.0f} s.")
    return _report(failed)


def _django_checks(urls: dict[str, str]) -> list[Check]:
    return [
        Check(
            "makemigrations --check", [*MANAGE, "makemigrations", "--check", "--dry-run"], scratch.ENVIRONMENT | urls
        ),
        Check("check --deploy", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION | urls),
    ]


def _run_all(checks: list[Check]) -> list[str]:
    """Run two at a time, and print what each had to say in their order; give the titles of those that failed."""
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for check, (code, said, seconds) in zip(checks, pool.map(_run, checks), strict=True):
            sign = coloured("✓", "32") if code == 0 else coloured("✗", "31")
            say(f"{sign} {check.title:<42}{seconds:6.1f} s")
            if code:
                say(f"  $ {shlex.join(['python', *check.command[1:]])}\n{said}")
                failed.append(check.title)
    return failed


def _run(check: Check) -> tuple[int, str, float]:
    started = time.monotonic()
    done = subprocess.run(
        check.command, cwd=CHECKOUT, env=os.environ | (check.environment or {}), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, time.monotonic() - started


def _report(failed: list[str]) -> int:
    if failed:
        raise Trouble(f"These did not pass: {', '.join(failed)}.")
    return 0

"""All that has to hold before a change is done: linters, types, migrations, production's settings, and the tests."""

import hashlib
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
NOWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing", "REDIS_URL": "redis://127.0.0.1:9/0"}
"""Addresses that settings need, for commands that ask no server."""


def _found(pattern: str) -> tuple[str, ...]:
    return tuple(sorted(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob(pattern)))


TEMPLATES = _found("deploy/templates/*.yml")
WORKFLOWS = _found(".github/workflows/*.yml")
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.dependabot": (".github/dependabot.yml",),
    "vendor.renovate": (".github/renovate.json",),
}


@dataclass(frozen=True)
class Check:
    """One command that must succeed."""

    title: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    is_test: bool = False
    """A test asks the same, in a process that has long started."""
    reads: tuple[str, ...] = ()
    """All files that it judges, for a slow check: that it passed is remembered until they or the packages change."""


@dataclass(frozen=True)
class Outcome:
    """How a check went: the exit code of its command, what it printed, and for how many seconds it ran."""

    check: Check
    code: int
    said: str
    seconds: float


CHECKS = [
    Check("ruff check", [PYTHON, "-m", "ruff", "check", "."]),
    Check("ruff format --check", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    Check("mypy", [PYTHON, "-m", "mypy"]),
    Check("hadolint", [str(BIN / "hadolint"), "Dockerfile"]),
    Check("shellcheck", [str(BIN / "shellcheck"), "entrypoint.sh", ".ci/run"]),
    Check(
        "cfn-lint",
        [str(BIN / "cfn-lint"), *"--regions ap-northeast-1 --include-checks W --template".split(), *TEMPLATES],
        reads=TEMPLATES,
    ),
    *(
        Check(
            f"schema of {schema.removeprefix('vendor.')}",
            [str(BIN / "check-jsonschema"), "--builtin-schema", schema, *files],
            reads=files,
        )
        for schema, files in SCHEMAS.items()
    ),
    Check(
        "zizmor",
        [str(BIN / "zizmor"), *"--offline --no-progress --min-severity medium .github".split()],
        reads=(*WORKFLOWS, ".github/dependabot.yml"),
    ),
    Check(
        "makemigrations --check",
        [PYTHON, "-W", "ignore", *MANAGE[1:], "makemigrations", "--check", "--dry-run"],
        scratch.ENVIRONMENT | NOWHERE,
        is_test=True,
    ),
    Check("check --deploy", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION | NOWHERE),
]


def lint() -> int:
    """Run everything but the tests."""
    return _report(_told(_run_all(CHECKS)))


def test(arguments: list[str]) -> int:
    """Set up what the tests need, and run everything; arguments go to pytest."""
    started = time.monotonic()
    frontend.prepare()
    chromium.prepare()
    translations.compile_all()
    workers = os.environ.get("WORKERS") or str(max(2, os.cpu_count() or 1))  # one more was a tenth slower
    with ThreadPoolExecutor(1) as aside:
        checks = aside.submit(_run_all, [each for each in CHECKS if not each.is_test]) if not arguments else None
        failed = hand_over([PYTHON, "-m", "pytest", "-n", workers, "--dist", "worksteal", *arguments])
        failures = _told(checks.result()) if checks else []
    say(f"Everything took {time.monotonic() - started:.0f} s.")
    return _report([*failures, *(["pytest"] if failed else [])])


def _run_all(checks: list[Check]) -> list[Outcome]:
    """Run two at a time."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(_run, checks))


def _told(outcomes: list[Outcome]) -> list[str]:
    """Print what each check had to say; give the titles of those that failed."""
    for outcome in outcomes:
        sign = coloured("✗", "31") if outcome.code else coloured("✓", "32")
        say(f"{sign} {outcome.check.title:<42}{outcome.seconds:6.1f} s")
        if outcome.code:
            say(f"  $ {shlex.join(['python', *outcome.check.command[1:]])}\n{outcome.said}")
    return [outcome.check.title for outcome in outcomes if outcome.code]


def _run(check: Check) -> Outcome:
    started = time.monotonic()
    passed = _memory(check) if check.reads else None
    if passed and passed.exists():
        return Outcome(check, 0, "", 0)
    done = subprocess.run(
        check.command, cwd=CHECKOUT, env=os.environ | check.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    if passed and not done.returncode:
        passed.parent.mkdir(parents=True, exist_ok=True)
        for old in passed.parent.glob(f"{passed.name.partition('.')[0]}.*"):
            old.unlink()
        passed.touch()
    return Outcome(check, done.returncode, done.stdout, time.monotonic() - started)


def _memory(check: Check) -> Path:
    """The file that is there if the check has passed for these very files, with these versions of the packages."""
    digest = hashlib.sha256(shlex.join(check.command).encode())
    for name in ("requirements-dev.txt", *check.reads):
        digest.update(f"{name}\0".encode() + (CHECKOUT / name).read_bytes())
    name = re.sub(r"[^a-z]+", "-", check.title)
    return CHECKOUT / ".data" / "passed" / f"{name}.{digest.hexdigest()[:16]}"


def _report(failed: list[str]) -> int:
    if failed:
        raise Trouble(f"These did not pass: {', '.join(failed)}.")
    return 0

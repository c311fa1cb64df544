"""The virtual environment and the packages in it: all that must be there before anything else can be imported."""

import contextlib
import fcntl
import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from esa.local.progress import CHECKOUT, DATA, run_tool, say, step
from esa.local.trouble import Trouble

VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]


def inside() -> bool:
    """Tell whether this very process runs in the virtual environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def prepare() -> None:
    """Make the virtual environment and install what is pinned; costs nothing when nothing has changed."""
    if STAMP.exists() and PYTHON.exists() and STAMP.read_text() == _wanted():
        return
    with alone():
        if not _is_sound():
            with step("Virtual environment"):
                _create()
        with step("Python packages"):
            _install(REQUIREMENTS)
        STAMP.write_text(_wanted())


def install(requirements: str) -> None:
    """Add one more file of pinned packages to the environment."""
    _install([requirements])


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one set-up at a time work on this checkout."""
    DATA.mkdir(exist_ok=True)
    with (DATA / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up of this checkout to end …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wanted() -> str:
    """What the environment is made for: the pins, this place (its scripts hold the path) and this Python."""
    digest = hashlib.sha256(b"".join((CHECKOUT / name).read_bytes() for name in REQUIREMENTS)).hexdigest()
    return f"{digest}\n{VENV}\n"


def _is_sound() -> bool:
    if not PYTHON.exists():
        return False
    question = "import sys; print(sys.prefix, sys.version_info >= (3, 11))"
    answer = subprocess.run([PYTHON, "-c", question], capture_output=True, text=True, check=False).stdout.split()
    return answer == [str(VENV), "True"]


def _create() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        run_tool([_quickest(), "-m", "venv", str(VENV)], doing="Making the virtual environment")
    except Trouble:
        # Debian and Ubuntu cut ensurepip out of their Python; the system's pip can do its work.
        has_ensurepip = subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False)
        if has_ensurepip.returncode == 0:
            raise
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            raise Trouble(
                "This Python can make no virtual environment, because its venv module is incomplete "
                "(Debian, Ubuntu: apt-get install python3-venv)."
            ) from None
        shutil.rmtree(VENV, ignore_errors=True)
        run_tool([sys.executable, "-m", "venv", "--without-pip", str(VENV)], doing="Making the virtual environment")


def _quickest() -> str:
    """Of several builds of this Python the quickest: one that pyenv compiled takes a third longer than the system's own,
    which was optimised by a profile. Whoever names one (make PYTHON=…) gets that."""
    if os.environ.get("PYTHON"):
        return sys.executable
    version = ".".join(map(str, sys.version_info[:2]))
    names = [Path(folder) / name for folder in os.get_exec_path() for name in ("python3", f"python{version}")]
    found = {name.resolve(): str(name) for name in reversed(names) if os.access(name, os.X_OK)}
    found[Path(sys.executable).resolve()] = sys.executable
    seconds = {name: _seconds(name, version) for name in found.values()}
    quickest = min(seconds, key=lambda name: seconds[name])
    return quickest if seconds[quickest] < 0.9 * seconds[sys.executable] else sys.executable


def _seconds(python: str, version: str) -> float:
    """How long it takes for what Python does all day; for ever, if it is another version or can make no environment."""
    done = subprocess.run([python, "-c", _RACE], capture_output=True, text=True, check=False)
    said = done.stdout.split()
    return float(said[1]) if len(said) == 2 and said[0] == version else math.inf


_RACE = """
import ensurepip, sys, time, venv

def run():
    begun = time.process_time()
    for number in range(20_000):
        {name: [str(number)] for name in "abc"}
    return time.process_time() - begun

print("%d.%d" % sys.version_info[:2], min(run() for _ in range(5)))
"""


def _install(files: list[str]) -> None:
    arguments = ["--require-hashes", *(part for name in files for part in ("-r", name))]
    doing = "Installing the Python packages"
    uv = _uv()
    if not uv:
        run_tool([*_pip(), "install", "--quiet", *arguments], doing=doing)
        return
    command = [*uv, "pip", "install", "--python", str(PYTHON), *arguments]
    try:
        run_tool(command, doing=doing, env=_uv_environment())
    except Trouble as trouble:
        if "certificate" not in str(trouble):
            raise
        # uv trusts its own list of authorities first; a company's proxy is known to the system only.
        run_tool(command, doing=doing, env=_uv_environment() | {"UV_SYSTEM_CERTS": "1"})


def _uv() -> list[str]:
    """The command of uv, ten times as quick as pip, put into the environment if need be; [] where it has no build."""
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        pinned = VENV / "uv.txt"
        pinned.write_text(_pin_of("uv"))
        run_tool(
            [*_pip(), "install", "--quiet", "--retries", "2", "--require-hashes", "-r", str(pinned)],
            doing="Installing the installer (uv)",
        )
    try:
        subprocess.run([uv, "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(uv)]


def _pip() -> list[str]:
    own = VENV / "bin" / "pip"
    return [str(PYTHON), "-m", "pip"] if own.exists() else [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def _pin_of(package: str) -> str:
    """The lines of one package, with its hashes, out of the lock file."""
    text = (CHECKOUT / "requirements-dev.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{package}==[^\n\\]*(?:\\\n[^\n\\]*)*", text, re.MULTILINE)
    if not found:
        raise Trouble(f"requirements-dev.txt does not pin {package}: run `make lock`.")
    return found.group(0) + "\n"


def _uv_environment() -> dict[str, str]:
    """uv reads no pip settings: hand it the mirror that pip is told to use, and keep it from fetching a Python."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    mirror = subprocess.run([*_pip(), "config", "get", "global.index-url"], capture_output=True, text=True, check=False)
    index = os.environ.get("PIP_INDEX_URL") or mirror.stdout.strip()
    if index and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & environment.keys():
        environment["UV_DEFAULT_INDEX"] = index
    return environment

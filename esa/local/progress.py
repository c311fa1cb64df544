"""What the person at the terminal sees while things are made ready: one line a step, with its time."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from esa.local.trouble import Trouble, explain

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("ESA_DATA") or CHECKOUT / ".data").absolute()
LOG = DATA / "logs" / "setup.log"

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def coloured(text: str, code: str) -> str:
    """Colour for a terminal that wants it."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\x1b[{code}m{text}\x1b[0m"


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Show that a step is going on and, at its end, how long it took."""
    started = time.monotonic()
    done = threading.Event()
    spinner = threading.Thread(target=_spin, args=(title, started, done), daemon=True)
    spinner.start()
    try:
        yield
    except BaseException:
        _end(spinner, done)
        print(f"{coloured('✗', '31')} {title}", flush=True)
        raise
    _end(spinner, done)
    print(f"{coloured('✓', '32')} {title:<42}{time.monotonic() - started:6.1f} s", flush=True)


def say(line: str = "") -> None:
    print(line, flush=True)


def run_tool(command: list[str], *, doing: str, env: dict[str, str] | None = None) -> str:
    """Run a command quietly; what it prints goes to the log, and its failure becomes one sentence."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError as missing:
        raise Trouble(f"{doing} needs {missing.filename}, which is not on this machine.") from None
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    if done.returncode:
        raise Trouble(f"{explain(done.stdout, doing=doing)} (All it said: {os.path.relpath(LOG, CHECKOUT)})")
    return done.stdout


def hand_over(command: list[str], *, env: dict[str, str] | None = None) -> int:
    """Give the terminal to a command, with Ctrl-C as its own affair, and return its exit code."""
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.run(command, cwd=CHECKOUT, env=env, check=False).returncode


def _spin(title: str, started: float, done: threading.Event) -> None:
    if not sys.stdout.isatty():
        if not done.wait(2):  # quick steps are told by their end alone
            print(f"… {title}", flush=True)
        return
    frame = 0
    while not done.wait(0.1):
        print(f"\r\x1b[K{FRAMES[frame % len(FRAMES)]} {title} {time.monotonic() - started:.0f} s", end="", flush=True)
        frame += 1
    print("\r\x1b[K", end="", flush=True)


def _end(spinner: threading.Thread, done: threading.Event) -> None:
    done.set()
    spinner.join()

"""The port that the site shall have, and whether this checkout may have it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from esa.local.progress import DATA
from esa.local.services import HOST, is_taken
from esa.local.trouble import Trouble


def port() -> int:
    """PORT, or 8000."""
    value = os.environ.get("PORT") or "8000"
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise Trouble(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def address() -> str:
    """HOST, or loopback: nobody else on the network sees a development server unless asked to."""
    return os.environ.get("HOST") or HOST


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Be the one `make run` of this checkout, whose data has room for one server."""
    DATA.mkdir(exist_ok=True)
    with (DATA / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(
                "esa runs out of this folder already: end that first (Ctrl-C where it was started)."
            ) from None
        yield


def is_running() -> bool:
    """Tell whether a `make run` of this checkout is up."""
    try:
        refuse_second_run()
    except Trouble:
        return True
    return False


def refuse_second_run() -> None:
    """Say at once that one is up."""
    with alone():
        pass


def refuse_taken_port() -> None:
    """Say so before minutes are spent on setting up."""
    if not is_taken(port(), address()):
        return
    if port() < 1024 and os.geteuid() != 0:
        raise Trouble(f"Port {port()} is root's alone, as all below 1024 are; choose another: make run PORT=8000")
    free = next((number for number in range(port() + 1, 65536) if not is_taken(number, address())), 0)
    raise Trouble(f"Port {port()} is taken by another program; end that, or choose another port: make run PORT={free}")

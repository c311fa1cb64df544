"""A worker of Celery as a process of its own, without the two seconds that an interpreter takes to import everything."""

import ctypes
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NoReturn

from billiard import pool as pool_of_processes
from celery.apps import worker as _loaded_once_for_all  # noqa: F401 - not in each of the processes
from celery.bin import celery as _so_is_the_command  # noqa: F401
from celery.concurrency import prefork as _and_the_pool  # noqa: F401
from django.conf import settings
from django.db import connection, connections

from esa.celery import app
from esa.local.services import PR_SET_PDEATHSIG

OPTIONS = "--without-gossip --without-mingle --without-heartbeat --loglevel ERROR --concurrency 1"

IMPATIENCE = {"polling_interval": 0.1, "unacked_restore_interval": 0.1, "unacked_restore_throttle": 1}
"""How long a worker asks the broker in one breath, so it ends within that; and how often it looks for tasks of the dead."""


class Worker:
    """`celery worker` on the database of the test, forked from this process."""

    def __init__(self, queue: str, pool: str, visibility_timeout: float) -> None:
        self.code: int | None = None
        self.name = f"{queue}-{secrets.token_hex(4)}@localhost"
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
            _work(queue, pool, visibility_timeout, self.name)

    def answers(self) -> bool:
        """Asked by the broker, as `celery inspect ping` does; also while it takes no tasks."""
        deadline = time.monotonic() + 20
        with app.connection_for_write(transport_options=IMPATIENCE) as line:
            while time.monotonic() < deadline:
                if app.control.ping(timeout=0.1, limit=1, destination=[self.name], connection=line):
                    return True
        return False

    def kill(self) -> None:
        """As a machine dies: nobody gets to say goodbye."""
        if self.code is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()

    def end(self) -> int:
        """As a platform stops it: it finishes what it is at. Gives its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        deadline = time.monotonic() + seconds
        while self.code is None and time.monotonic() < deadline:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if ended else None
            time.sleep(0.02)
        assert self.code is not None, "the worker does not end"
        return self.code


def _work(queue: str, pool: str, visibility_timeout: float, name: str) -> NoReturn:
    """What the child does, and it never comes back to the tests; the lines and locks of its parent are not its own."""
    code: object = 1
    try:
        _leave_home()
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # Django's, which a worker makes before it works
        patience = {"visibility_timeout": visibility_timeout} | IMPATIENCE
        transport = settings.CELERY_BROKER_TRANSPORT_OPTIONS | patience
        # Each process of a pool rests for a second before it ends.
        pool_of_processes.time = SimpleNamespace(sleep=lambda _seconds: time.sleep(0.02))  # type: ignore[attr-defined]
        app.conf.update(broker_url=settings.REDIS_URL, broker_transport_options=transport)
        app.worker_main(["worker", "--pool", pool, "--queues", queue, "--hostname", name, *OPTIONS.split()])
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException as problem:
        sys.stderr.write(f"worker: {problem!r}\n")
    os._exit(code if isinstance(code, int) else 1)


def _leave_home() -> None:
    """What was forked keeps quiet, and has lines of its own to the database and to the broker."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    left_alone = connections["default"]  # closed here, it would be closed for the parent, too
    connections["default"] = left_alone.copy()
    app._after_fork()  # type: ignore[attr-defined]


def killed_at(step: int, work: Callable[[], None], port: int) -> tuple[bool, int]:
    """Do the work in a process that SIGKILL ends at a step: when it is about to write to the database, to commit, or to
    send something to the port. What it only reads changes nothing for those who come after it.

    Gives whether it died, and how often it had sent something.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        _work_until(step, work, port, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        sent = len(pipe.read())
    _pid, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), code
    with connection.cursor() as cursor:
        # When the database has noticed, and undone what was not committed, the lock of the dead is free.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [pid])
    return code != 0, sent


def _work_until(step: int, work: Callable[[], None], port: int, writing: int) -> NoReturn:
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _leave_home()
        line: Any = connections["default"]
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [os.getpid()])
        left = step

        def go_on() -> None:
            nonlocal left
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        def execute(do: Callable[..., Any], sql: str, *arguments: Any) -> Any:
            if sql.startswith(("INSERT", "UPDATE", "DELETE")):
                go_on()
            return do(sql, *arguments)

        def commit() -> None:
            go_on()
            really_commit()

        def send(to: socket.socket, *arguments: Any) -> None:
            if to.getpeername()[1] == port:
                go_on()
                os.write(writing, b".")
            really_send(to, *arguments)

        really_commit, line._commit = line._commit, commit
        really_send, socket.socket.sendall = socket.socket.sendall, send  # type: ignore[assignment, method-assign]
        with line.execute_wrapper(execute):
            work()
        os._exit(0)
    except BaseException as problem:
        sys.stderr.write(f"worker: {problem!r}\n")
    os._exit(1)


@contextmanager
def worker(queue: str, *, pool: str = "solo", visibility_timeout: float = 60) -> Iterator[Worker]:
    started = Worker(queue, pool, visibility_timeout)
    try:
        yield started
    finally:
        started.kill()

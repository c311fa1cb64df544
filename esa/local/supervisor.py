"""Runs the web server, the worker and beat side by side, and ends them together."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import IO

from esa.local.progress import CHECKOUT, coloured
from esa.local.services import spawn
from esa.local.trouble import Trouble, explain

COLOURS = {"web": "36", "worker": "33", "beat": "35"}
PATIENCE = 15  # seconds that a process gets to finish what it is at


class Stop(BaseException):
    """Somebody asked us to end: Ctrl-C, SIGTERM, or a terminal that went away."""


def end_on_signals() -> None:
    """Turn each polite signal into `Stop`, wherever we are."""

    def stop(number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, lambda *_: None)  # a second Ctrl-C must not interrupt the clearing up
        raise Stop(number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


class Supervisor:
    """The processes of one installation, their logs under one another with a coloured name before each line."""

    def __init__(self, commands: dict[str, list[str]], environment: dict[str, str]) -> None:
        self.commands = commands
        # what they write goes through a pipe, behind which only we can tell whether somebody sees colours
        self.environment = environment if sys.stdout.isatty() else environment | {"NO_COLOR": "1"}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.lines: queue.Queue[tuple[str, str]] = queue.Queue()

    def start(self) -> None:
        for name, command in self.commands.items():
            process = spawn(
                command, cwd=CHECKOUT, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self.processes[name] = process
            assert process.stdout
            threading.Thread(target=self._read, args=(name, process.stdout), daemon=True).start()

    def wait_for(self, address: str, host: str, *, seconds: float = 60) -> None:
        """Return when the web server answers; what the processes say meanwhile is kept for later."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ended := self._ended():
                raise Trouble(explain(self._said(ended), doing=f"Starting the {ended} process"))
            if _answers(address, host):
                return
            time.sleep(0.1)
        raise Trouble(
            f"The web server did not answer within {seconds:.0f} seconds. It said: {self._said('web')[-300:]}"
        )

    def follow(self) -> None:
        """Print the logs until a process ends by itself, which ends all."""
        while True:
            try:
                self._print(*self.lines.get(timeout=0.2))
            except queue.Empty:
                if ended := self._ended():
                    code = self.processes[ended].returncode
                    raise Trouble(
                        f"The {ended} process ended by itself (exit code {code}), so everything is stopped."
                    ) from None

    def stop(self) -> None:
        """Ask all to end, wait, and insist."""
        running = {name: process for name, process in self.processes.items() if process.poll() is None}
        for process in running.values():
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in running.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        while not self.lines.empty():
            self._print(*self.lines.get())

    def _read(self, name: str, output: IO[bytes]) -> None:
        for line in output:
            self.lines.put((name, line.decode(errors="replace").rstrip("\n")))

    def _print(self, name: str, line: str) -> None:
        try:
            print(f"{coloured(f'{name:<6} |', COLOURS.get(name, '37'))} {line}", flush=True)
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (nobody reads us any more; the processes go on)

    def _ended(self) -> str | None:
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def _said(self, name: str) -> str:
        time.sleep(0.2)  # the last words may still be on their way through the pipe
        kept = []
        while not self.lines.empty():
            kept.append(self.lines.get())
        for each in kept:
            self._print(*each)
        return "\n".join(line for who, line in kept if who == name)


def _answers(address: str, host: str) -> bool:
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310 (our own address)
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True

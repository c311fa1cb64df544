"""A private installation for tests that stop servers: its own PostgreSQL, Valkey, S3 and web."""

import contextlib
import html
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from esa.local import scratch
from esa.local.services import Account, Postgres, Server, Valkey, free_port, running, spawn
from esa.tests.aws_server import AwsServer
from esa.tests.databases import another_database

CHECKOUT = scratch.CHECKOUT
DOMAIN = "esa.localhost"


def until(true: Callable[[], Any], seconds: float = 60, *, every: float = 0.02) -> Any:
    """Ask again and again; what it says when it is at last true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if said := true():
                return said
        time.sleep(every)
    raise AssertionError(f"not within {seconds:.0f} s: {true}")


class Installation:
    """What `docker run IMAGE web` runs, and what it stands on, as processes of this machine."""

    def __init__(self, postgres: Postgres, valkey: Valkey, folder: Path) -> None:
        self.postgres, self.valkey, self.folder = postgres, valkey, folder
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.cookies: dict[str, dict[str, str]] = {}
        self.s3 = AwsServer()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | scratch.ENVIRONMENT | {
            "DEBUG": "0", "ESA_HTTPS": "0", "ESA_DOMAIN": DOMAIN, "PORT": str(self.port), "WEB_HOST": "127.0.0.1",
            "DATABASE_URL": self.postgres.url("esa"), "REDIS_URL": self.valkey.url(), "WEB_CONCURRENCY": "1",
            "TMPDIR": str(self.folder), "S3_BUCKET": "media", "S3_REGION": "us-east-1",
            "S3_ENDPOINT_URL": self.s3.url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
            "DJANGO_SETTINGS_MODULE": "esa.tests.production_settings",
        }  # fmt: skip

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        process = spawn([sys.executable, "-m", *command], cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def web(self) -> subprocess.Popen[bytes]:
        process = self.start("gunicorn", "--config", "python:esa.gunicorn", "esa.wsgi")
        until(lambda: self.ask("/healthz")[0] == 200)
        return process

    def said(self, process: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"{self.processes.index(process)}.log").read_text(errors="replace")

    def database(self) -> contextlib.AbstractContextManager[None]:
        return another_database(self.postgres.url("esa"))

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.url("esa"), autocommit=True) as line:
            answer = line.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def restart(self, server: Server) -> None:
        """On the port that it had, as a server comes back where it was."""
        with server.log.open("wb") as log:
            server.process = server._launch(log)
        assert server._wait()

    def ask(
        self, path: str, form: dict[str, str] | bytes | None = None, *, team: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        host = f"{team}.{DOMAIN}" if team else DOMAIN
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        known = self.cookies.get("", {}) | self.cookies.get(host, {})
        sent = {"Host": host, "Cookie": "; ".join(f"{key}={value}" for key, value in known.items())} | headers
        body: str | bytes | None = None
        if form is not None:
            sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"} | sent
            body = urllib.parse.urlencode(form) if isinstance(form, dict) else form
        try:
            line.request("POST" if form is not None else "GET", path, body, sent)
            answer = line.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            line.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            key, _, value = cookie.partition(";")[0].partition("=")
            self.cookies.setdefault("" if "domain=" in cookie.lower() else host, {})[key] = value
        return answer.status, {key.lower(): value for key, value in answer.headers.items()}, text

    def send(self, path: str, form: dict[str, str], *, team: str = "") -> tuple[int, dict[str, str], str]:
        """Open the page of a form and send it, with its hidden fields."""
        page = self.ask(path, team=team)[2]
        forms = re.findall(r"<form\b.*?</form>", page, re.S)
        found = next((f for f in forms if path in f.partition(">")[0] or 'name="body_md"' in f), "")
        assert found, page[:2000]
        hidden = {}
        for field in re.findall(r'<input\b[^>]*type="hidden"[^>]*>', found):
            name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
            if name:
                hidden[name[1]] = html.unescape(value[1]) if value else ""
        return self.ask(path, hidden | form, team=team)

    def upload(self, path: str, page: str, name: str, content: bytes, *, team: str) -> tuple[int, dict[str, str], str]:
        """As the editor's script does, with the token that a page holds."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask(page, team=team)[2])
        assert token
        body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile(name, content)})
        headers = {"X-CSRFToken": token[1], "Accept": "application/json", "Content-Type": MULTIPART_CONTENT}
        return self.ask(path, body, team=team, **headers)

    def sign_in(self) -> None:
        self.cookies.clear()
        status, _, page = self.send("/accounts/login/", {"login": "alice@example.com", "password": "correct horse"})
        assert status == 302, page

    def end(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def installation() -> Iterator[Installation]:
    account = Account.for_servers(CHECKOUT)
    with scratch._temporary_home(account) as home, tempfile.TemporaryDirectory(prefix="esa-installation-") as folder:
        scratch._copy_cluster(home, account)
        postgres, valkey = Postgres(home, account, forgetful=True), Valkey(home, account, forgetful=True)
        with running(postgres, valkey):
            postgres.create_database("esa", template=scratch.TEMPLATE)
            made = Installation(postgres, valkey, Path(folder))
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket("media", "us-east-1")
            try:
                yield made
            finally:
                made.end()
                made.s3.stop()

"""What esa does while a server is gone, with real servers that are really stopped."""

import json
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from esa.tests.installation import DOMAIN, Installation, installation, until
from teams.models import Team, User
from teams.models.event import relay_waiting_events


@pytest.fixture(scope="module")
def esa(django_db_blocker) -> Iterator[Installation]:
    with installation() as made:
        with django_db_blocker.unblock(), made.database():
            user = User.objects.create_user(
                "alice@example.com", "correct horse", screen_name="alice", name="Alice", language="en"
            )
            Team.objects.create(name="docs").members.create(user=user, role="owner")
        made.web()
        yield made


def waiting(esa: Installation) -> int:
    return int(esa.sql("SELECT count(*) FROM teams_event WHERE relayed_at IS NULL")[0][0])


def write(esa: Installation, name: str) -> str:
    status, headers, page = esa.send("/posts/new", {"title": name, "body_md": "It **holds**."}, team="docs")
    assert status == 302, page
    return str(headers["location"])


def path_of(location: str) -> str:
    return "/" + location.split("/", 3)[3] if "://" in location else location


def test_without_s3_pages_still_show_and_files_say_what_is_wrong(esa):
    esa.sign_in()
    path = path_of(write(esa, "before"))
    answer = esa.upload("/attachments", path, "notes.txt", b"kept in S3", team="docs")
    assert answer[0] == 201, answer
    file = path_of(json.loads(answer[2])["url"])
    assert esa.ask(file, team="docs")[2] == "kept in S3"
    esa.s3.stop()
    started = time.monotonic()
    status, _, page = esa.ask(path, team="docs")
    assert (status, "holds" in page) == (200, True)
    assert time.monotonic() - started < 3
    write(esa, "without S3")
    status, headers, page = esa.ask(file, team="docs")
    assert (status, "The file storage does not answer" in page) == (503, True)
    assert int(headers["retry-after"]) > 0
    status, _, text = esa.upload("/attachments", path, "more.txt", b"x", team="docs")
    assert (status, json.loads(text)["error"]) == (503, "storage_unavailable")


def test_without_valkey_people_sign_in_read_and_save_and_the_events_wait(esa, django_db_blocker):
    esa.sql("UPDATE teams_event SET relayed_at = now()")
    esa.valkey.stop()
    try:
        started = time.monotonic()
        esa.sign_in()
        path = path_of(write(esa, "meanwhile"))
        status, _, page = esa.ask(path, team="docs")
        assert (status, "holds" in page) == (200, True)
        assert time.monotonic() - started < 15
        assert waiting(esa) == 1
        assert esa.ask("/readyz")[0] == 200
    finally:
        esa.restart(esa.valkey)
    with django_db_blocker.unblock(), esa.database():
        relay_waiting_events()  # as beat does
    assert waiting(esa) == 0


def test_without_postgresql_the_answer_is_a_503_and_comes_soon(esa):
    esa.sign_in()
    esa.postgres.stop()
    try:
        started = time.monotonic()
        status, headers, page = esa.ask("/posts/1", team="docs")
        assert status == 503
        assert "The database does not answer" in page
        assert int(headers["retry-after"]) > 0
        assert time.monotonic() - started < 5
        status, _, text = esa.ask("/teams", Accept="application/json")
        assert (status, "database_unavailable" in text) == (503, True)
        assert esa.ask("/healthz")[0] == 200
        assert esa.ask("/readyz")[0] == 503
    finally:
        esa.restart(esa.postgres)
    assert until(lambda: esa.ask("/posts/1", team="docs")[0] == 200)


def test_sigterm_lets_web_finish_the_request_in_flight(esa):
    web = esa.processes[0]
    body = b"login=" + b"y" * 2000
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", esa.port), timeout=30) as line:
        line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body[:1000])
        until(lambda: _taken(esa))
        web.send_signal(signal.SIGTERM)
        until(lambda: "Handling signal: term" in esa.said(web), every=0.1)  # and then the worker, at once
        line.sendall(body[1000:])
        answer = line.recv(2000).decode()
    assert "403" in answer.splitlines()[0]  # it has no CSRF token; but it was answered
    assert web.wait(30) == 0, esa.said(web)


def _taken(esa: Installation) -> bool:
    """A later request has been answered, so the earlier one is with a thread."""
    return esa.ask("/healthz")[0] == 200

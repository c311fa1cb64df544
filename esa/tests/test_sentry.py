"""What goes to Sentry: the error, the request's id and the route; nothing that people wrote, and nothing without an address."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import sentry_sdk
import structlog
from django.core.handlers.wsgi import WSGIHandler
from sentry_sdk.transport import Transport

from esa import sentry
from posts.models import Post


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.events += [item.payload.json for item in envelope.items if item.payload.json]


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """Sentry as the settings start it, on a line that leads nowhere."""
    kept = Kept()
    sentry.start("https://key@sentry.example.com/1", environment="staging", release="abc", traces=0, transport=kept)
    yield kept.events
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)


def test_nothing_is_started_without_an_address() -> None:
    assert not sentry_sdk.get_client().is_active()


def test_an_error_of_a_page_arrives_with_the_requests_id_and_without_what_was_typed(alice, sign_in, sent, monkeypatch):
    def write(**_draft: Any) -> Post:
        private = " ".join(("a", "variable", "of", "ours"))  # the source itself is told
        raise RuntimeError(f"broken at {len(private)}")

    monkeypatch.setattr(Post, "write", write)
    client = sign_in(alice)
    client.raise_request_exception = False
    answer = client.post(
        "/posts/new?secret=in-the-address",
        {"title": "dev/寿司", "body_md": "An unpublished thought"},
        HTTP_AUTHORIZATION="Bearer t0ken",
    )
    assert answer.status_code == 500
    (event,) = sent
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["tags"]["request_id"] == answer.headers["X-Request-Id"]
    assert (event["environment"], event["release"]) == ("staging", "abc")
    told = json.dumps(event, ensure_ascii=False)
    session = client.cookies["esa_session"].value
    for private in (
        "unpublished",
        "寿司",
        "a variable of ours",
        "t0ken",
        session,
        "in-the-address",
        "alice@example.com",
    ):
        assert private not in told, private


def test_the_address_is_told_without_its_question_and_the_headers_without_keys(alice, sign_in, sent, monkeypatch, rf):
    """By the door of web servers, which keeps one request's scope apart from another's."""
    session = sign_in(alice).cookies["esa_session"].value
    monkeypatch.setattr("esa.health.ready", partial(divmod, 1, 0))
    headers = {
        "HTTP_COOKIE": f"esa_session={session}",
        "HTTP_AUTHORIZATION": "Bearer t0ken",
        "HTTP_HOST": "docs.esa.localhost",
    }
    request = rf.get("/readyz?q=unpublished", **headers)
    WSGIHandler()(request.environ, lambda *_answer: None)
    (event,) = sent
    assert event["request"]["url"] == "http://docs.esa.localhost/readyz"
    told = json.dumps(event)
    for private in (session, "t0ken", "unpublished"):
        assert private not in told, private


def test_an_error_of_a_task_arrives_with_the_id_of_the_request_that_it_comes_from(sent):
    with structlog.contextvars.bound_contextvars(request_id="f00d"):
        try:
            raise RuntimeError("in a task")
        except RuntimeError as problem:
            sentry_sdk.capture_exception(problem)
    (event,) = sent
    assert event["tags"]["request_id"] == "f00d"

"""Pages that belong to no app."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def policy_of(client: Client, path: str) -> dict[str, str]:
    header = client.get(path, HTTP_HOST="esa.localhost:8000").headers["Content-Security-Policy"]
    return {name: values for name, _, values in (part.strip().partition(" ") for part in header.split(";"))}


def test_the_diagram_frame_may_style_itself_but_has_no_origin_and_calls_nowhere(client: Client) -> None:
    policy = policy_of(client, "/diagram-frame")
    assert policy["sandbox"] == "allow-scripts"
    assert policy["default-src"] == "'none'"
    assert "connect-src" not in policy  # so default-src holds
    assert "'unsafe-inline'" in policy["style-src"]
    assert "'unsafe-inline'" not in policy["script-src"]


def test_only_our_own_pages_may_frame_the_diagram_page(client: Client) -> None:
    assert policy_of(client, "/diagram-frame")["frame-ancestors"] == "'self'"
    assert client.get("/diagram-frame", HTTP_HOST="esa.localhost:8000").headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_looser_policy_stays_in_the_frame(client: Client) -> None:
    assert "'unsafe-inline'" not in policy_of(client, "/no-such-page")["style-src"]


def test_a_missing_page_says_so_in_words_and_with_404(client: Client) -> None:
    answer = client.get("/no-such-page", HTTP_HOST="esa.localhost:8000")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


def test_an_expired_form_gets_a_page_that_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", HTTP_HOST="esa.localhost:8000")
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()

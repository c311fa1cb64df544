"""Maintenance and read-only mode: who gets what, and how soon."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from esa import condition
from esa.middleware import Gate
from esa.models import Switch
from posts.models import Post, Revision

HOST = {"HTTP_HOST": "esa.localhost"}


@pytest.fixture(autouse=True)
def fresh():
    condition.forget()
    yield
    condition.forget()


@pytest.fixture
def closed(settings: Any, db: None) -> None:
    settings.ESA_MAINTENANCE = True
    settings.ESA_MAINTENANCE_MESSAGE = ""


def test_pages_answer_503_and_say_when_to_come_again(closed, client):
    answer = client.get("/accounts/login/", **HOST)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Back soon" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


def test_programs_get_json(closed, client):
    for path, headers in (("/v1/user", {}), ("/posts/1", {"HTTP_ACCEPT": "application/json"})):
        answer = client.get(path, **HOST, **headers)
        assert (answer.status_code, answer.json()["error"]) == (503, "maintenance")


def test_the_probes_stay_green(closed, client):
    assert client.get("/healthz", HTTP_HOST="10.1.2.3").status_code == 200
    assert client.get("/readyz", HTTP_HOST="10.1.2.3").status_code == 200


def test_an_operator_gets_in_by_a_bypass(closed, client):
    assert client.get(Gate.bypass(), **HOST).headers["Location"] == "/"
    assert client.get("/accounts/login/", **HOST).status_code == 200


def test_a_bypass_that_somebody_made_up_opens_nothing(closed, client):
    assert client.get("/maintenance/bypass/operator", **HOST).status_code == 404
    client.cookies[Gate.COOKIE] = "operator"
    assert client.get("/accounts/login/", **HOST).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_the_switch_takes_effect_without_a_restart_and_tells_when_it_ends(client):
    assert client.get("/accounts/login/", **HOST).status_code == 200
    call_command("maintenance", "on", "--message", "We move house.", "--minutes", "20", verbosity=0)
    answer = client.get("/accounts/login/", **HOST)
    assert answer.status_code == 503
    assert "We move house." in answer.content.decode()
    assert 1100 < int(answer.headers["Retry-After"]) <= 1200
    call_command("maintenance", "off")
    assert client.get("/accounts/login/", **HOST).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_other_processes_look_at_the_switch_every_few_seconds(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(condition.time, "monotonic", lambda: clock[0])
    assert condition.current().mode == condition.OPEN
    Switch.objects.update_or_create(pk=1, defaults={"mode": condition.READ_ONLY})  # as another process does
    assert condition.current().mode == condition.OPEN
    clock[0] += condition.EFFECTIVE_WITHIN + 0.1
    assert condition.current().mode == condition.READ_ONLY


def test_reading_goes_on_in_read_only_mode_with_a_banner(alice, settings, sign_in):
    Post.write(by=alice, name="kept", body_md="words", wip=False)
    settings.ESA_READ_ONLY = True
    client = sign_in(alice)
    page = client.get("/posts/1").content.decode()
    assert "words" in page
    assert "can only be read" in page


def test_reading_needs_no_writing_at_all(alice, settings, sign_in):
    """On a database that refuses every write: not even the session, a message or the last access is written."""
    Post.write(by=alice, name="kept", body_md="words", wip=False)
    client = sign_in(alice)
    settings.ESA_READ_ONLY = True
    type(alice).objects.filter(pk=alice.pk).update(last_accessed_at=None)
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        Post.objects.update(renderer_version=0, body_html="old")
        cursor.execute("SET TRANSACTION READ ONLY")
        for path in (
            "/",
            "/posts/1",
            "/posts",
            "/posts/1/revisions",
            "/posts/1/edit",
            "/posts/1.md",
            "/posts/new",
            "/posts?q=words",
            "/notifications",
            "/members",
            "/members/alice",
            "/tags",
            "/bin",
            "/live",
            "/completions/titles?q=kept",
        ):
            assert client.get(path).status_code == 200, path
        cursor.execute("ROLLBACK TO SAVEPOINT before")


def test_what_has_to_be_rendered_anew_to_be_read_is_rendered_and_not_written(alice, settings, sign_in):
    """After an upgrade of the renderer, and where the world may not know what a text says of others."""
    hidden = Post.write(by=alice, name="hidden title", body_md="", wip=True)
    post = Post.write(by=alice, name="kept", body_md=f"See #{hidden.number}", wip=False)
    comment = post.comment(by=alice, body_md=f"And #{hidden.number}")
    Revision.objects.update(renderer_version=0, body_html="old")
    Post.objects.update(renderer_version=0, body_html="old")
    alice.team.privacy = "open"
    alice.team.save()
    settings.ESA_READ_ONLY = True
    for reader in (sign_in(alice), sign_in(None, alice.team)):
        page = reader.get(f"/posts/{post.number}").content.decode()
        assert f">#{hidden.number}" in page or "hidden title" in page
        assert '<div class="old' not in page
    assert "hidden title" not in page  # the stranger's
    assert sign_in(alice).get(f"/posts/{post.number}/revisions/1").status_code == 200
    assert set(Post.objects.values_list("renderer_version", "body_html")) == {(0, "old")}
    assert set(Revision.objects.values_list("renderer_version", "body_html")) == {(0, "old")}
    comment.refresh_from_db()
    assert not comment.rendered_for_world


def test_a_save_in_read_only_mode_gives_back_what_was_typed(alice, settings, sign_in):
    client = sign_in(alice)
    settings.ESA_READ_ONLY = True
    answer = client.post("/posts/new", {"title": "dev/寿司", "body_md": "An hour's work <b>", "password": "hunter2"})
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "dev/寿司" in page
    assert "An hour&#x27;s work &lt;b&gt;" in page
    assert "hunter2" not in page
    assert not Post.objects.exists()


def test_scripts_and_the_api_cannot_write_in_read_only_mode(alice, settings, sign_in):
    client = sign_in(alice)
    settings.ESA_READ_ONLY = True
    answer = client.post("/posts/new", {"title": "x"}, HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.json()["error"]) == (503, "read_only")


def test_a_preview_writes_nothing_and_goes_on(alice, settings, sign_in):
    client = sign_in(alice)
    settings.ESA_READ_ONLY = True
    assert client.post("/preview", {"body_md": "**bold**"}).status_code == 200


def test_there_is_one_switch(db):
    Switch.throw(condition.MAINTENANCE)
    Switch.throw(condition.OPEN)
    assert list(Switch.objects.values_list("pk", "mode")) == [(1, "open")]


def test_json_bodies_are_not_read_as_forms():
    from django.test import RequestFactory

    from esa.failures import typed

    request = RequestFactory().post("/", json.dumps({"a": "text"}), content_type="application/json")
    assert typed(request) == []


def test_the_page_comes_in_japanese_too(closed):
    page = Client(HTTP_ACCEPT_LANGUAGE="ja", HTTP_HOST="esa.localhost").get("/accounts/login/").content.decode()
    assert '<html lang="ja"' in page

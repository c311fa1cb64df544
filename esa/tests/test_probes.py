"""Health, metrics and the line that every request leaves in the log."""

import json
import logging

import pytest
from django.core.management import call_command
from django.db import connection

from esa import health
from esa.logging import configuration
from posts.models import Post

HOST = {"HTTP_HOST": "esa.localhost"}


def test_healthz_asks_nobody(client, django_assert_num_queries):
    answer = client.get("/healthz", HTTP_HOST="10.0.0.7")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]


def test_readyz_names_what_it_looked_at_and_no_more(db, client):
    answer = client.get("/readyz", HTTP_HOST="10.0.0.7")
    assert answer.json() == {"ready": True, "database": "ok", "broker": "ok", "migrations": "ok"}
    assert not answer.cookies


def test_readyz_is_red_before_migrations_are_applied(db, client, monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'esa'")
    answer = client.get("/readyz", HTTP_HOST="10.0.0.7")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "database": "ok", "broker": "ok", "migrations": "fails"}


def test_readyz_stays_green_without_a_broker_and_says_so(db, client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz", HTTP_HOST="10.0.0.7")
    assert (answer.status_code, answer.json()["broker"]) == (200, "fails")


def test_metrics_need_their_token(db, client, settings):
    assert client.get("/metrics", **HOST).status_code == 404
    settings.METRICS_TOKEN = "open sesame"
    assert client.get("/metrics", **HOST, HTTP_AUTHORIZATION="Bearer guess").status_code == 404
    text = client.get("/metrics", **HOST, HTTP_AUTHORIZATION="Bearer open sesame").content.decode()
    assert "esa_http_request_seconds_bucket" in text
    assert 'esa_queue_length{queue="celery"}' in text


def test_metrics_count_what_waits(alice, client, settings, django_capture_on_commit_callbacks):
    settings.METRICS_TOKEN = "open sesame"
    Post.write(by=alice, name="n", body_md="")
    text = client.get("/metrics", **HOST, HTTP_AUTHORIZATION="Bearer open sesame").content.decode()
    assert "esa_events_waiting 1.0" in text


def test_every_request_leaves_one_line_that_says_who_and_how_much(alice, sign_in, caplog):
    Post.write(by=alice, name="n", body_md="", wip=False)
    client = sign_in(alice)
    with caplog.at_level(logging.INFO, "esa.requests"):
        answer = client.get("/posts/1?secret=value")
    (line,) = [record.msg for record in caplog.records if record.name == "esa.requests"]
    assert (line["path"], line["view"], line["status"]) == ("/posts/1", "post", 200)
    assert (line["team"], line["user"]) == ("docs", alice.user_id)
    assert line["queries"] > 3
    assert line["duration_ms"] > 0
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert "value" not in str(line)
    caplog.clear()
    with caplog.at_level(logging.INFO, "esa.requests"):
        client.get("/static/img/mark.svg")
        client.get("/static/none.svg")
    assert [(record.msg["path"], record.msg["status"]) for record in caplog.records] == [("/static/none.svg", 404)]


def test_a_request_id_is_taken_from_a_proxy_only(db, client, settings):
    given = {"HTTP_X_REQUEST_ID": "Root=1-abcdef12-34567890"}
    assert client.get("/accounts/login/", **HOST, **given).headers["X-Request-Id"] != given["HTTP_X_REQUEST_ID"]
    settings.TRUSTED_PROXIES = 1
    assert client.get("/accounts/login/", **HOST, **given).headers["X-Request-Id"] == given["HTTP_X_REQUEST_ID"]
    bad = client.get("/accounts/login/", **HOST, HTTP_X_REQUEST_ID="<script>alert(1)</script>")
    assert "script" not in bad.headers["X-Request-Id"]


def test_a_slow_query_is_written_down_without_what_people_typed(db, settings, caplog):
    settings.SLOW_QUERY_MS = 30
    with caplog.at_level(logging.WARNING, "esa.queries"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s), %s", [0.05, "private"])
        cursor.execute("SELECT 1")
    (record,) = [record for record in caplog.records if record.name == "esa.queries"]
    assert "pg_sleep" in record.sql
    assert record.duration_ms >= 30
    assert "private" not in str(vars(record))


def test_log_lines_are_json_with_the_traceback_inside():
    import logging.config
    import sys

    formatter = configuration("INFO", "json")["formatters"]["line"]
    made = formatter["()"](foreign_pre_chain=formatter["foreign_pre_chain"], processors=formatter["processors"])
    try:
        raise ValueError("寿司")
    except ValueError:
        record = logging.LogRecord("posts", logging.ERROR, __file__, 1, "failed %s", ("here",), sys.exc_info())
    line = made.format(record)
    assert "\n" not in line
    known = json.loads(line)
    assert (known["event"], known["level"], known["logger"]) == ("failed here", "error", "posts")
    assert "ValueError: 寿司" in known["exception"]


@pytest.mark.django_db
def test_schedules_are_what_is_declared(settings):
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    every = IntervalSchedule.objects.create(every=5, period="seconds")
    PeriodicTask.objects.create(name="esa: of old", task="x", interval=every)
    PeriodicTask.objects.create(name="an operator's own", task="x", interval=every)
    call_command("sync_schedules", verbosity=0)
    PeriodicTask.objects.filter(name="esa: relay waiting events").update(enabled=False)
    call_command("sync_schedules", verbosity=0)
    ours = PeriodicTask.objects.filter(name__startswith="esa: ")
    assert set(ours.values_list("name", flat=True)) == set(settings.CELERY_BEAT_SCHEDULE)
    assert not ours.get(name="esa: relay waiting events").enabled  # an operator's choice stays
    assert PeriodicTask.objects.filter(name="an operator's own").exists()

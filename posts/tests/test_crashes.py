"""A real worker, killed in the middle of its work: nothing is lost, and nothing is done twice."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from esa import condition
from esa.celery import app
from esa.models import Switch
from esa.tests import workers
from esa.tests.receiver import receiver
from posts.models import Post
from posts.tests.telling import deliver, relay
from teams.models import Delivery, Event, Notification, Webhook
from teams.models.event import relay_event
from teams.models.webhook import make_delivery

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "crashes"


def wait_for(what: str, seconds: float = 30) -> None:
    """Until the database says so."""
    deadline = time.monotonic() + seconds
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(what)
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_a_worker_killed_in_the_middle_of_a_request_sends_it_again_under_the_same_id(alice, settings):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as heard, workers.worker(QUEUE) as worker:
        Webhook.make(by=alice, name="robot", url=heard.url)
        Post.write(by=alice, name="x", wip=False)
        relay()
        (delivery,) = Delivery.objects.all()
        heard.go_on.clear()
        make_delivery.apply_async([delivery.pk], queue=QUEUE)
        assert heard.arrived.wait(30)
        worker.kill()
        heard.go_on.set()

        deliver()  # the dead one's claim still stands
        assert len(heard.requests) == 1
        Delivery.objects.update(claimed_at=timezone.now() - timedelta(minutes=3))
        deliver()
        deliver()
        relay()
    assert [request.headers["X-Esa-Delivery"] for request in heard.requests] == [str(delivery.pk)] * 2
    assert Delivery.objects.get().state == "delivered"


def test_a_worker_killed_between_two_readers_tells_everybody_once(alice, bob):
    Webhook.make(by=alice, name="robot", url="https://example.com/")
    post = Post.write(by=alice, name="x", wip=False)
    relay()
    Delivery.objects.all().delete()
    comment = post.comment(by=bob, body_md="hm")
    (event,) = Event.objects.waiting()
    with workers.worker(QUEUE) as worker, transaction.atomic():
        # Nobody else may write entries now, so the worker stands still in the middle of its work.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE teams_notification IN SHARE MODE")
        relay_event.apply_async([event.pk], queue=QUEUE)
        stuck = "wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"teams_notification\"%'"
        wait_for(f"SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE {stuck})")
        worker.kill()
    assert not Notification.objects.exists()
    event.refresh_from_db()
    assert (event.attempts, event.relayed_at) == (1, None)

    event.relay()  # the dead one's lease still stands
    assert not Notification.objects.exists()
    Event.objects.filter(pk=event.pk).update(retry_at=timezone.now())
    relay()
    relay()
    assert [(each.member, each.kind) for each in Notification.objects.all()] == [(alice, "comment")]
    assert Delivery.objects.count() == 1
    assert Event.objects.get(pk=event.pk).subject == comment


def test_a_worker_killed_hard_loses_no_task(alice):
    """The worker dies in its task, held up by a lock of ours; the broker gives the task to the next, which ends politely."""
    Post.write(by=alice, name="x")
    (event,) = Event.objects.waiting()
    with workers.worker(QUEUE, pool="prefork", visibility_timeout=0.5) as first, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE teams_event IN ACCESS EXCLUSIVE MODE")
        relay_event.apply_async([event.pk], queue=QUEUE)
        wait_for("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'teams_event'::regclass)")
        first.kill()
        wait_for(f"SELECT clock_timestamp() > '{timezone.now() + timedelta(seconds=0.6)}'")  # the broker's patience
    assert Event.objects.waiting().exists()
    with workers.worker(QUEUE, pool="prefork", visibility_timeout=0.5) as second:
        wait_for("SELECT NOT EXISTS (SELECT 1 FROM teams_event WHERE relayed_at IS NULL)")
        assert second.end() == 0


def queue_length() -> int:
    with app.connection_for_write() as line:
        return int(line.default_channel._size(QUEUE))  # type: ignore[attr-defined]  # of the Redis transport


def test_a_worker_takes_nothing_during_maintenance_and_everything_after_it(alice, monkeypatch):
    monkeypatch.setattr(condition, "EFFECTIVE_WITHIN", 0.2)
    Post.write(by=alice, name="x")
    (event,) = Event.objects.waiting()
    Switch.throw(condition.MAINTENANCE)
    with workers.worker(QUEUE) as worker:
        assert worker.answers()
        relay_event.apply_async([event.pk], queue=QUEUE)
        assert worker.answers()  # its loop has turned
        assert (queue_length(), Event.objects.waiting().count()) == (1, 1)
        Switch.throw(condition.OPEN)
        wait_for("SELECT NOT EXISTS (SELECT 1 FROM teams_event WHERE relayed_at IS NULL)")
        assert queue_length() == 0
        assert worker.end() == 0

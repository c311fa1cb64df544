"""A real worker, killed in the middle of its work: nothing is lost, and nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from esa.tests.receiver import receiver
from posts.models import Post
from posts.tests.telling import deliver, relay
from teams.models import Delivery, Event, Notification, Webhook
from teams.models.event import relay_event
from teams.models.webhook import make_delivery

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "crashes"


@pytest.fixture
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    """`celery worker` on the database of the test, taking what is put into its own queue."""
    base = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PROMETHEUS"))}
    at = connection.settings_dict
    login = f"{at['USER']}:{at['PASSWORD']}" if at["PASSWORD"] else at["USER"]
    url = f"postgres://{login}@{at['HOST'] or '127.0.0.1'}:{at['PORT'] or 5432}/{at['NAME']}"
    command = f"-m celery -A esa worker --pool solo -Q {QUEUE} --without-gossip --without-mingle --loglevel ERROR"
    process = subprocess.Popen(
        [sys.executable, *command.split()],
        env=base | {"DATABASE_URL": url, "REDIS_URL": django_settings.REDIS_URL, "ESA_OUTBOUND_ALLOW": "127.0.0.0/8"},
        cwd=django_settings.BASE_DIR,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


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


def test_a_worker_killed_in_the_middle_of_a_request_sends_it_again_under_the_same_id(alice, worker, settings):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as heard:
        Webhook.make(by=alice, name="robot", url=heard.url)
        Post.write(by=alice, name="x", wip=False)
        relay()
        (delivery,) = Delivery.objects.all()
        heard.go_on.clear()
        make_delivery.apply_async([delivery.pk], queue=QUEUE)
        assert heard.arrived.wait(30)
        kill(worker)
        heard.go_on.set()

        deliver()  # the dead one's claim still stands
        assert len(heard.requests) == 1
        Delivery.objects.update(claimed_at=timezone.now() - timedelta(minutes=3))
        deliver()
        deliver()
        relay()
    assert [request.headers["X-Esa-Delivery"] for request in heard.requests] == [str(delivery.pk)] * 2
    assert Delivery.objects.get().state == "delivered"


def test_a_worker_killed_between_two_readers_tells_everybody_once(alice, bob, worker):
    Webhook.make(by=alice, name="robot", url="https://example.com/")
    post = Post.write(by=alice, name="x", wip=False)
    relay()
    Delivery.objects.all().delete()
    comment = post.comment(by=bob, body_md="hm")
    (event,) = Event.objects.waiting()
    with transaction.atomic():
        # Nobody else may write entries now, so the worker stands still in the middle of its work.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE teams_notification IN SHARE MODE")
        relay_event.apply_async([event.pk], queue=QUEUE)
        stuck = "wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"teams_notification\"%'"
        wait_for(f"SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE {stuck})")
        kill(worker)
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

"""Workers, killed for real: at each step of every kind of delivery, and with the task of the broker in their hands. Nothing is
lost, and nothing is done twice."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from esa import condition
from esa.celery import app
from esa.models import Switch
from esa.tests import workers
from esa.tests.mail_server import mail_server, parts
from esa.tests.receiver import receiver
from posts.models import Post, Unfurl
from posts.models.post import Draft
from posts.tests.telling import relay, send_mail
from teams.models import Delivery, Event, Mailing, Notification, Slack, Webhook, slack
from teams.models.event import relay_event
from teams.models.notification import digest

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "crashes"


def port_of(server) -> int:
    return urlsplit(server.url).port or 0


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


# --- At any step of a delivery ----------------------------------------------------------------------------------------


@dataclass
class Deliveries:
    """Of one kind."""

    begin: Callable[[int], tuple[str, Callable[[], None]]]
    """Lets one more wait; what it is known by to whoever gets it, and what the worker does."""
    noted: Callable[[str], bool]
    """Whether it is written down that it has arrived."""
    arrived: Callable[[], list[str]]
    port: int
    words: int
    """How often something is sent there until they have all of it."""


@pytest.fixture
def heard(settings):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as server:
        yield server


@pytest.fixture
def sink(settings):
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def of_webhooks(alice, heard):
    hook = Webhook.make(by=alice, name="robot", url=heard.url)

    def begin(number):
        delivery = hook.try_out(by=alice)
        return str(delivery.pk), delivery.make

    return Deliveries(
        begin,
        lambda pk: Delivery.objects.get(pk=pk).state == "delivered",
        lambda: [request.headers["X-Esa-Delivery"] for request in heard.requests],
        port_of(heard),
        words=2,
    )


@pytest.fixture
def of_unfurls(alice, bob, heard, monkeypatch):
    monkeypatch.setattr(slack, "API", f"{heard.url}/api")
    person = {"is_email_confirmed": True, "profile": {"email": "bob@example.com"}}
    heard.answer = json.dumps({"ok": True, "user": person}).encode()
    EmailAddress.objects.create(user=bob.user, email="bob@example.com", verified=True, primary=True)
    connected = Slack.connect(by=alice, signing_secret="s", bot_token="xoxb-1", unfurls=True)
    link = {"url": Post.write(by=alice, name="x").url}

    def begin(number):
        event = {"type": "link_shared", "channel": "C", "user": "U", "message_ts": f"{number}.0", "links": [link]}
        unfurl = Unfurl.hear(connected, {"event_id": f"E{number}", "event": event})
        return f"{number}.0", unfurl.make

    return Deliveries(
        begin,
        lambda ts: Unfurl.objects.get(place__ts=ts).done_at is not None,
        lambda: [json.loads(each.body)["ts"] for each in heard.requests if each.path == "/api/chat.unfurl"],
        port_of(heard),
        words=3,  # one asks who it was, two bring the cards
    )


def mails(begin, sink):
    return Deliveries(
        begin,
        lambda name: any(each.message_id == name and each.sent_at for each in Mailing.objects.all()),
        lambda: [message["Message-ID"] for _to, message in sink.messages],
        sink.port,
        words=5,  # EHLO, MAIL, RCPT, DATA, and the message
    )


@pytest.fixture
def of_invitations(alice, docs, sink):
    """From the log to the mail."""

    def begin(number):
        invitation = docs.invite([f"p{number}@example.com"], by=alice).invitations[0]
        event = Event.objects.latest("pk")

        def work():
            event.relay()
            for mailing in invitation.mailings.all():
                mailing.send()

        return f"<{invitation._key.replace(':', '.')}@esa.localhost>", work

    yield mails(begin, sink)
    assert not docs.invitations.filter(sent_at=None).exists()


@pytest.fixture
def of_notices(alice, bob, sink):
    """What the log says is told by entries, mails and webhooks at once; then the mail."""
    post = Post.write(by=alice, name="x")
    Webhook.make(by=alice, name="robot", url="https://example.com/", kinds=["comment_create"])

    def begin(number):
        post.comment(by=bob, body_md="hm")
        event = Event.objects.latest("pk")
        key = f"notification:{alice.pk}:{event.pk}"

        def work():
            event.relay()
            for mailing in Mailing.objects.filter(key=key):
                mailing.send()

        return f"<{key.replace(':', '.')}@esa.localhost>", work

    yield mails(begin, sink)
    told = Event.objects.filter(action="comment_create").annotate(
        entries=Count("notifications", distinct=True), sent=Count("deliveries", distinct=True)
    )
    assert {(event.entries, event.sent) for event in told} == {(1, 1)}


@pytest.fixture
def of_digests(alice, bob, sink):
    """Each morning's digest gathers what waits, also what the one before was to gather, and goes out."""
    post = Post.write(by=alice, name="x", wip=False)
    post.watch(by=bob)

    def begin(number):
        post.revise(Draft(body_md=f"{number}", message=f"on day {number}."), by=alice)
        relay()

        def work():
            digest(bob, f"day{number}")
            for mailing in Mailing.objects.filter(key=f"daily:{bob.pk}:day{number}"):
                mailing.send()

        return f"on day {number}.", work

    return Deliveries(
        begin,
        lambda said: (
            Notification.objects.filter(event__particulars__message=said).exclude(mailing__sent_at=None).exists()
        ),
        lambda: re.findall(r"on day \d+\.", "".join(parts(message)[0] for _to, message in sink.messages)),
        sink.port,
        words=5,
    )


def sweep() -> None:
    """What beat has done, an hour later."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    for outbox in (Delivery, Mailing, Unfurl):
        outbox.objects.exclude(claimed_at=None).update(claimed_at=an_hour_ago)
    Event.objects.update(retry_at=None)
    relay()
    send_mail()
    for unfurl in Unfurl.objects.due():
        unfurl.make()


@pytest.mark.parametrize("kind", ["webhooks", "unfurls", "invitations", "notices", "digests"])
def test_a_worker_killed_at_any_step_of_a_delivery_loses_and_doubles_nothing(kind, request):
    """One worker dies at each step. Only between the last word of a message and the note that it has arrived may a death
    send it again, under the same name."""
    deliveries = request.getfixturevalue(f"of_{kind}")
    name, work = deliveries.begin(0)
    work()  # as it should be; and what the others load is loaded once
    tasks, most = [work], {name: 1}
    died = True
    while died:
        name, work = deliveries.begin(len(tasks))
        died, sent = workers.killed_at(len(tasks) - 1, work, deliveries.port)
        most[name] = 2 if sent >= deliveries.words and not deliveries.noted(name) else 1
        tasks.append(work)
    # The broker gives the tasks of the dead to others at once, and once more when beat has looked at what waits.
    for again in [*tasks, sweep, *tasks, sweep]:
        again()
    times = Counter(deliveries.arrived())
    assert set(times) == set(most)
    assert {name: n for name, n in times.items() if n > most[name]} == {}
    assert set(most.values()) == {1, 2}


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

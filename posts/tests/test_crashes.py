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
import time_machine
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
from teams.models import Delivery, Event, Feedback, Mailing, Slack, Webhook, slack
from teams.models.event import relay_event
from teams.models.feedback import mail_feedback, mail_waiting_feedback
from teams.models.notification import send_daily_digests, send_weekly_digests
from teams.models.webhook import FAILING_FOR, FAILURES_IN_A_ROW

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

    begin: Callable[[int], tuple[list[str], Callable[[], None]]]
    """Lets more of them wait; what each is known by to whoever gets it, and what the worker does."""
    arrived: Callable[[], list[str]]
    noted: Callable[[str], bool] = lambda name: True
    """Whether it is written down that it has arrived."""
    port: int = 0
    words: int = 0
    """How often the worker sends something there until they have all of it; 0 if that is another task's."""


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
        return [str(delivery.pk)], delivery.make

    return Deliveries(
        begin,
        lambda: [request.headers["X-Esa-Delivery"] for request in heard.requests],
        lambda pk: Delivery.objects.get(pk=pk).state == "delivered",
        port_of(heard),
        words=2,
    )


@pytest.fixture
def of_hooks_switched_off(alice, heard, sink):
    """One failure too many: the hook is off, and its owner hears of it."""
    heard.status = 500

    def begin(number):
        hook = Webhook.make(by=alice, name=f"robot {number}!", url=heard.url)
        hook.failures, hook.failing_since = FAILURES_IN_A_ROW - 1, timezone.now() - FAILING_FOR
        hook.save()
        return [hook.name], hook.try_out(by=alice).make

    yield Deliveries(begin, lambda: [re.search(r"robot \d+!", message["Subject"])[0] for _to, message in sink.messages])
    assert {hook.disabled_by_failure for hook in Webhook.objects.all()} == {True}


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
        return [f"{number}.0"], unfurl.make

    return Deliveries(
        begin,
        lambda: [json.loads(each.body)["ts"] for each in heard.requests if each.path == "/api/chat.unfurl"],
        lambda ts: Unfurl.objects.get(place__ts=ts).done_at is not None,
        port_of(heard),
        words=3,  # one asks who it was, two bring the cards
    )


def mails_in(sink):
    return [message["Message-ID"] for _to, message in sink.messages]


WORDS_OF_A_MAIL = 5
"""EHLO, MAIL, RCPT, DATA, and the message."""


@pytest.fixture
def of_invitations(alice, docs, sink):
    """From the log to the mail: each message to somebody takes this way from its row on."""

    def begin(number):
        invitation = docs.invite([f"p{number}@example.com"], by=alice).invitations[0]
        event = Event.objects.latest("pk")

        def work():
            event.relay()
            for mailing in invitation.mailings.all():
                mailing.send()

        return [f"<{invitation._key.replace(':', '.')}@esa.localhost>"], work

    yield Deliveries(
        begin,
        lambda: mails_in(sink),
        lambda name: any(each.message_id == name and each.sent_at for each in Mailing.objects.all()),
        sink.port,
        WORDS_OF_A_MAIL,
    )
    assert not docs.invitations.filter(sent_at=None).exists()


@pytest.fixture
def of_notices(alice, bob, sink):
    """What the log says is told by entries, mails and webhooks at once."""
    post = Post.write(by=alice, name="x")
    Webhook.make(by=alice, name="robot", url="https://example.com/", kinds=["comment_create"])

    def begin(number):
        post.comment(by=bob, body_md="hm")
        event = Event.objects.latest("pk")
        return [f"<notification.{alice.pk}.{event.pk}@esa.localhost>"], event.relay

    yield Deliveries(begin, lambda: mails_in(sink))
    told = Event.objects.filter(action="comment_create").annotate(
        entries=Count("notifications", distinct=True), sent=Count("deliveries", distinct=True)
    )
    assert {(event.entries, event.sent) for event in told} == {(1, 1)}


@pytest.fixture
def of_digests(alice, bob, sink):
    """On Monday mornings: what waits for the day, also what the one before was to gather, and to each what happened in the
    week."""
    post = Post.write(by=alice, name="x", wip=False)
    post.watch(by=bob)
    relay()
    now = timezone.now()
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0)  # nine in Tokyo

    def begin(number):
        morning = monday + timedelta(weeks=number)
        with time_machine.travel(morning - timedelta(hours=1), tick=False):
            post.revise(Draft(body_md=f"{number}", message=f"in week {number}."), by=alice)
            relay()

        def work():
            with time_machine.travel(morning, tick=False):
                send_daily_digests()
                send_weekly_digests()

        weekly = [f"<weekly.{member.pk}.{morning.date()}@esa.localhost>" for member in (alice, bob)]
        return [f"in week {number}.", *weekly], work

    def arrived():
        said = re.findall(r"in week \d+\.", "".join(parts(message)[0] for _to, message in sink.messages))
        return said + [name for name in mails_in(sink) if name.startswith("<weekly.")]

    return Deliveries(begin, arrived)


@pytest.fixture
def of_feedback(alice, sink, settings):
    settings.FEEDBACK_EMAIL = "operators@example.com"

    def begin(number):
        feedback = Feedback.give(by=alice.user, message="hm")
        return [f"<feedback.{feedback.pk}@esa.localhost>"], lambda: mail_feedback(feedback.pk)

    def noted(name):
        return Feedback.objects.get(pk=name.split(".")[1].partition("@")[0]).mailed_at is not None

    return Deliveries(begin, lambda: mails_in(sink), noted, sink.port, WORDS_OF_A_MAIL)


def sweep() -> None:
    """What beat has done, an hour later."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    for outbox in (Delivery, Mailing, Unfurl):
        outbox.objects.exclude(claimed_at=None).update(claimed_at=an_hour_ago)
    Event.objects.update(retry_at=None)
    relay()
    send_mail()
    mail_waiting_feedback()
    for unfurl in Unfurl.objects.due():
        unfurl.make()


@pytest.mark.parametrize(
    "kind", ["webhooks", "hooks_switched_off", "unfurls", "invitations", "notices", "digests", "feedback"]
)
def test_a_worker_killed_at_any_step_of_a_delivery_loses_and_doubles_nothing(kind, request):
    """One worker dies at each step. Only between the last word of a message and the note that it has arrived may a death
    send it again, under the same name."""
    deliveries = request.getfixturevalue(f"of_{kind}")
    names, work = deliveries.begin(0)
    work()  # as it should be; and what the others load is loaded once
    tasks, most = [work], dict.fromkeys(names, 1)
    died = True
    while died:
        names, work = deliveries.begin(len(tasks))
        died, sent = workers.killed_at(len(tasks) - 1, work, deliveries.port)
        for name in names:
            most[name] = 2 if sent and sent >= deliveries.words and not deliveries.noted(name) else 1
        tasks.append(work)
    # The broker gives the tasks of the dead to others at once, and once more when beat has looked at what waits.
    for again in [*tasks, sweep, *tasks, sweep]:
        again()
    times = Counter(deliveries.arrived())
    assert set(times) == set(most)
    assert {name: n for name, n in times.items() if n > most[name]} == {}
    assert max(most.values()) == (2 if deliveries.words else 1)
    assert len(tasks) > 5  # there were steps to die at


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

"""Links to posts in Slack: who is believed, what is shown, to whom, and that it happens once."""

import hashlib
import hmac
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress

from conftest import join
from esa.tests.receiver import receiver
from posts.models import Post, Unfurl
from posts.tests.telling import relay
from teams.models import Notification, Slack, slack

SECRET, TOKEN = "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-17653672481-19874698323"


@pytest.fixture
def at_slack(settings, monkeypatch):
    """Slack itself; whatever it is asked, it knows Bob."""
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as server:
        monkeypatch.setattr(slack, "API", f"{server.url}/api")
        knows(server)
        yield server


def knows(server, **changes):
    person = {"id": "U1", "is_email_confirmed": True, "profile": {"email": "Bob@Example.com"}} | changes
    server.answer = json.dumps({"ok": True, "user": person}).encode()


@pytest.fixture
def connected(alice, bob, at_slack):
    EmailAddress.objects.create(user=bob.user, email="bob@example.com", verified=True, primary=True)
    return Slack.connect(by=alice, signing_secret=SECRET, bot_token=TOKEN, unfurls=True)


def shared(*links, **more):
    event = {"type": "link_shared", "channel": "C1", "user": "U1", "message_ts": "17.5", "links": [*links]}
    return {"type": "event_callback", "event_id": "Ev1", "event": event} | more


def link(post, suffix=""):
    return {"domain": "x", "url": f"{post.url}{suffix}"}


@pytest.fixture
def send(docs, sign_in):
    def send(told, *, secret=SECRET, at=None, team=None, signature=None):
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        timestamp = str(int(time.time()) if at is None else at)
        signed = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature or f"v0={signed}"}
        client = sign_in(None, team or docs)
        return client.post("/slack/events", body, content_type="application/json", headers=headers)

    return send


def work():
    """What the worker does."""
    for unfurl in Unfurl.objects.due().order_by("pk"):
        unfurl.make()


def cards(server):
    return [json.loads(request.body) for request in server.requests if request.path == "/api/chat.unfurl"]


def test_a_link_of_a_member_shows_title_and_first_lines_in_its_channel(alice, connected, at_slack, send):
    post = Post.write(by=alice, name="A <b> & *c*", category="dev", body_md="# Aim\n\n<!channel> @here\n\nmore")
    gone = Post.write(by=alice, name="Gone")
    gone.trash(by=alice)
    assert send(shared(link(post, "#x"), link(gone), {"url": "http://other.example/posts/1"})).status_code == 200
    work()
    asked, told = at_slack.requests
    assert (urlsplit(asked.path).path, parse_qs(urlsplit(asked.path).query)) == ("/api/users.info", {"user": ["U1"]})
    assert asked.headers["Authorization"] == told.headers["Authorization"] == f"Bearer {TOKEN}"
    (sent,) = cards(at_slack)
    assert (sent["channel"], sent["ts"], list(sent["unfurls"])) == ("C1", "17.5", [f"{post.url}#x"])
    title, lines, context = sent["unfurls"][f"{post.url}#x"]["blocks"]
    assert title["text"]["text"] == f"*<{post.url}#x|A &lt;b&gt; &amp; ∗c∗>*"
    assert lines["text"]["type"] == "plain_text"
    assert lines["text"]["text"].startswith("Aim\n")
    assert context["elements"][0]["text"] == "dev · WIP · Alice"


def test_the_address_is_proven_to_slack(connected, send):
    answer = send({"type": "url_verification", "challenge": "3eZbrw"})
    assert answer.json() == {"challenge": "3eZbrw"}
    assert send(b"[]").status_code == send(b"no json").status_code == 400


def test_whoever_has_not_signed_finds_nothing(alice, carol, connected, send):
    told = shared(link(Post.write(by=alice, name="x")))
    now = int(time.time())
    wrong = [
        {"secret": "other"},
        {"at": now - 400},
        {"at": now + 400},
        {"at": "x"},
        {"signature": "v0="},
        {"signature": "é"},
        {"team": carol.team},
    ]
    assert [send(told, **each).status_code for each in wrong] == [404] * len(wrong)
    assert not Unfurl.objects.exists()
    connected.disconnect(by=alice)
    assert send(told).status_code == 404


def test_an_event_that_comes_twice_is_shown_once(alice, connected, at_slack, send):
    told = shared(link(Post.write(by=alice, name="x")))
    assert [send(told).status_code for _ in range(2)] == [200, 200]
    work()
    work()
    assert len(cards(at_slack)) == Unfurl.objects.count() == 1


@pytest.mark.parametrize(
    "person",
    [
        {"profile": {"email": "carol@example.com"}},
        {"profile": {"email": "alice@example.com"}},  # not confirmed here
        {"profile": {}},
        {"is_email_confirmed": False},
        {"is_restricted": True},
        {"is_stranger": True},
        {"is_bot": True},
        {"deleted": True},
    ],
)
def test_nothing_is_shown_for_whoever_is_not_surely_a_member(alice, carol, connected, at_slack, send, person):
    EmailAddress.objects.create(user=carol.user, email="carol@example.com", verified=True, primary=True)
    knows(at_slack, **person)
    send(shared(link(Post.write(by=alice, name="Secret"))))
    work()
    assert cards(at_slack) == []
    assert "confirmed e-mail" in Unfurl.objects.get().problem


def test_nothing_is_kept_where_the_owner_did_not_switch_it_on_or_others_listen(alice, connected, send):
    post = Post.write(by=alice, name="x")
    send(shared(link(post), is_ext_shared_channel=True))
    send(shared({"url": post.url.replace("/posts/", "/members/")}, {"url": 3}, "x", {"url": f"{post.url}.md"}))
    send(shared(link(post)) | {"event": "odd"})
    Slack.connect(by=alice, unfurls=False)
    send(shared(link(post)))
    assert not Unfurl.objects.exists()


def test_who_left_shows_nothing_and_neither_does_a_connection_without_an_owner(alice, bob, connected, at_slack, send):
    post = Post.write(by=alice, name="x")
    send(shared(link(post)))
    bob.leave(by=bob)
    work()
    assert cards(at_slack) == []
    send(shared(link(post), event_id="Ev2"))
    dora = join(alice.team, "dora", "owner")
    alice.change_role("member", by=dora)
    ann = join(alice.team, "ann", "owner")
    relay()
    (told,) = Notification.objects.filter(member=ann, event__action="member_role")
    assert told.excerpt == "Slack shows no posts any more until an owner takes over the connection."
    asked = len(at_slack.requests)
    work()
    assert len(at_slack.requests) == asked
    assert Unfurl.objects.waiting().count() == 0


def test_what_slack_cannot_do_now_is_tried_again_and_what_it_refuses_is_not(alice, connected, at_slack, send):
    post = Post.write(by=alice, name="x")
    send(shared(link(post)))
    at_slack.status = 503
    work()
    waiting = Unfurl.objects.waiting().get()
    assert (waiting.attempts, waiting.claimed_at) == (1, None)
    assert waiting.retry_at
    work()
    Unfurl.objects.update(retry_at=None)
    at_slack.status = 200
    work()
    assert len(cards(at_slack)) == 1
    send(shared(link(post), event_id="Ev2"))
    at_slack.answer = b'{"ok": false, "error": "missing_scope"}'
    work()
    assert Unfurl.objects.filter(done_at__isnull=False, problem="missing_scope").count() == 1


def test_a_worker_that_died_leaves_it_to_the_next(alice, connected, at_slack, send):
    from django.utils import timezone

    from posts.models.unfurl import CLAIM

    send(shared(link(Post.write(by=alice, name="x"))))
    Unfurl.objects.update(claimed_at=timezone.now())
    work()
    assert at_slack.requests == []
    Unfurl.objects.update(claimed_at=timezone.now() - CLAIM * 2)
    work()
    assert len(cards(at_slack)) == 1


def test_an_owner_connects_and_the_secrets_are_never_shown(alice, bob, connected, sign_in):
    client = sign_in(alice)
    entered = {"signing_secret": "a" * 32, "bot_token": "xoxp-user", "unfurls": "on"}
    refused = client.post("/team/slack", entered)
    assert refused.status_code == 422
    assert client.post("/team/slack", entered | {"bot_token": "xoxb-2", "unfurls": ""}).status_code == 302
    kept = Slack.objects.get()
    assert (kept.unfurls, "xoxb" in kept.bot_token, "aaaa" in kept.signing_secret) == (False, False, False)
    for page in (client.get("/team/slack"), refused):
        assert "xoxb-2" not in page.content.decode()
        assert "aaaa" not in page.content.decode()
    # Left empty, they stay.
    client.post("/team/slack", {"unfurls": "on"})
    assert (Slack.objects.get().bot_token, Slack.objects.get().unfurls) == (kept.bot_token, True)
    assert client.post("/team/slack/delete").status_code == 302
    assert not Slack.objects.exists()


def test_members_and_outsiders_connect_nothing(docs, alice, bob, carol, connected, sign_in):
    for path in ("/team/slack", "/team/slack/delete"):
        assert sign_in(bob).post(path, {"unfurls": ""}).status_code == 403
        assert sign_in(carol, docs).post(path, {"unfurls": ""}).status_code == 404
    assert sign_in(bob).get("/team/slack").status_code == 403
    assert sign_in(carol, docs).get("/team/slack").status_code == 404
    assert sign_in(alice).get("/slack/events").status_code == 405
    assert Slack.objects.get().unfurls

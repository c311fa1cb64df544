"""Webhooks: what a receiver gets, what stands in the log, and what happens when it fails or its owner goes."""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.utils import timezone

from esa.tests.receiver import receiver
from posts.models import Post
from posts.models.post import Draft
from posts.tests.telling import deliver, relay
from posts.tests.views.counting import queries_of
from teams.models import Delivery, Event, Mailing, Member, Notification, User, Webhook
from teams.models.webhook import FAILURES_IN_A_ROW, PAUSES, all_kinds


@pytest.fixture
def heard(settings):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as server:
        yield server


@pytest.fixture
def hook(alice, heard):
    return Webhook.make(by=alice, name="robot", url=f"{heard.url}/hook", secret="s3cret")


def bodies(heard):
    return [json.loads(request.body) for request in heard.requests]


def run():
    relay()
    deliver()


def test_generic_is_sent_byte_for_byte_as_the_contract_says(alice, hook, heard):
    Post.write(by=alice, name="たいとる", category="日報", tags=["api"], body_md="ほんぶん <b>", wip=False)
    run()
    (request,) = heard.requests
    delivery = Delivery.objects.get()
    assert request.method == "POST"
    assert request.path == "/hook"
    assert request.headers["User-Agent"] == "esa-Hookshot/v1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "*/*"
    assert request.headers["X-Esa-Delivery"] == str(delivery.pk)
    signature = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Esa-Signature"] == f"sha256={signature}"
    payload = json.loads(request.body)
    # A receiver that signs JSON.stringify(JSON.parse(body)) gets the same bytes.
    assert json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode() == request.body
    assert list(payload) == ["kind", "team", "post", "user"]
    assert payload["kind"] == "post_create"
    assert payload["team"] == {"name": "docs"}
    assert payload["post"]["name"] == "日報/たいとる #api"
    assert payload["post"]["body_md"] == "ほんぶん <b>"
    assert payload["post"]["url"].endswith("/posts/1")
    assert "diff_url" not in payload["post"]
    assert payload["user"]["screen_name"] == "alice"
    assert set(payload["user"]["icon"]) == {"url", "thumb_s", "thumb_ms", "thumb_m", "thumb_l"}


def test_every_kind_says_field_by_field_what_the_contract_says(alice, bob, hook, heard, carol):
    def site(path):
        return f"http://docs.esa.localhost{path}"

    def face(name):
        icon = {"url": f"http://esa.localhost/icons/{name}.svg"}
        sizes = ("thumb_s", "thumb_ms", "thumb_m", "thumb_l")
        return {"icon": icon | dict.fromkeys(sizes, icon), "name": name.capitalize(), "screen_name": name}

    post = Post.write(by=alice, name="x", category="a/b", tags=["t"], body_md="ほん", wip=False)
    whole = {
        "name": "a/b/x #t", "body_md": "ほん", "body_html": '<p data-line="1">ほん</p>\n', "message": "Create post.", "wip": False,
        "number": 1, "url": site("/posts/1"),
    }  # fmt: skip
    post.revise(Draft(body_md="**more**"), by=bob)
    changed = whole | {
        "body_md": "**more**",
        "body_html": '<p data-line="1"><strong>more</strong></p>\n',
        "message": "Update post.",
    }
    comment = post.comment(by=bob, body_md="*hm*")
    post.archive(by=alice)
    archived = changed | {"name": "Archived/a/b/x #t", "message": "Archived!"}
    # Nothing was read so far, and each event still tells what it left behind.
    run()
    for verb in (post.share, post.stop_sharing, post.trash, post.restore):
        verb(by=alice)
        run()
    Member.join(alice.team, carol.user)
    run()
    # What is said about a comment is the post as it stands.
    commented = archived | {"url": site(f"/posts/1#comment-{comment.pk}")}
    address = Event.objects.get(action="post_start_sharing").particulars["url"]
    assert address.startswith(site("/sharing/"))
    said = [
        ("post_create", {"post": whole, "user": face("alice")}),
        ("post_update", {"post": changed | {"diff_url": site("/posts/1/revisions/2")}, "user": face("bob")}),
        ("comment_create", {"post": commented, "comment": {"body_md": "*hm*", "body_html": '<p data-line="1"><em>hm</em></p>\n'}, "user": face("bob")}),
        ("post_archive", {"post": archived, "user": face("alice")}),
        ("post_start_sharing", {"post": archived, "sharing": {"url": address}, "user": face("alice")}),
        ("post_stop_sharing", {"post": archived, "user": face("alice")}),
        ("post_delete", {"post": {"name": "Archived/a/b/x #t", "wip": False, "number": 1}, "user": face("alice")}),
        ("post_restore", {"post": archived, "user": face("alice")}),
        ("member_join", {"user": face("carol")}),
    ]  # fmt: skip
    assert {kind for kind, _parts in said} == set(all_kinds())
    for (kind, parts), request in zip(said, heard.requests, strict=True):
        expected = {"kind": kind, "team": {"name": "docs"}, **parts}
        assert request.body.decode() == json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
        signature = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
        assert request.headers["X-Esa-Signature"] == f"sha256={signature}"
    assert len({request.headers["X-Esa-Delivery"] for request in heard.requests}) == len(said)


def test_what_is_saved_as_wip_while_the_worker_sleeps_is_not_told_along(alice, bob, hook, heard):
    Webhook.make(by=alice, name="chat", url=heard.url, format="slack")
    post = Post.write(by=alice, name="Done", body_md="for everybody", wip=False)
    post.watch(by=bob)
    post.revise(Draft(name="Hm", body_md="half a thought", wip=True), by=alice)
    run()
    generic, chat = bodies(heard)
    assert (generic["post"]["name"], generic["post"]["body_md"], generic["post"]["wip"]) == (
        "Done",
        "for everybody",
        False,
    )
    assert "for everybody" in chat["attachments"][0]["text"]


def test_wip_and_skip_notice_are_sent_to_nobody(alice, hook, heard):
    post = Post.write(by=alice, name="x")
    post.revise(Draft(body_md="y"), by=alice)
    post.revise(Draft(wip=False, message="done [skip notice]"), by=alice)
    post.star(by=alice)
    run()
    assert heard.requests == []


@pytest.mark.parametrize(
    "wanted",
    [{"category": "dev"}, {"tag": "Release"}, {"query": "title:Right -in:minutes"}, {"query": "@alice #release"}],
)
def test_a_hook_hears_only_of_what_it_asked_for(alice, bob, hook, heard, wanted):
    hook.change(by=alice, **wanted)
    right = Post.write(by=alice, name="Right", category="dev/api", tags=["release"], wip=False)
    wrong = Post.write(by=bob, name="Wrong", category="dev-secret", wip=False)
    run()
    right.comment(by=bob, body_md="hm")
    wrong.comment(by=bob, body_md="hm")
    run()
    right.trash(by=alice)
    wrong.trash(by=alice)
    run()
    assert [body["kind"] for body in bodies(heard)] == ["post_create", "comment_create", "post_delete"]
    assert {body["post"]["number"] for body in bodies(heard)} == {1}


def test_each_chat_gets_what_it_takes_in_text_that_cannot_call_anybody_or_become_markup(alice, heard):
    for style in ("slack", "discord", "teams", "chatwork"):
        Webhook.make(
            by=alice, name=style, url=f"{heard.url}/{style}", format=style, kinds=["post_create"], secret="tok"
        )
    Post.write(by=alice, name="<!here> @everyone [To:1] *x*", body_md="**b** <!channel>", wip=False)
    run()
    arrived = {request.path: request for request in heard.requests}
    chatwork = arrived.pop("/chatwork")
    assert {request.headers["Content-Type"] for request in arrived.values()} == {"application/json"}
    page = "http://docs.esa.localhost/posts/1"
    assert {path: json.loads(request.body) for path, request in arrived.items()} == {
        "/slack": {
            "username": "esa (docs)",
            "text": f"Alice wrote a post: <{page}|&lt;!here&gt; @everyone [To:1] *x*>",
            "attachments": [
                {
                    "fallback": "Alice wrote a post: <!here> @everyone [To:1] *x*",
                    "text": "**b** &lt;!channel&gt;",
                    "color": "#0a9b94",
                }
            ],
        },
        "/discord": {
            "content": "Alice wrote a post",
            "embeds": [
                {
                    "title": "<!here> @everyone [To:1] *x*",
                    "url": page,
                    "description": r"\*\*b\*\* \<!channel\>",
                    "color": 0x0A9B94,
                }
            ],
            "allowed_mentions": {"parse": []},
        },
        "/teams": {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "content": {
                        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                        "type": "AdaptiveCard",
                        "version": "1.4",
                        "body": [
                            {"type": "TextBlock", "text": "Alice wrote a post", "wrap": True},
                            {
                                "type": "TextBlock",
                                "text": r"\<!here\> \@everyone \[To:1\] \*x\*",
                                "weight": "Bolder",
                                "wrap": True,
                            },
                            {"type": "TextBlock", "text": r"\*\*b\*\* \<!channel\>", "wrap": True, "isSubtle": True},
                        ],
                        "actions": [{"type": "Action.OpenUrl", "title": "esa", "url": page}],
                    },
                }
            ],
        },
    }
    assert chatwork.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert chatwork.headers["X-ChatWorkToken"] == "tok"
    assert parse_qs(chatwork.body.decode()) == {
        "body": [
            f"[info][title]Alice wrote a post: <!here> @everyone ［To:1］ *x*[/title]{page}\n**b** <!channel>[/info]"
        ]
    }
    assert all("X-Esa-Signature" not in request.headers for request in heard.requests)


def test_a_failure_is_logged_and_tried_again_under_the_same_id_and_the_same_bytes(alice, hook, heard):
    heard.status, heard.answer = 500, b"oops"
    Post.write(by=alice, name="x", wip=False)
    run()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.answer, delivery.attempts) == (500, "oops", 1)
    assert delivery.retry_at - timezone.now() <= PAUSES[0]
    deliver()  # its pause is not over
    assert len(heard.requests) == 1
    heard.status = 204
    Delivery.objects.update(retry_at=timezone.now())
    deliver()
    deliver()
    first, second = heard.requests
    assert first.headers["X-Esa-Delivery"] == second.headers["X-Esa-Delivery"]
    assert first.body == second.body
    assert Delivery.objects.get().state == "delivered"


def test_a_delivery_is_given_up_in_the_end(alice, hook, heard):
    heard.status = 500
    Post.write(by=alice, name="x", wip=False)
    run()
    for _attempt in PAUSES:
        Delivery.objects.update(retry_at=None)
        Webhook.objects.update(failing_since=None)
        deliver()
    assert len(heard.requests) == len(PAUSES) + 1
    assert Delivery.objects.get().state == "given_up"


def test_ten_failures_over_an_hour_switch_it_off_and_owners_get_a_mail(alice, bob, hook, heard):
    heard.status = 503
    for number in range(FAILURES_IN_A_ROW):
        Post.write(by=bob, name=f"n{number}", wip=False)
    run()
    hook.refresh_from_db()
    assert (hook.failures, hook.working) == (FAILURES_IN_A_ROW, True)  # not for an hour yet
    Webhook.objects.update(failing_since=timezone.now() - timedelta(minutes=61))
    Post.write(by=bob, name="last", wip=False)
    run()
    hook.refresh_from_db()
    assert hook.disabled_by_failure
    (mailing,) = Mailing.objects.filter(key__startswith="webhook_off:")
    assert mailing.member == alice
    assert "is switched off" in mailing.subject
    before = len(heard.requests)
    Post.write(by=bob, name="after", wip=False)
    Delivery.objects.update(retry_at=None)
    run()
    assert len(heard.requests) == before


def test_success_in_between_starts_the_count_anew(alice, hook, heard):
    heard.status = 500
    Post.write(by=alice, name="x", wip=False)
    run()
    heard.status = 200
    Post.write(by=alice, name="y", wip=False)
    run()
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since) == (0, None)


@pytest.mark.parametrize("end", ["removed", "demoted", "locked"])
def test_a_hook_stops_with_whoever_answers_for_it_and_an_owner_may_take_it_over(alice, bob, hook, heard, end):
    bob.change_role("owner", by=alice)
    dora = Member.join(
        alice.team, User.objects.create_user("dora@example.com", screen_name="dora", name="Dora"), "owner"
    )
    Post.write(by=bob, name="before", wip=False)
    relay()  # this delivery waits when alice goes
    if end == "removed":
        alice.leave(by=bob)
    elif end == "demoted":
        alice.change_role("member", by=bob)
    else:
        alice.user.deactivate()
    Post.write(by=bob, name="after", wip=False)
    run()
    assert heard.requests == []
    (told,) = Notification.objects.filter(member=dora, kind="team")
    assert "1 webhook that they answered for has stopped" in told.excerpt
    Webhook.objects.get().switch_on(by=bob)
    Post.write(by=bob, name="now", wip=False)
    run()
    assert [body["post"]["name"] for body in bodies(heard)] == ["now"]


# --- The owners' pages ------------------------------------------------------------------------------------------------


def form(url, **more):
    return {"name": "n", "format": "generic", "url": url, "secret": "", "kinds": ["post_create"]} | more


def test_an_owner_makes_changes_tries_out_replays_and_deletes(alice, heard, sign_in):
    client = sign_in(alice)
    assert client.get("/team/webhooks/new").status_code == 200
    page = client.post("/team/webhooks/new", form(heard.url))["Location"]
    Post.write(by=alice, name="x <script>", wip=False)
    run()
    shown = client.get(page).content.decode()
    (delivery,) = Delivery.objects.all()
    assert f"/deliveries/{delivery.pk}" in shown
    log = client.get(f"{page}/deliveries/{delivery.pk}").content.decode()
    assert "&quot;kind&quot;:&quot;post_create&quot;" in log
    assert "x &lt;script&gt;" in log
    client.post(f"{page}/deliveries/{delivery.pk}/replay")
    deliver()
    assert [r.headers["X-Esa-Delivery"] for r in heard.requests] == [str(delivery.pk)] * 2

    client.post(f"{page}/test")
    deliver()
    assert json.loads(heard.requests[2].body)["kind"] == "member_join"
    client.post(f"{page}/edit", form(heard.url, name="new name"))
    assert "new name" in client.get("/team/webhooks").content.decode()
    client.post(f"{page}/switch")
    assert not Webhook.objects.get().working
    client.post(f"{page}/switch", {"on": "1"})
    assert Webhook.objects.get().working
    assert client.get(f"{page}/delete").status_code == 200
    client.post(f"{page}/delete")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://169.254.169.254/x", "ftp://example.com/", "nonsense", ""])
def test_an_address_that_is_never_asked_is_not_taken_either(alice, sign_in, url):
    answer = sign_in(alice).post("/team/webhooks/new", form(url))
    assert answer.status_code == 422
    assert not Webhook.objects.exists()


def test_webhooks_are_for_owners_of_this_team(alice, bob, carol, hook, sign_in):
    Post.write(by=alice, name="x", wip=False)
    relay()
    (delivery,) = Delivery.objects.all()
    theirs = Webhook.make(by=carol, name="theirs", url="https://example.com/")
    gets = ["", "/new", f"/{hook.pk}", f"/{hook.pk}/edit", f"/{hook.pk}/delete", f"/{hook.pk}/deliveries/{delivery.pk}"]
    posts = [f"/{hook.pk}/{verb}" for verb in ("edit", "delete", "switch", "test", f"deliveries/{delivery.pk}/replay")]
    for person, status in ((bob, 403), (carol, 404)):
        client = sign_in(person, alice.team)
        assert {client.get(f"/team/webhooks{path}").status_code for path in gets} == {status}
        assert {client.post(f"/team/webhooks{path}").status_code for path in posts} == {status}
    client = sign_in(carol)
    assert client.get(f"/team/webhooks/{hook.pk}").status_code == 404
    assert client.get(f"/team/webhooks/{theirs.pk}/deliveries/{delivery.pk}").status_code == 404
    hook.refresh_from_db()
    assert hook.working
    assert Delivery.objects.count() == 1


def test_the_log_takes_as_many_queries_for_many_rows_as_for_one(alice, hook, sign_in):
    Post.write(by=alice, name="x", wip=False)
    relay()
    client = sign_in(alice)
    paths = ["/team/webhooks", f"/team/webhooks/{hook.pk}"]
    few = [queries_of(client, path) for path in paths]
    for number in range(5):
        Post.write(by=alice, name=f"n{number}", wip=False)
        Webhook.make(by=alice, name=f"n{number}", url="https://example.com/")
    relay()
    assert [queries_of(client, path) for path in paths] == few

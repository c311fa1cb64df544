"""Two people, one of whom does something: what the other sees, hears, gets by mail, and what programs are told."""

import hashlib
import hmac
import json
import re
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from esa.testing import awake
from esa.tests.mail_server import mail_server
from esa.tests.receiver import receiver
from posts.models import Comment, Post, SavedSearch, Star, Unfurl
from posts.models.post import Draft
from posts.tests.telling import deliver, relay, send_mail
from teams.models import Group, Notification, Preference, User, Webhook, slack
from teams.models.notification import send_daily_digests, send_weekly_digests
from teams.models.webhook import PAUSES


@pytest.fixture
def people(new_page, sign_in_browser, alice, bob, transactional_db):
    return sign_in_browser(new_page(), alice), sign_in_browser(new_page(), bob)


def look(page):
    """Come back to the window: pages ask at once then."""
    with page.expect_response(re.compile(r"/live(\?|$)")):
        page.evaluate("dispatchEvent(new Event('focus'))")


def bell(page):
    return page.locator(".bell .count--unread")


@pytest.fixture
def open_mail(live_site):
    """As a mail program shows it, with its own button for what RFC 8058 promises."""
    address = live_site.url("/", team="mail")  # no site of its own: that would be one more process of the browser

    def open_mail(page, message):
        shown = message.get_body(("html",)).get_content()
        if link := message["List-Unsubscribe"]:
            once = '<input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button>'
            shown = f'<form method="post" action="{link.strip("<>")}">{once}</form>{shown}'
        page.route(address, lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=shown))
        page.goto(address)

    return open_mail


def test_two_people_see_each_other_at_a_post(people, live_site, alice, bob):
    Post.write(by=alice, name="Soup", body_md="A long passage about salt.", wip=False)
    Post.write(by=bob, name="Plan", category="kitchen")
    hers, his = people
    address = live_site.url("/posts/1", team="docs")
    for page in people:
        page.goto(address)
        look(awake(page))
    expect(his.locator(".live__here")).to_have_text("Alice is here")

    # Bob writes, with a name that is offered, and his tab crashes; Alice sees what he sends without reloading
    box = his.get_by_label("Comment", exact=True)
    box.press_sequentially("More salt, @al")
    expect(his.get_by_role("option")).to_have_text("@aliceAlice")
    box.press("Enter")
    expect(box).to_have_value("More salt, @alice ")
    his.locator("form[data-kept]").wait_for()
    his.goto(f"{address}?again")
    expect(awake(his).get_by_text("Your text from last time is back.")).to_be_visible()
    expect(box).to_have_value("More salt, @alice ")
    his.get_by_role("button", name="Preview").click()
    expect(his.locator("#comment-preview")).to_contain_text("More salt")
    his.get_by_role("button", name="Write", exact=True).click()
    his.get_by_role("button", name="Comment", exact=True).click()
    expect(his.locator("#comments-list .comment")).to_have_count(1)
    expect(box).to_have_value("")
    look(hers)
    expect(hers.locator("#comments-list .comment")).to_contain_text("More salt")
    expect(hers.locator("#comments-count")).to_have_text("1")

    # She watches a category, where the bell rings; the inbox leads to the comment
    hers.goto(live_site.url("/categories/kitchen", team="docs"))
    awake(hers).get_by_role("button", name="Watch", exact=True).click()
    expect(hers.get_by_role("button", name="Watching")).to_be_visible()
    relay()
    look(awake(hers))
    expect(bell(hers)).to_have_text("1")
    hers.locator(".bell").click()
    hers.get_by_role("link", name="Bob mentioned you").click()
    hers.wait_for_url(f"**/posts/1#comment-{Comment.objects.get().pk}")
    awake(hers)
    expect(bell(hers)).to_be_hidden()

    # She stars it, by keyboard; he changes it, and then takes it back: her page shows all of it as it stands
    hers.get_by_role("button", name="Star this comment").press("Enter")
    expect(hers.locator(".comment .star")).to_contain_text("1")
    expect(hers.locator(".comment .star")).to_be_focused()
    expect(hers.get_by_role("group", name="Starred by").get_by_role("link")).to_have_text("Alice")
    his.locator(".comment").get_by_role("link", name="Edit").click()
    box.fill("Less salt, @alice")
    his.get_by_role("button", name="Save").click()
    expect(his.locator(".comment .star")).to_contain_text("1")
    expect(his.get_by_role("group", name="Starred by").get_by_role("link")).to_have_text("Alice")
    look(hers)
    expect(hers.locator("#comments-list .comment")).to_contain_text("Less salt")
    expect(hers.locator(".comment__head")).to_contain_text("edited")
    expect(hers.locator(".comment .star")).to_be_focused()
    awake(his).locator(".comment").get_by_role("button", name="Delete").click()
    his.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(his.locator("#comments-count")).to_have_text("0")
    look(hers)
    expect(hers.locator("#comments-list .comment")).to_have_count(0)
    expect(hers.locator("#comments-count")).to_have_text("0")

    # What is new in her category names a group that she is in, and links to the post, which says so; a card tells of it
    Group.define("cooks", by=bob, members=[alice])
    Post.write(by=bob, name="Stock", category="kitchen", body_md="@cooks, see #1", wip=False)
    relay()
    look(hers)
    expect(bell(hers)).to_have_text("1")
    hers.evaluate("getSelection().selectAllChildren(document.querySelector('#body p'))")
    hers.get_by_role("button", name="Star this passage").click()
    expect(hers.locator(".note")).to_contain_text("A long passage about salt.")
    assert Star.objects.get().body == "A long passage about salt."
    backlinks = awake(hers).get_by_role("region", name="Linked from")
    backlinks.get_by_role("link", name="Stock").hover()

    # Bob is told that the post has changed, and sees the passage that she starred
    Post.objects.get(number=1).revise(Draft(body_md="A short one."), by=alice)
    look(his)
    expect(his.locator(".live__changed")).to_contain_text("Alice updated this post.")
    his.get_by_role("link", name="Show", exact=True).click()
    expect(his.locator("#body")).to_have_text("A short one.")
    expect(his.locator(".live__changed")).to_be_hidden()
    expect(his.get_by_role("group", name="Starred by")).to_contain_text("Alice")
    expect(his.locator(".note")).to_contain_text("A long passage about salt.")
    expect(hers.locator(".glimpse")).to_contain_text("@cooks, see #1")

    # What leads there goes
    Post.objects.get(name="Stock").trash(by=bob)
    hers.reload()
    expect(hers.locator("#body")).to_have_text("A short one.")
    expect(backlinks).to_have_count(0)


@pytest.fixture
def sink(settings):
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def heard(settings, monkeypatch):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as server:
        monkeypatch.setattr(slack, "API", f"{server.url}/api")
        yield server


def test_what_one_does_comes_to_the_other_by_inbox_and_mail(people, live_site, alice, bob, sink, heard, open_mail):
    hers, his = people
    soup = Post.write(by=alice, name="Soup", body_md="Water and salt.")
    bread = Post.write(by=alice, name="Bread", body_md="Flour, see #77")
    Webhook.make(by=alice, name="robot", url=heard.url)
    Preference.choose(bob.user, "new", email="now")

    def tell():
        relay()
        send_mail()
        deliver()

    # Bob watches what a search finds
    SavedSearch.keep(by=bob, name="Hers", query="@alice")
    his.goto(live_site.url("/searches", team="docs"))
    his.get_by_role("button", name="Watch", exact=True).click()
    expect(his.get_by_role("button", name="Watching")).to_be_visible()

    # The editor says which links lead nowhere, and who else is there; the page, who writes
    hers.goto(live_site.url("/posts/2/edit", team="docs"))
    expect(hers.locator('[data-part="counts"]')).to_contain_text("No such post: #77")
    his.goto(live_site.url("/posts/2", team="docs"))
    look(awake(his))
    look(awake(hers))
    expect(hers.locator(".live__here")).to_have_text("Bob is here")
    look(his)
    expect(his.locator(".live__here")).to_have_text("Alice is editing")

    # What she saves as WIP is quiet, and so is what she ships with [skip notice]: only his open page knows
    hers.get_by_role("button", name="Save as WIP").click()
    expect(hers.locator(".receipt")).to_contain_text("Saved as revision 2")
    hers.get_by_label("Change message").fill("Done [skip notice]")
    hers.get_by_role("button", name="Ship It!").click()
    hers.wait_for_url("**/posts/2")
    tell()
    look(his)
    expect(his.locator(".live__changed")).to_contain_text("Alice updated this post.")
    expect(bell(his)).to_be_hidden()
    assert (sink.messages, heard.requests) == ([], [])

    # What she ships as usual is told by the bell, by mail and to programs
    hers.goto(live_site.url("/posts/1", team="docs"))
    hers.get_by_role("button", name="Ship It!").click()
    expect(hers.locator(".wip-banner")).to_have_count(0)
    tell()
    assert [message["Subject"] for _to, message in sink.messages] == ["[docs] Soup"]
    assert [json.loads(request.body)["post"]["name"] for request in heard.requests] == ["Soup"]
    look(his)
    expect(bell(his)).to_have_text("1")
    his.locator(".bell").click()
    his.get_by_role("link", name="Alice shipped a post").click()

    # He stars it and comments; her inbox gathers by post, filters, and is read one by one or at once
    awake(his).locator(".post__actions .star").click()
    expect(his.get_by_role("group", name="Starred by").get_by_role("link")).to_have_text("Bob")
    his.get_by_label("Comment", exact=True).fill("More salt")
    his.get_by_role("button", name="Comment", exact=True).click()
    expect(his.locator("#comments-list .comment")).to_have_count(1)
    bread.comment(by=bob, body_md="And flour")
    tell()
    hers.goto(live_site.url("/notifications", team="docs"))
    groups = hers.locator(".notice-group")
    expect(groups.locator("h2")).to_have_text(["Bread", "Soup"])
    expect(groups.last.locator(".feed__item--unread")).to_have_count(2)
    hers.get_by_role("link", name="Stars", exact=True).click()
    expect(groups.locator(".feed__item")).to_have_count(1)
    expect(groups).to_contain_text("Bob starred a post")
    hers.get_by_role("button", name="Mark “Soup” as read").click()
    expect(bell(hers)).to_have_text("1")
    hers.get_by_role("button", name="Unread").first.click()
    expect(bell(hers)).to_have_text("2")
    hers.get_by_role("button", name="Mark all as read").click()
    expect(bell(hers)).to_be_hidden()

    # The mail leads to the comment, and ends mails of its kind with one click of her mail program
    open_mail(hers, sink.last_to("alice@example.com"))
    expect(hers.locator("body")).to_contain_text("And flour")
    comment = bread.comments.get()
    expect(hers.get_by_role("link", name="Bread")).to_have_attribute("href", bread.team.url(comment.get_absolute_url()))
    hers.get_by_role("button", name="Unsubscribe").click()
    expect(hers.get_by_role("heading")).to_have_text("You get no more of these mails.")

    # She wants no more mentions either, and he mutes
    hers.get_by_role("link", name="What you are told, and where").click()
    expect(hers.get_by_label("By mail: Comments on posts that you watch")).to_have_value("none")
    hers.get_by_label("By mail: Somebody mentions you").select_option("none")
    hers.get_by_label("In esa: Somebody mentions you").uncheck()
    hers.get_by_role("button", name="Save").click()
    expect(hers.get_by_text("Saved.")).to_be_visible()
    his.get_by_role("button", name="Watching").click()
    expect(his.get_by_role("button", name="Watch", exact=True)).to_be_visible()
    before = len(sink.messages)
    soup.comment(by=bob, body_md="@alice?")
    soup.comment(by=alice, body_md="@bob!")
    relay()
    send_mail()
    assert len(sink.messages) == before
    look(his)
    expect(bell(his)).to_be_hidden()
    assert not Notification.objects.filter(kind="mention").exists()

    # On Monday morning he gets what waited for his digest, and she what happened in the week
    bread.revise(Draft(body_md="Flour.", message="what he said"), by=alice)
    relay()
    now = timezone.now()
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0)  # nine in Tokyo
    with time_machine.travel(monday, tick=False):
        send_daily_digests()
        send_weekly_digests()
        send_mail()
    his_mail = {message["Subject"]: message for to, message in sink.messages[before:] if to == ["bob@example.com"]}
    assert set(his_mail) == {"Today in docs", "This week in docs"}
    open_mail(his, his_mail["Today in docs"])
    expect(his.locator("li").first).to_contain_text("what he said")
    his.get_by_role("link", name="Bread").click()
    expect(his.locator("#body")).to_have_text("Flour.")
    weekly = sink.last_to("alice@example.com")
    assert weekly["Subject"] == "This week in docs"
    open_mail(hers, weekly)
    expect(hers.locator("ol li")).to_have_text(["Soup", "Bread"])
    expect(hers.get_by_role("link", name="Soup")).to_have_attribute("href", soup.url)


def test_what_one_does_reaches_programs_chats_and_figures(people, live_site, alice, bob, heard, sink, open_mail):
    hers, his = people
    post = Post.write(by=alice, name="Soup", category="kitchen", tags=["hot"], wip=False)
    for name, category, tags in (("Soup", "kitchens", ["hot"]), ("Soup", "kitchen", []), ("Stew", "kitchen", ["hot"])):
        Post.write(by=alice, name=name, category=category, tags=tags, wip=False)
    Post.write(by=alice, name="Soup", category="kitchen", tags=["hot"])  # which is quiet

    # Alice makes a webhook for some of the posts
    hers.goto(live_site.url("/team/webhooks/new", team="docs"))
    hers.get_by_label("Name").fill("robot")
    hers.get_by_label("Address").fill(f"{heard.url}/hook")
    hers.get_by_label("Category").fill("kitchen")
    hers.get_by_label("Tag").fill("hot")
    hers.get_by_label("Search query").fill("title:Soup")
    secret = hers.get_by_label("Secret").input_value()
    hers.get_by_role("button", name="Save").click()
    expect(hers.get_by_text("Nothing has been sent yet.")).to_be_visible()
    relay()
    deliver()
    assert [json.loads(request.body)["post"]["number"] for request in heard.requests] == [1]

    # Bob comments, also where nothing comes by itself; she sees what was sent and answered
    his.route("**/live?*", lambda route: route.abort())
    his.goto(live_site.url("/posts/1", team="docs"))
    awake(his).get_by_label("Comment", exact=True).fill("More salt")
    his.get_by_role("button", name="Comment", exact=True).click()
    expect(his.locator("#comments-list .comment")).to_have_count(1)
    relay()
    deliver()
    told = heard.requests[-1]
    assert json.loads(told.body)["comment"]["body_md"] == "More salt"
    signature = hmac.new(secret.encode(), told.body, hashlib.sha256).hexdigest()
    assert told.headers["X-Esa-Signature"] == f"sha256={signature}"
    hers.reload()
    row = hers.get_by_role("row").filter(has_text="comment_create")
    expect(row).to_contain_text("200")
    row.get_by_role("link").click()
    request, answer = hers.locator(".raw").all()
    expect(request).to_contain_text(f"X-Esa-Signature: sha256={signature}")
    expect(request).to_contain_text("More salt")
    expect(answer).to_have_text("ok")

    # She sends it again to a program that fails, and the log says when it is tried once more
    heard.status, heard.answer = 503, b"closed today"
    hers.get_by_role("button", name="Send again").click()
    expect(hers.get_by_text("It is sent once more, under the same id.")).to_be_visible()
    deliver()
    hers.reload()
    expect(hers.locator(".facts")).to_contain_text(re.compile(r"Attempts\s*1\s*Answer\s*503 again at \d"))
    expect(answer).to_have_text("closed today")
    heard.status, heard.answer = 200, b"ok"
    with time_machine.travel(timezone.now() + PAUSES[0], tick=False):
        deliver()
    hers.reload()
    expect(hers.locator(".facts")).to_contain_text(re.compile(r"Attempts\s*2\s*Answer\s*200"))
    assert {(each.body, *each.headers.values()) for each in heard.requests[-2:]} == {
        (told.body, *told.headers.values())
    }

    # It fails for more than an hour: it is off, and she hears of it in her language
    heard.status = 503
    for salt in ("Salt?", "Salt!"):
        post.comment(by=bob, body_md=salt)
    relay()
    User.objects.filter(pk=alice.user.pk).update(language="ja")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for pause in PAUSES:
            deliver()
            clock.shift(pause)
        send_mail()
    mail = next(message for _to, message in sink.messages if "robot" in message["Subject"])
    assert mail["Subject"] == "docsのWebhook「robot」を無効にしました"
    open_mail(hers, mail)
    expect(hers.locator("body")).to_contain_text("503")
    hers.get_by_role("link", name="有効").click()
    expect(hers.locator(".facts")).to_contain_text("無効：失敗が続いたため")
    hers.get_by_role("button", name="有効にする").click()
    expect(hers.locator(".facts")).to_contain_text("正常")
    User.objects.filter(pk=alice.user.pk).update(language="en")
    heard.status = 200
    post.comment(by=bob, body_md="Enough.")
    relay()
    deliver()
    assert json.loads(heard.requests[-1].body)["comment"]["body_md"] == "Enough."

    # She connects Slack; he posts a link there, and Slack shows what it leads to
    EmailAddress.objects.create(user=bob.user, email="bob@example.com", verified=True, primary=True)
    hers.goto(live_site.url("/team/slack", team="docs"))
    hers.get_by_label("Signing secret").fill("8f742231b10e8888abcd99")
    hers.get_by_label("Bot token").fill("xoxb-1")
    hers.get_by_label("Show titles and first lines of posts in Slack").check()
    hers.get_by_role("button", name="Connect").click()
    expect(hers.get_by_text("Slack is connected.")).to_be_visible()
    person = {"is_email_confirmed": True, "profile": {"email": "bob@example.com"}}
    heard.answer = json.dumps({"ok": True, "user": person}).encode()
    event = {"type": "link_shared", "channel": "C", "user": "U", "message_ts": "1.0", "links": [{"url": post.url}]}
    body, now = json.dumps({"event_id": "E", "event": event}).encode(), str(int(time.time()))
    signed = hmac.new(b"8f742231b10e8888abcd99", f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Host": urlsplit(post.url).netloc,
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={signed}",
    }
    assert Client().post("/slack/events", body, content_type="application/json", headers=headers).status_code == 200
    Unfurl.objects.get().make()
    assert "Soup" in heard.requests[-1].body.decode()
    hers.reload()
    expect(hers.get_by_role("region", name="The latest links").get_by_role("cell")).to_contain_text(["", "1", "1", ""])

    # What they did stands in the timeline, also what was quiet, on his page and in the team's figures
    hers.goto(live_site.url("/activity", team="docs"))
    expect(hers.locator(".feed")).to_contain_text("Bob commented")
    expect(hers.locator(".feed")).to_contain_text("Alice began a post")
    expect(hers.get_by_role("complementary").get_by_role("link", name="Soup").first).to_be_visible()
    hers.goto(live_site.url("/members/bob", team="docs"))
    expect(hers.get_by_role("img", name="Comments: 4")).to_be_visible()
    hers.goto(live_site.url("/stats", team="docs"))
    for plot in ("Posts shipped: 4", "Comments: 4", "Stars: 0"):
        expect(hers.get_by_role("img", name=plot)).to_be_visible()
    expect(hers.locator(".facts")).to_contain_text("Active today2")

"""Two people, one of whom does something: what the other sees, hears, gets by mail, and what programs are told."""

import hashlib
import hmac
import json
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
from posts.models import Comment, Post, Star, Unfurl
from posts.models.post import Draft
from posts.tests.telling import deliver, relay, send_mail
from teams.models import Group, Notification, slack
from teams.models.notification import send_daily_digests, send_weekly_digests


@pytest.fixture
def people(new_page, sign_in_browser, alice, bob, transactional_db):
    return sign_in_browser(new_page(), alice), sign_in_browser(new_page(), bob)


def look(page):
    """Come back to the window: pages ask at once then."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def bell(page):
    return page.locator(".bell .count--unread")


@pytest.fixture
def open_mail(live_site):
    """As a mail program shows it, with its own button for what RFC 8058 promises."""
    address = live_site.url("/", team="mail")  # no site of its own: that would be one more process of the browser

    def open_mail(page, message):
        link, html = message["List-Unsubscribe"].strip("<>"), message.get_body(("html",)).get_content()
        once = '<input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button>'
        shown = f'<form method="post" action="{link}">{once}</form>{html}'
        page.route(address, lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=shown))
        page.goto(address)

    return open_mail


def test_two_people_see_each_other_at_a_post(people, live_site, alice, bob):
    Post.write(by=alice, name="Soup", body_md="A long passage about salt.", wip=False)
    his, hers = people[1], people[0]
    address = live_site.url("/posts/1", team="docs")
    for page in people:
        page.goto(address)
        awake(page)
    expect(his.locator(".live__here")).to_have_text("Alice is here")

    # Bob writes, with a name that is offered; Alice sees it without reloading
    box = his.get_by_label("Comment", exact=True)
    box.press_sequentially("More salt, @al")
    expect(his.get_by_role("option")).to_have_text("@aliceAlice")
    box.press("Enter")
    expect(box).to_have_value("More salt, @alice ")
    his.get_by_role("button", name="Preview").click()
    expect(his.locator("#comment-preview")).to_contain_text("More salt")
    his.get_by_role("button", name="Write", exact=True).click()
    his.get_by_role("button", name="Comment", exact=True).click()
    expect(his.locator("#comments-list .comment")).to_have_count(1)
    expect(his.get_by_label("Comment", exact=True)).to_have_value("")
    look(hers)
    expect(hers.locator("#comments-list .comment")).to_contain_text("More salt")
    expect(hers.locator("#comments-count")).to_have_text("1")

    # The bell rings elsewhere, and the inbox leads to the comment
    hers.goto(live_site.url("/tags", team="docs"))
    awake(hers)
    relay()
    look(hers)
    expect(hers.locator(".bell .count--unread")).to_have_text("1")
    hers.locator(".bell").click()
    hers.get_by_role("link", name="Bob mentioned you").click()
    hers.wait_for_url(f"**/posts/1#comment-{Comment.objects.get().pk}")
    awake(hers)
    expect(hers.locator(".bell .count--unread")).to_be_hidden()

    # She stars it, by keyboard; he changes it, and then takes it back: her page shows all of it as it stands
    hers.get_by_role("button", name="Star this comment").press("Enter")
    expect(hers.locator(".comment .star")).to_contain_text("1")
    expect(hers.locator(".comment .star")).to_be_focused()
    expect(hers.get_by_role("group", name="Starred by").get_by_role("link")).to_have_text("Alice")
    his.locator(".comment").get_by_role("link", name="Edit").click()
    his.get_by_label("Comment", exact=True).fill("Less salt, @alice")
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

    # Alice stars a passage; Bob is told that the post has changed
    hers.evaluate("getSelection().selectAllChildren(document.querySelector('#body p'))")
    hers.get_by_role("button", name="Star this passage").click()
    expect(hers.locator(".note")).to_contain_text("A long passage about salt.")
    assert Star.objects.get().body == "A long passage about salt."
    Post.objects.get().revise(Draft(body_md="A short one."), by=alice)
    look(his)
    expect(his.locator(".live__changed")).to_contain_text("Alice updated this post.")
    his.get_by_role("link", name="Show", exact=True).click()
    expect(his.locator("#body")).to_have_text("A short one.")
    expect(his.locator(".live__changed")).to_be_hidden()
    expect(his.get_by_role("group", name="Starred by")).to_contain_text("Alice")
    expect(his.locator(".note")).to_contain_text("A long passage about salt.")

    # Alice watches a category; a group that she is in is named there, and a card tells her what the link is about
    Group.define("cooks", by=bob, members=[alice])
    Post.write(by=bob, name="Plan", category="kitchen")
    hers.goto(live_site.url("/categories/kitchen", team="docs"))
    awake(hers)
    hers.get_by_role("button", name="Watch", exact=True).click()
    expect(hers.get_by_role("button", name="Watching")).to_be_visible()
    Post.write(by=bob, name="Stock", category="kitchen", body_md="@cooks, see #1", wip=False)
    relay()
    look(hers)
    expect(hers.locator(".bell .count--unread")).to_have_text("1")
    hers.goto(live_site.url("/posts/3", team="docs"))
    awake(hers)
    hers.locator("#body").get_by_role("link", name="Soup").hover()
    expect(hers.locator(".glimpse")).to_contain_text("A short one.")


@pytest.fixture
def sink(settings):
    with mail_server(settings) as server:
        yield server


def test_what_one_does_comes_to_the_other_by_inbox_and_mail(people, live_site, alice, bob, sink, open_mail):
    hers, his = people
    soup = Post.write(by=alice, name="Soup", body_md="Water and salt.")
    bread = Post.write(by=alice, name="Bread", wip=False)

    # Bob watches what a search finds; Alice ships it
    his.goto(live_site.url("/searches?q=title:Soup", team="docs"))
    his.get_by_label("Name").fill("Soups")
    his.get_by_role("button", name="Save").click()
    his.goto(live_site.url("/searches", team="docs"))
    his.get_by_role("button", name="Watch", exact=True).click()
    expect(his.get_by_role("button", name="Watching")).to_be_visible()
    hers.goto(live_site.url("/posts/1", team="docs"))
    hers.get_by_role("button", name="Ship It!").click()
    expect(hers.locator(".wip-banner")).to_have_count(0)
    relay()
    look(awake(his))
    expect(bell(his)).to_have_text("1")
    his.locator(".bell").click()
    his.get_by_role("link", name="Alice shipped a post").click()

    # He stars it and comments; her inbox gathers by post, filters, and is read one by one or at once
    awake(his).locator(".post__actions .star").click()
    his.get_by_label("Comment", exact=True).fill("More salt")
    his.get_by_role("button", name="Comment", exact=True).click()
    expect(his.locator("#comments-list .comment")).to_have_count(1)
    bread.comment(by=bob, body_md="And flour")
    relay()
    send_mail()
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
    hers.get_by_role("link", name="Bread").click()
    hers.wait_for_url(f"**/posts/2#comment-{Comment.objects.get(post=bread).pk}")
    hers.go_back()
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
    with his.expect_response("**/live?*"):
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
    hers.get_by_role("link", name="Soup").click()
    expect(hers.locator("#body")).to_have_text("Water and salt.")


@pytest.fixture
def heard(settings, monkeypatch):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as server:
        monkeypatch.setattr(slack, "API", f"{server.url}/api")
        yield server


def test_what_one_does_reaches_programs_chats_and_figures(people, live_site, alice, bob, heard):
    hers, his = people
    post = Post.write(by=alice, name="Soup", wip=False)

    # Alice makes a webhook; Bob comments; she sees what was sent and answered, and sends it again
    hers.goto(live_site.url("/team/webhooks/new", team="docs"))
    hers.get_by_label("Name").fill("robot")
    hers.get_by_label("Address").fill(f"{heard.url}/hook")
    secret = hers.get_by_label("Secret").input_value()
    hers.get_by_role("button", name="Save").click()
    expect(hers.get_by_text("Nothing has been sent yet.")).to_be_visible()
    relay()
    deliver()
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
    hers.get_by_role("button", name="Send again").click()
    expect(hers.get_by_text("It is sent once more, under the same id.")).to_be_visible()
    deliver()
    again = heard.requests[-1]
    assert again is not told
    assert (again.body, again.headers) == (told.body, told.headers)

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

    # What he did stands in the timeline, on his page and in the team's figures
    hers.goto(live_site.url("/activity", team="docs"))
    expect(hers.locator(".feed")).to_contain_text("Bob commented")
    expect(hers.get_by_role("complementary").get_by_role("link", name="Soup")).to_be_visible()
    hers.goto(live_site.url("/members/bob", team="docs"))
    expect(hers.get_by_role("img", name="Comments: 1")).to_be_visible()
    hers.goto(live_site.url("/stats", team="docs"))
    for plot in ("Posts shipped: 1", "Comments: 1", "Stars: 0"):
        expect(hers.get_by_role("img", name=plot)).to_be_visible()
    expect(hers.locator(".facts")).to_contain_text("Active today2")


def test_a_comment_that_was_not_sent_is_back_after_a_crash_of_the_tab(people, live_site, alice):
    Post.write(by=alice, name="Soup", wip=False)
    page, his = people
    his.route("**/live?*", lambda route: route.abort())  # without it, everything but what comes by itself works
    his.goto(live_site.url("/posts/1", team="docs"))
    page.goto(live_site.url("/posts/1", team="docs"))
    awake(page).get_by_label("Comment", exact=True).press_sequentially("half a thought")
    page.locator("form[data-kept]").wait_for()
    page.goto(live_site.url("/tags", team="docs"))
    page.goto(live_site.url("/posts/1", team="docs"))
    expect(page.get_by_label("Comment", exact=True)).to_have_value("half a thought")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#comments-list .comment")).to_have_count(1)
    page.reload()
    expect(page.locator("#comments-list .comment")).to_have_count(1)
    expect(page.get_by_label("Comment", exact=True)).to_have_value("")
    his.get_by_label("Comment", exact=True).fill("the other half")
    his.get_by_role("button", name="Comment", exact=True).click()
    expect(his.locator("#comments-list .comment .markdown")).to_have_text(["half a thought", "the other half"])
    look(awake(page))
    expect(page.locator("#comments-list .comment")).to_have_count(2)


def test_the_editor_says_which_links_lead_nowhere_and_who_else_writes(people, live_site, alice, bob):
    Post.write(by=alice, name="Soup", body_md="#2 #77", wip=False)
    Post.write(by=bob, name="Salt", body_md="#1", wip=False)
    hers, his = people

    # A post says what leads to it, until Bob takes that away
    hers.goto(live_site.url("/posts/1", team="docs"))
    expect(hers.get_by_role("region", name="Linked from")).to_contain_text("Salt")
    his.goto(live_site.url("/posts/2/delete", team="docs"))
    his.get_by_role("button", name="Move to the bin").click()
    expect(his).to_have_url(live_site.url("/bin", team="docs"))
    hers.reload()
    expect(hers.get_by_role("region", name="Linked from")).to_have_count(0)

    # Then it is a link of hers that leads nowhere
    for page in people:
        page.goto(live_site.url("/posts/1/edit", team="docs"))
    expect(hers.locator('[data-part="counts"]')).to_contain_text("No such post: #2, #77")
    expect(his.locator(".live__here")).to_have_text("Alice is editing")
    look(hers)
    expect(hers.locator(".live__here")).to_have_text("Bob is editing")

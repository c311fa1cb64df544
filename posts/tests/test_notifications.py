"""Who is told of what, once, and where: the inbox, mail at once, digests."""

from datetime import timedelta

import pytest
from django.utils import timezone

from esa.tests.mail_server import mail_server
from posts.models import Post
from posts.models.post import Draft
from posts.models.watch import PlaceWatch
from posts.tests.telling import relay, send_mail
from posts.tests.views.counting import queries_of
from teams.models import Event, Mailing, Notification, Preference, event
from teams.models.notification import Email, Kind, send_daily_digests, send_weekly_digests, unsubscribe_url


def told(member):
    return [(n.kind, n.event.action) for n in Notification.objects.filter(member=member).order_by("pk")]


def text_of(answer):
    return answer.content.decode()


# --- Who hears --------------------------------------------------------------------------------------------------------


def test_watchers_hear_of_comments_and_nobody_of_their_own(alice, bob):
    post = Post.write(by=alice, name="x", wip=False)
    post.comment(by=bob, body_md="Well done")
    relay()
    assert told(alice) == [("comment", "comment_create")]
    post.comment(by=alice, body_md="Thanks")
    relay()
    assert told(alice) == [("comment", "comment_create")]
    assert told(bob) == [("comment", "comment_create")]


def test_wip_and_skip_notice_are_told_to_nobody(alice, bob):
    post = Post.write(by=alice, name="x", body_md="@bob")
    post.revise(Draft(body_md="@bob!", wip=False, message="typo [skip notice]"), by=alice)
    relay()
    assert told(bob) == []


def test_a_mention_in_a_draft_is_told_when_it_is_shipped_and_only_once(alice, bob):
    post = Post.write(by=alice, name="x", body_md="@bob look")
    relay()
    post.ship(by=alice)
    relay()
    post.revise(Draft(body_md="@bob look again"), by=alice)
    relay()
    assert told(bob) == [("mention", "post_update"), ("post", "post_update")]


def test_who_muted_a_post_hears_nothing_of_it_not_even_a_mention(alice, bob):
    post = Post.write(by=alice, name="x", wip=False)
    post.unwatch(by=bob)
    post.comment(by=alice, body_md="@bob hello")
    relay()
    assert told(bob) == []


def test_who_left_hears_nothing(alice, bob):
    post = Post.write(by=bob, name="x", wip=False)
    relay()
    post.comment(by=alice, body_md="hi @bob")
    bob.leave(by=bob)
    relay()
    assert told(bob) == []


def test_a_star_is_told_to_whoever_wrote_it(alice, bob):
    post = Post.write(by=alice, name="x", wip=False)
    post.star(by=bob, body="this passage")
    comment = post.comment(by=bob, body_md="hm")
    comment.star(by=alice)
    relay()
    assert ("star", "post_star") in told(alice)
    assert told(bob)[-1] == ("star", "comment_star")
    star = Notification.objects.get(member=alice, kind="star")
    assert star.excerpt == "this passage"


def test_a_watched_category_and_a_saved_search_tell_what_is_shipped_there(alice, bob):
    from posts.models import SavedSearch

    PlaceWatch.put(bob, category="dev")
    Post.write(by=alice, name="in", category="dev/api", wip=False)
    Post.write(by=alice, name="out", category="dev-secret", wip=False)
    relay()
    assert told(bob) == [("new", "post_create")]
    search = SavedSearch.keep(by=bob, name="stars", query="title:Rocket")
    PlaceWatch.put(bob, search=search)
    draft = Post.write(by=alice, name="Rocket science")
    relay()
    assert len(told(bob)) == 1
    draft.ship(by=alice)
    relay()
    assert told(bob) == [("new", "post_create"), ("new", "post_update")]


# --- The readers of the log -------------------------------------------------------------------------------------------


def test_relaying_twice_tells_once(alice, bob):
    post = Post.write(by=alice, name="x", wip=False)
    post.comment(by=bob, body_md="one")
    for _twice in range(2):
        for each in Event.objects.all():
            each.relay()
    Event.objects.update(relayed_at=None, retry_at=None, read_by=[])
    relay()
    assert told(alice) == [("comment", "comment_create")]


def test_a_failing_reader_neither_blocks_nor_repeats_the_others(alice, bob, monkeypatch):
    read: list[str] = []

    def fail(each):
        Notification.objects.create(member=bob, event=each, kind="star", about=each.subject)
        raise RuntimeError("no luck")

    readers = {"one": lambda each: read.append("one"), "bad": fail, "two": lambda each: read.append("two")}
    monkeypatch.setattr(event, "readers", lambda: readers)
    Post.write(by=alice, name="x", wip=False)
    (waiting,) = Event.objects.all()
    waiting.relay()
    waiting.refresh_from_db()
    assert read == ["one", "two"]
    assert (waiting.read_by, waiting.attempts, waiting.relayed_at) == (["one", "two"], 1, None)
    assert "bad: RuntimeError: no luck" in waiting.problem
    assert not Notification.objects.exists()
    waiting.relay()  # its pause is not over
    assert Event.objects.get().attempts == 1

    readers["bad"] = lambda each: read.append("bad")
    Event.objects.update(retry_at=None)
    waiting.relay()
    assert read == ["one", "two", "bad"]
    assert Event.objects.get().relayed_at


def test_what_fails_for_a_day_is_set_aside_with_its_error_and_can_be_taken_up_again(alice, monkeypatch):
    readers = {"bad": lambda each: 1 / 0}
    monkeypatch.setattr(event, "readers", lambda: readers)
    Post.write(by=alice, name="x", wip=False)
    Event.objects.update(attempts=event.MOST_ATTEMPTS - 1)
    event.relay_waiting_events()
    (aside,) = Event.objects.set_aside()
    assert "ZeroDivisionError" in aside.problem
    assert not Event.objects.waiting().exists()
    readers["bad"] = lambda each: None
    aside.retry()
    event.relay_waiting_events()
    assert Event.objects.get().relayed_at


# --- The inbox --------------------------------------------------------------------------------------------------------


@pytest.fixture
def commented(alice, bob):
    post = Post.write(by=alice, name="Soup", category="kitchen", wip=False)
    post.comment(by=bob, body_md="More `salt <3` &\n**pepper** :tada:")
    relay()
    return post


def test_the_bell_counts_and_opening_the_post_reads(alice, commented, sign_in):
    client = sign_in(alice)
    assert 'count--unread">1<' in text_of(client.get("/"))
    inbox = text_of(client.get("/notifications"))
    assert "kitchen/Soup" in inbox
    assert "Bob commented" in inbox
    assert "More salt &lt;3 &amp;\npepper 🎉<" in inbox
    assert 'count--unread" hidden>0<' in text_of(client.get("/posts/1"))
    assert "feed__item--unread" not in text_of(client.get("/notifications"))
    assert "Nothing here" in text_of(client.get("/notifications?show=unread"))


def test_entries_are_read_and_unread_again_one_by_one_and_all_at_once(alice, commented, sign_in):
    client = sign_in(alice)
    (entry,) = Notification.objects.filter(member=alice)
    assert client.post(f"/notifications/{entry.pk}/reading")["Location"] == "/notifications"
    assert Notification.objects.get(pk=entry.pk).read
    client.post(f"/notifications/{entry.pk}/reading/delete", {"show": "comment"})
    assert not Notification.objects.get(pk=entry.pk).read
    client.post("/notifications/reading")
    assert Notification.objects.get(pk=entry.pk).read


def test_an_outsider_reaches_nobodys_inbox(alice, bob, carol, commented, sign_in):
    entry = Notification.objects.filter(member=alice).get()
    for client, expected in ((sign_in(carol, alice.team), 404),):
        for path in ("/notifications", "/activity", "/stats"):
            assert client.get(path).status_code == expected
        assert client.post(f"/notifications/{entry.pk}/reading").status_code == expected
        assert client.post("/notifications/reading").status_code == expected
    assert sign_in(bob).post(f"/notifications/{entry.pk}/reading").status_code == 404
    assert sign_in(bob).post(f"/notifications/{entry.pk}/reading/delete").status_code == 404
    assert not Notification.objects.get(pk=entry.pk).read
    assert sign_in(None, alice.team).get("/activity").status_code == 302


def test_lists_take_as_many_queries_for_many_rows_as_for_one(alice, bob, commented, sign_in):
    commented.star(by=bob)
    relay()
    client = sign_in(alice)
    paths = ["/notifications", "/activity"]
    few = [queries_of(client, path) for path in paths]
    for number in range(6):
        post = Post.write(by=alice, name=f"n{number}", wip=False)
        post.comment(by=bob, body_md="so")
        post.star(by=bob)
    relay()
    assert [queries_of(client, path) for path in paths] == few


def test_the_timeline_and_the_figures_show_what_happened(alice, bob, commented, sign_in):
    commented.star(by=bob)
    client = sign_in(bob)
    timeline = text_of(client.get("/activity"))
    assert "Bob commented" in timeline
    assert "kitchen/Soup" in timeline
    assert "Talked about this week" in timeline
    assert "Bob commented" not in text_of(client.get("/activity?show=posts"))
    figures = text_of(client.get("/stats"))
    assert "Active people" in figures
    assert "<rect" in figures
    assert client.get("/stats?days=365").status_code == 200


# --- Mail -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sink(settings):
    with mail_server(settings) as server:
        yield server


def test_a_comment_comes_by_mail_in_a_thread_with_one_click_to_end_it(alice, bob, commented, sink, client, settings):
    commented.comment(by=bob, body_md="And thyme")
    relay()
    send_mail()
    send_mail()
    assert [to for to, _message in sink.messages] == [["alice@example.com"]] * 2
    first, second = (message for _to, message in sink.messages)
    assert first["Subject"] == "[docs] kitchen/Soup"
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first["Auto-Submitted"] == "auto-generated"
    plain = first.get_body(("plain",)).get_content()
    assert "Bob commented: kitchen/Soup" in plain
    assert "#comment-" in plain
    html = first.get_body(("html",)).get_content()
    assert "<p>More <code>salt &lt;3</code> &amp;<br>\n<strong>pepper</strong> 🎉</p>" in html.replace("\r\n", "\n")

    assert first["List-Unsubscribe"].startswith("<http")  # not folded
    link = first["List-Unsubscribe"].strip("<>")
    path = "/" + link.split("/", 3)[3]
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    assert client.get(path).status_code == 200  # asking ends nothing
    assert Preference.of([alice.user])[alice.user.pk][Kind.COMMENT] == (True, Email.NOW)
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Preference.of([alice.user])[alice.user.pk][Kind.COMMENT] == (True, Email.NONE)
    assert client.post(path[:-3] + "xyz").status_code == 404
    commented.comment(by=bob, body_md="Still there?")
    relay()
    send_mail()
    assert len(sink.messages) == 2
    assert Notification.objects.filter(member=alice).count() == 3


def test_a_mail_speaks_the_persons_language_and_keeps_to_its_message_id(alice, bob, sink, monkeypatch):
    alice.user.language = "ja"
    alice.user.save()
    seen: list[str] = []
    render = Mailing.write.__func__

    def write(cls, to, **given):
        from django.utils import translation

        seen.append(translation.get_language())
        return render(cls, to, **given)

    monkeypatch.setattr(Mailing, "write", classmethod(write))
    post = Post.write(by=alice, name="x", wip=False)
    post.comment(by=bob, body_md="hm")
    relay()
    (mailing,) = Mailing.objects.all()
    assert 'lang="ja"' in mailing.html
    # Whoever claimed it died: after a while it is sent again, under the same id.
    first_id = mailing.message_id
    Mailing.objects.update(claimed_at=timezone.now())
    send_mail()
    assert sink.messages == []
    Mailing.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    send_mail()
    assert [message["Message-ID"] for _to, message in sink.messages] == [first_id]
    send_mail()
    assert len(sink.messages) == 1


def test_a_dead_mail_server_puts_mail_off_and_loses_none(alice, bob, commented, settings, sink):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    send_mail()
    (mailing,) = Mailing.objects.all()
    assert mailing.problem
    assert mailing.retry_at > timezone.now()
    settings.EMAIL_PORT = port
    Mailing.objects.update(retry_at=None)
    send_mail()
    assert len(sink.messages) == 1
    assert Mailing.objects.get().text == ""


def test_who_left_gets_no_mail_that_was_still_waiting(alice, bob, sink):
    post = Post.write(by=bob, name="x", wip=False)
    post.comment(by=alice, body_md="for bob")
    relay()
    bob.leave(by=alice)
    send_mail()
    assert [to for to, _message in sink.messages if to == ["bob@example.com"]] == []
    assert Mailing.objects.get(member=bob).given_up_at


def test_the_daily_digest_gathers_changes_once_a_day_in_the_persons_morning(alice, bob, sink):
    import time_machine as machine

    post = Post.write(by=alice, name="Plan", wip=False)
    post.watch(by=bob)
    post.revise(Draft(body_md="changed", message="new numbers"), by=alice)
    bob.user.time_zone = "America/New_York"
    bob.user.save()
    relay()
    with machine.travel("2026-11-24T12:30:00Z", tick=False):  # half past seven there
        send_daily_digests()
        assert not Mailing.objects.exists()
    with machine.travel("2026-11-24T13:02:00Z", tick=False):
        send_daily_digests()
        send_daily_digests()
    send_mail()
    ((to, message),) = sink.messages
    assert to == ["bob@example.com"]
    assert message["Subject"] == "Today in docs"
    assert "new numbers" in message.get_body(("plain",)).get_content()
    post.revise(Draft(body_md="changed again"), by=alice)
    relay()
    with machine.travel("2026-11-24T20:00:00Z", tick=False):
        send_daily_digests()
    assert Mailing.objects.count() == 1
    with machine.travel("2026-11-25T13:02:00Z", tick=False):
        send_daily_digests()
    assert Mailing.objects.count() == 2


def test_mondays_mail_tells_what_happened_once(alice, bob, sink):
    import time_machine as machine

    with machine.travel("2026-11-20T03:00:00Z", tick=False):
        post = Post.write(by=alice, name="Hot soup", wip=False)
        post.comment(by=bob, body_md="hm")
    with machine.travel("2026-11-23T00:07:00Z", tick=False):  # Monday, nine in the morning in Tokyo
        send_weekly_digests()
        send_weekly_digests()
        send_mail()
    assert sorted(to[0] for to, _message in sink.messages) == ["alice@example.com", "bob@example.com"]
    words = sink.messages[0][1].get_body(("plain",)).get_content()
    assert "Hot soup" in words
    assert "1 post shipped" in words
    with machine.travel("2026-11-24T00:07:00Z", tick=False):
        send_weekly_digests()
    assert Mailing.objects.count() == 2


# --- What one chooses -------------------------------------------------------------------------------------------------


def test_preferences_are_kept_and_obeyed(alice, bob, commented, sign_in, settings):
    client = sign_in(alice)
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    chosen = {f"{kind}_email": "none" for kind in Kind} | {"mention_in_app": "on"}
    assert client.post("/user/notifications", chosen).status_code == 302
    commented.comment(by=bob, body_md="quiet")
    commented.comment(by=bob, body_md="loud @alice")
    relay()
    assert told(alice)[1:] == [("mention", "comment_create")]
    assert client.post("/user/notifications", {"mention_email": "often"}).status_code == 422
    assert 'name="mention_in_app"' in text_of(client.get("/user/notifications"))


def test_the_link_that_ends_mails_is_of_one_person_and_one_kind(alice, bob, client, settings):
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    path = "/" + unsubscribe_url(alice.user, "daily").split("/", 3)[3]
    client.post(path)
    holds = Preference.of([alice.user, bob.user])
    assert Email.DAILY not in {mail for _shown, mail in holds[alice.user.pk].values()}
    assert holds[alice.user.pk][Kind.MENTION] == (True, Email.NOW)
    assert holds[bob.user.pk][Kind.POST] == (True, Email.DAILY)

"""Inviting people, and coming in."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from teams.models import Event, Invitation, Mailing, Member, User
from teams.models.event import relay_waiting_events
from teams.models.mailing import CLAIM, send_waiting_mailings


@pytest.fixture
def invitation(docs, alice) -> Invitation:
    found: Invitation = docs.invite(["carol@example.com"], by=alice).invitations[0]
    return found


def work():
    """What the worker does: read the log, empty the outbox of mail."""
    relay_waiting_events()
    send_waiting_mailings()


def path(invitation):
    return f"/team/invitations/{invitation.code}/join"


def test_an_owner_invites_and_each_address_gets_its_own_link(sign_in, docs, alice):
    sign_in(alice).post("/team/invitations", {"emails": "Ann <ann@example.com>, BEN@example.com\nann@example.com"})
    assert sorted(docs.invitations.values_list("email", flat=True)) == ["ann@example.com", "ben@example.com"]
    work()
    sent = {message.to[0]: message.body for message in mail.outbox}
    for invitation in docs.invitations.all():
        assert invitation.url in sent[invitation.email]


def test_the_mail_speaks_as_the_one_who_invites(docs, alice):
    alice.user.language = "ja"
    alice.user.save()
    docs.invite(["ann@example.com"], by=alice)
    work()
    assert "docs" in mail.outbox[0].subject
    assert "Alice" in mail.outbox[0].body


def test_mail_goes_out_once_however_often_the_event_is_read(docs, alice, invitation):
    work()
    Event.objects.update(relayed_at=None)
    work()
    assert len(mail.outbox) == 1


def test_mail_that_cannot_go_out_waits_and_holds_up_nothing_else(docs, alice, invitation, settings):
    good = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    later = alice.record("role", by=alice)
    work()
    assert Event.objects.get(pk=later.pk).relayed_at
    settings.EMAIL_BACKEND = good
    work()
    assert mail.outbox == []  # it pauses first
    Mailing.objects.update(retry_at=None)
    work()
    assert len(mail.outbox) == 1
    invitation.refresh_from_db()
    assert invitation.sent_at


def test_a_worker_that_dies_loses_no_mail_and_doubles_none(docs, alice, invitation):
    relay_waiting_events()
    (waiting,) = Mailing.objects.all()
    Mailing.objects.update(claimed_at=timezone.now(), attempts=1)  # taken, and then killed
    send_waiting_mailings()
    assert mail.outbox == []
    Mailing.objects.update(claimed_at=timezone.now() - CLAIM * 2)
    send_waiting_mailings()
    Event.objects.update(relayed_at=None, read_by=[])
    work()
    (sent,) = mail.outbox
    assert sent.extra_headers["Message-ID"] == waiting.message_id
    assert invitation.code not in waiting.message_id
    assert sent.to == ["carol@example.com"]
    assert invitation.url in sent.alternatives[0][0]
    assert Mailing.objects.get().text == ""


@pytest.mark.parametrize("end", ["cancelled", "renewed", "the host left", "accepted"])
def test_mail_of_an_invitation_that_ended_while_it_waited_is_not_sent(docs, alice, bob, carol, end):
    bob.change_role("owner", by=alice)
    invitation = docs.invite(["carol@example.com"], by=bob).invitations[0]
    relay_waiting_events()
    if end == "cancelled":
        invitation.delete()
    elif end == "renewed":
        docs.invite(["carol@example.com"], by=alice)
    elif end == "the host left":
        bob.leave(by=bob)
    else:
        invitation.accept(by=carol.user)
    work()
    assert [invitation.code in message.body for message in mail.outbox] == ([False] if end == "renewed" else [])
    assert not Mailing.objects.waiting().exists()


@pytest.mark.parametrize(
    "emails",
    ["", "not an address", "a@b", "x" * 300 + "@example.com", ",".join(f"p{n}@example.com" for n in range(101))],
)
def test_a_wrong_list_sends_nothing_and_keeps_what_was_typed(sign_in, docs, alice, emails):
    answer = sign_in(alice).post("/team/invitations", {"emails": emails})
    assert answer.status_code == 422
    assert answer.context["form"]["emails"].value() == emails
    assert not docs.invitations.exists()


def test_who_is_in_already_is_not_invited(sign_in, docs, alice, bob):
    answer = sign_in(alice).post("/team/invitations", {"emails": "bob@example.com"}, follow=True)
    assert "Already in the team: bob@example.com" in answer.content.decode()
    assert not docs.invitations.exists()


def test_inviting_again_gives_a_new_link_and_the_old_one_is_dead(sign_in, docs, alice, carol, invitation):
    docs.invite(["carol@example.com"], by=alice)
    assert docs.invitations.count() == 1
    assert sign_in(carol, docs).get(path(invitation)).status_code == 404


def test_whoever_holds_the_link_comes_in_once(sign_in, docs, carol, invitation):
    client = sign_in(carol, docs)
    assert client.get("/members").status_code == 404
    assert "Join docs" in client.get(path(invitation)).content.decode()
    assert not docs.members.filter(user=carol.user).exists()
    assert client.post(path(invitation), {"role": "owner", "team": "elsewhere"})["Location"] == "/"
    assert docs.members.get(user=carol.user).role == "member"
    assert client.get("/members").status_code == 200
    second = Client(HTTP_HOST="docs.esa.localhost")
    second.force_login(
        User.objects.create_user("dan@example.com", "x", screen_name="dan", name="Dan"),
    )
    assert second.get(path(invitation)).status_code == 404
    assert second.post(path(invitation)).status_code == 404


def test_a_link_used_up_between_page_and_button_says_so(docs, alice, carol, invitation):
    stale = Invitation.objects.get(pk=invitation.pk)
    invitation.accept(by=carol.user)
    dan = User.objects.create_user("dan@example.com", "x", screen_name="dan", name="Dan")
    with pytest.raises(Exception, match="no longer valid"):
        stale.accept(by=dan)
    assert not docs.members.filter(user=dan).exists()


def test_a_member_who_follows_a_link_does_not_use_it_up(sign_in, docs, bob, invitation):
    assert sign_in(bob).post(path(invitation))["Location"] == "/"
    assert Invitation.objects.pending().filter(pk=invitation.pk).exists()


def test_an_old_link_is_dead(sign_in, docs, carol, invitation):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sign_in(carol, docs).get(path(invitation)).status_code == 404
    assert sign_in(carol, docs).post(path(invitation)).status_code == 404


def test_a_link_opens_only_its_own_team(sign_in, docs, bob, carol, invitation):
    answer = sign_in(bob, carol.team).post(path(invitation))
    assert answer.status_code == 404
    assert not carol.team.members.filter(user=bob.user).exists()


def test_the_shared_link_lets_people_in_until_it_changes(sign_in, docs, alice, carol):
    shared = f"/team/invitations/{docs.invitation_code}"
    sign_in(alice).post("/team/invitations/regeneration")
    docs.refresh_from_db()
    client = sign_in(carol, docs)
    assert client.post(shared).status_code == 404
    assert client.post(f"/team/invitations/{docs.invitation_code}").status_code == 302
    assert Member.objects.get(team=docs, user=carol.user).role == "member"


def test_a_wrong_link_tells_nothing_about_the_team(sign_in, docs, alice):
    codes = [f"/team/invitations/member-{'0' * 32}", f"/team/invitations/m{'0' * 32}/join"]
    for code in codes:
        for host in ["docs", "nosuch"]:
            assert sign_in(None).get(code, HTTP_HOST=f"{host}.esa.localhost").status_code == 404


def test_an_owner_cancels_an_invitation(sign_in, docs, alice, carol, invitation):
    sign_in(alice).post(f"/team/invitations/{invitation.code}/delete")
    assert not docs.invitations.exists()


def test_an_owner_of_another_team_cancels_nothing(sign_in, docs, carol, invitation):
    assert sign_in(carol).post(f"/team/invitations/{invitation.code}/delete").status_code == 404
    assert docs.invitations.exists()


def test_the_list_takes_as_many_queries_for_thirty_as_for_one(
    sign_in, docs, alice, invitation, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(alice)
    client.get("/team/invitations")
    with django_assert_max_num_queries(8) as few:
        client.get("/team/invitations")
    docs.invite([f"p{n}@example.com" for n in range(30)], by=alice)
    with django_assert_num_queries(len(few)):
        client.get("/team/invitations")


def test_from_nothing_to_a_team_of_two(db, settings):
    """Sign up, confirm, make a team, invite; and the other one comes by the link, signs up and is in."""
    ann, ben = Client(HTTP_HOST="esa.localhost"), Client(HTTP_HOST="esa.localhost")
    person = {"name": "Ann", "screen_name": "ann", "email": "ann@example.com", "password1": "a long enough phrase"}
    ann.post("/accounts/signup/", person)
    confirmation = next(word for word in mail.outbox[0].body.split() if "confirm-email" in word)
    ann.post(confirmation)
    made = ann.post("/teams/new", {"name": "Kitchen", "description": "Food", "privacy": "closed", "role": "member"})
    assert made["Location"] == "http://kitchen.esa.localhost/"
    ann.post("/team/invitations", {"emails": "ben@example.com"}, HTTP_HOST="kitchen.esa.localhost")
    work()
    link = next(word for word in mail.outbox[-1].body.split() if word.endswith("/join"))

    door = ben.get(link, HTTP_HOST="kitchen.esa.localhost").content.decode()
    assert "Ann invites you to the team kitchen." in door
    assert ben.get("/members", HTTP_HOST="kitchen.esa.localhost").status_code == 302
    person |= {"name": "Ben", "screen_name": "ben", "email": "ben@example.com", "next": link}
    assert ben.post("/accounts/signup/", person)["Location"] == link
    ben.post(link, HTTP_HOST="kitchen.esa.localhost")
    page = ben.get("/members", HTTP_HOST="kitchen.esa.localhost").content.decode()
    assert "@ann" in page
    assert "@ben" in page

"""Who is in the team, who may change it, and how fast somebody is out."""

import pytest
from django.core.exceptions import ValidationError

from conftest import join
from teams.models import Member

PATHS = [
    "/members",
    "/members/bob",
    "/members/bob/delete",
    "/team/membership/delete",
    "/team/invitations",
    "/team/settings",
]
OWNERS_ONLY = ["/members/alice/delete", "/team/invitations", "/team/settings"]
POSTS = [
    ("/members/bob/role", {"role": "owner"}),
    ("/members/bob/delete", {}),
    ("/team/membership/delete", {}),
    ("/team/invitations", {"emails": "x@example.com"}),
    ("/team/invitations/regeneration", {}),
    ("/team/settings", {"description": "taken"}),
    ("/team/settings/privacy", {"privacy": "open", "understood": "on"}),
    ("/team/delete", {"confirmation": "docs"}),
]


@pytest.mark.parametrize("path", PATHS)
def test_an_outsider_sees_nothing(sign_in, docs, bob, carol, path):
    assert sign_in(carol, docs).get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("privacy", ["open", "closed"])
def test_a_stranger_is_asked_to_sign_in_also_where_the_team_is_open(sign_in, docs, bob, path, privacy):
    docs.privacy = privacy
    docs.save()
    assert sign_in(None, docs).get(path).status_code == 302


@pytest.mark.parametrize(("path", "entered"), POSTS)
def test_an_outsider_changes_nothing(sign_in, docs, bob, carol, path, entered):
    assert sign_in(carol, docs).post(path, entered).status_code == 404
    docs.refresh_from_db()
    assert (docs.name, docs.privacy, docs.description) == ("docs", "closed", "")
    assert docs.members.active().count() == 2
    assert not docs.invitations.exists()


@pytest.mark.parametrize(("path", "entered"), [post for post in POSTS if post[0] != "/team/membership/delete"])
def test_a_member_without_the_role_gets_403_and_changes_nothing(sign_in, docs, bob, path, entered):
    assert sign_in(bob).post(path, entered).status_code == 403
    docs.refresh_from_db()
    assert (docs.name, docs.privacy, docs.description) == ("docs", "closed", "")
    assert docs.members.owners().count() == 1
    assert not docs.invitations.exists()


@pytest.mark.parametrize("path", OWNERS_ONLY)
def test_pages_of_owners_are_for_owners(sign_in, alice, bob, path):
    assert sign_in(bob).get(path).status_code == 403
    assert sign_in(alice).get(path).status_code in {200, 302}


def test_the_list_shows_who_is_here_and_nobody_else(sign_in, docs, alice, bob, carol):
    join(docs, "dora").leave(by=alice)
    page = sign_in(bob).get("/members").content.decode()
    assert "@alice" in page
    assert "@bob" in page
    for absent in ["dora", "carol", "esa_bot"]:
        assert f"@{absent}" not in page


@pytest.mark.parametrize(
    ("sort", "first"), [("posts", "alice"), ("joined", "bob"), ("last_accessed", "bob"), ("x", "alice")]
)
def test_the_list_is_sorted_as_asked(sign_in, alice, bob, sort, first):
    Member.objects.filter(pk=alice.pk).update(posts_count=5)
    page = sign_in(bob).get("/members", {"sort": sort}).context["page"]
    assert page[0].handle == first


def test_the_list_takes_as_many_queries_for_forty_as_for_two(
    sign_in, docs, alice, bob, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(alice)
    client.get("/members")
    with django_assert_max_num_queries(8) as few:
        client.get("/members")
    for number in range(40):
        join(docs, f"m{number}")
    with django_assert_num_queries(len(few)):
        client.get("/members")


def test_an_owner_makes_an_owner_and_back(sign_in, alice, bob):
    client = sign_in(alice)
    client.post("/members/bob/role", {"role": "owner"})
    assert Member.objects.get(pk=bob.pk).is_owner
    client.post("/members/bob/role", {"role": "member"})
    assert not Member.objects.get(pk=bob.pk).is_owner
    client.post("/members/bob/role", {"role": "emperor"})
    assert Member.objects.get(pk=bob.pk).role == "member"


@pytest.mark.parametrize(
    ("path", "entered"), [("/members/alice/role", {"role": "member"}), ("/team/membership/delete", {})]
)
def test_the_last_owner_stays(sign_in, docs, alice, bob, path, entered):
    answer = sign_in(alice).post(path, entered, follow=True)
    assert "A team needs an owner" in answer.content.decode()
    assert docs.members.owners().get() == alice


def test_a_locked_owner_does_not_count_as_one(docs, alice, bob):
    bob.change_role("owner", by=alice)
    bob.user.deactivate()
    with pytest.raises(ValidationError):
        alice.leave(by=alice)


def test_whoever_is_removed_is_out_with_the_next_request(sign_in, docs, alice, bob, client):
    page = sign_in(bob)
    assert page.get("/members").status_code == 200
    bob.leave(by=alice)
    assert page.get("/members").status_code == 404
    assert page.post("/team/membership/delete").status_code == 404


def test_what_somebody_gave_out_ends_with_them(docs, alice, bob):
    bob.change_role("owner", by=alice)
    docs.invite(["friend@example.com"], by=bob)
    known = docs.invitation_code
    bob.leave(by=alice)
    docs.refresh_from_db()
    assert not docs.invitations.exists()
    assert docs.invitation_code != known


def test_the_invitations_of_a_locked_account_let_nobody_in(docs, alice, bob):
    bob.change_role("owner", by=alice)
    docs.invite(["friend@example.com"], by=bob)
    bob.user.deactivate()
    assert not docs.invitations.pending().exists()


def test_one_leaves_and_the_team_is_gone_from_one_s_list(sign_in, docs, bob):
    client = sign_in(bob)
    assert client.post("/team/membership/delete")["Location"] == "http://esa.localhost/teams"
    page = client.get("/teams", HTTP_HOST="esa.localhost").content.decode()
    assert "You have left docs." in page
    assert "docs.esa.localhost" not in page


def test_removing_oneself_is_leaving(sign_in, alice):
    assert sign_in(alice).post("/members/alice/delete")["Location"] == "/team/membership/delete"
    assert Member.objects.get(pk=alice.pk).active


@pytest.mark.parametrize("path", [path for path, _entered in POSTS])
def test_reading_an_address_that_writes_changes_nothing(sign_in, docs, alice, bob, path):
    assert sign_in(alice).get(path).status_code in {200, 302, 405}
    assert docs.members.active().count() == 2
    docs.refresh_from_db()
    assert docs.name == "docs"


def test_one_team_s_page_cannot_write_to_another_s(sign_in, docs, alice, bob):
    client = sign_in(alice)
    client.handler.enforce_csrf_checks = True
    token = client.get("/members").context["csrf_token"]
    form = {"role": "owner", "csrfmiddlewaretoken": str(token)}
    for origin in [
        "http://elsewhere.esa.localhost",
        "http://esa.localhost",
        "null",
        "http://docs.esa.localhost.evil.example",
    ]:
        assert client.post("/members/bob/role", form, HTTP_ORIGIN=origin).status_code == 403
    assert not Member.objects.get(pk=bob.pk).is_owner
    assert client.post("/members/bob/role", form, HTTP_ORIGIN="http://docs.esa.localhost").status_code == 302
    assert Member.objects.get(pk=bob.pk).is_owner


def test_a_member_s_page_shows_the_person(sign_in, bob, alice):
    page = sign_in(bob).get("/members/ALICE").content.decode()
    assert "Alice" in page
    assert "alice@example.com" not in page

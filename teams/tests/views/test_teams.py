"""Making a team, deciding about it, ending it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from teams.models import Event, Team, User
from teams.models.team import erase_team, render_posts_again
from teams.tests.pictures import png


@pytest.fixture
def person(client, carol, settings):
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    client.force_login(carol.user)
    return client


NEW = {"name": "kitchen", "description": "Food", "privacy": "closed"}


def test_a_person_makes_a_team_and_owns_it(person, carol):
    assert person.post("/teams/new", NEW)["Location"] == "http://kitchen.esa.localhost/"
    kitchen = Team.objects.get(name="kitchen")
    assert kitchen.members.owners().get().user == carol.user
    assert kitchen.bot.is_bot


@pytest.mark.parametrize(
    "name", ["", "a", "Kitchen!", "-kitchen", "kit--chen", "台所", "x" * 33, "www", "api", "docs", "DOCS "]
)
def test_a_name_that_cannot_be_is_refused_and_the_rest_is_kept(person, docs, name):
    answer = person.post("/teams/new", NEW | {"name": name})
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"name"}
    assert 'value="Food"' in answer.content.decode()
    assert Team.objects.count() == 2


def test_a_posted_form_sets_only_what_it_shows(person):
    person.post(
        "/teams/new", NEW | {"last_post_number": "99", "invitation_code": "member-0", "deleted_at": "2026-01-01"}
    )
    kitchen = Team.objects.get(name="kitchen")
    assert kitchen.last_post_number < 99
    assert kitchen.deleted_at is None
    assert kitchen.invitation_code != "member-0"


@pytest.mark.parametrize(
    ("name", "said"), [("kitchen", "kitchen is free"), ("docs", "taken"), ("www", "reserved"), ("x!", "Use 2 to 32")]
)
def test_the_address_is_checked_while_it_is_typed(person, docs, name, said):
    assert said in person.get("/teams/availability", {"name": name}).content.decode()


def test_my_teams_are_mine_with_their_roles(person, docs, alice, carol):
    page = person.get("/teams").content.decode()
    assert "http://elsewhere.esa.localhost/" in page
    assert "Owner" in page
    assert "docs" not in page


def test_my_teams_take_as_many_queries_for_twenty_as_for_one(
    person, carol, django_assert_num_queries, django_assert_max_num_queries
):
    person.get("/teams")
    with django_assert_max_num_queries(8) as few:
        person.get("/teams")
    for number in range(20):
        Team.found(by=carol.user, name=f"team-{number}")
    with django_assert_num_queries(len(few)):
        assert "team-19" in person.get("/teams").content.decode()


def test_on_a_team_s_host_my_teams_are_on_the_base_domain(sign_in, bob):
    assert sign_in(bob).get("/teams?x=1")["Location"] == "http://esa.localhost/teams?x=1"
    assert sign_in(bob).post("/teams/new", NEW).status_code == 404


def test_the_front_door_shows_a_stranger_what_this_is_and_a_person_their_teams(client, settings, person):
    assert person.get("/")["Location"] == "/teams"
    client.logout()
    assert "Make an account" in client.get("/").content.decode()


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_an_owner_describes_the_team(sign_in, docs, alice):
    picture = SimpleUploadedFile("x.png", png(300, 200), "image/png")
    sign_in(alice).post(
        "/team/settings", {"description": "We write", "picture": picture, "name": "taken", "privacy": "open"}
    )
    docs.refresh_from_db()
    assert (docs.description, docs.name, docs.privacy) == ("We write", "docs", "closed")
    assert docs.icon
    sign_in(alice).post("/team/settings", {"description": "We write", "drop_icon": "on"})
    docs.refresh_from_db()
    assert not docs.icon


def test_a_picture_that_cannot_be_read_is_refused_and_the_text_is_kept(sign_in, docs, alice):
    broken = SimpleUploadedFile("x.png", b"not a picture", "image/png")
    answer = sign_in(alice).post("/team/settings", {"description": "We write", "picture": broken})
    assert answer.status_code == 422
    assert 'value="We write"' in answer.content.decode()
    docs.refresh_from_db()
    assert docs.description == ""


def test_opening_a_team_takes_a_tick(sign_in, docs, alice):
    client = sign_in(alice)
    answer = client.post("/team/settings/privacy", {"privacy": "open"})
    assert answer.status_code == 422
    docs.refresh_from_db()
    assert not docs.open
    client.post("/team/settings/privacy", {"privacy": "open", "understood": "on"})
    docs.refresh_from_db()
    assert docs.open
    assert Event.objects.get(action="team_update").particulars == {"privacy": "open"}
    client.post("/team/settings/privacy", {"privacy": "closed"})
    docs.refresh_from_db()
    assert not docs.open


def test_a_new_privacy_renders_the_posts_anew(docs, alice):
    post = docs.posts.model.write(by=alice, name="One", body_md="text", wip=False)
    docs.posts.update(body_html="stale")
    render_posts_again(docs.pk)
    post.refresh_from_db()
    assert "text" in post.body_html


# --- The end of a team ------------------------------------------------------------------------------------------------


def test_a_team_is_deleted_only_when_its_name_is_typed(sign_in, docs, alice):
    assert sign_in(alice).post("/team/delete", {"confirmation": "doc"}).status_code == 422
    docs.refresh_from_db()
    assert docs.deleted_at is None


def test_a_deleted_team_is_gone_at_once_and_its_name_is_free(sign_in, docs, alice, bob):
    client = sign_in(alice)
    old = docs.invitation_code
    assert client.post("/team/delete", {"confirmation": "docs"})["Location"] == "http://esa.localhost/teams"
    assert client.get("/members").status_code == 404
    assert client.get(f"/team/invitations/{old}").status_code == 404
    assert "docs" not in client.get("/teams", HTTP_HOST="esa.localhost").content.decode().replace(
        "The team docs is deleted.", ""
    )
    assert Team.found(by=bob.user, name="docs").members.active().get().user == bob.user


def test_what_a_deleted_team_held_is_removed_and_nothing_else(docs, alice, bob, carol):
    Post = docs.posts.model
    for number in range(3):
        Post.write(by=alice, name=f"n{number}", category="a/b", tags=["t"], body_md="@bob", wip=False).comment(
            by=bob, body_md="x"
        )
    kept = Post.write(by=carol, name="Kept", body_md="", wip=True)
    docs.invite(["x@example.com"], by=alice)
    docs.delete_later(by=alice)
    erase_team(docs.pk)
    assert not Team.objects.filter(pk=docs.pk).exists()
    assert list(Post._base_manager.all()) == [kept]
    assert not Event.objects.filter(team_id=docs.pk).exists()
    assert User.objects.filter(screen_name__in=["alice", "bob"]).count() == 2


def test_removal_that_is_cut_off_goes_on_where_it_was(docs, alice):
    docs.posts.model.write(by=alice, name="One", body_md="", wip=True)
    docs.delete_later(by=alice)
    assert docs.erase(seconds=-1) is False
    assert Team.objects.filter(pk=docs.pk).exists()
    assert docs.erase() is True
    assert not Team.objects.filter(pk=docs.pk).exists()


def test_a_team_that_is_not_deleted_is_never_erased(docs, alice):
    erase_team(docs.pk)
    assert docs.members.active().get() == alice

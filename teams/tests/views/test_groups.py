"""Groups: who makes and changes them, and that a name never means two."""

import pytest
from django.core.exceptions import ValidationError

from conftest import join
from posts.tests.views.counting import queries_of
from teams.forms import ProfileForm
from teams.models import Event, Group, Member, Team

PAGES = ["/team/groups", "/team/groups/new", "/team/groups/design", "/team/groups/design/edit"]


def fill(**fields):
    return {"name": "design", "description": "", "members": "", **fields}


def test_a_member_makes_a_group_and_another_changes_it(alice, bob, sign_in):
    answer = sign_in(bob).post("/team/groups/new", fill(name="@Design", members="@alice, BOB", description="Looks"))
    assert answer["Location"] == "/team/groups/design"
    group = Group.objects.get()
    assert list(group.people.order_by("pk")) == [alice, bob]
    page = sign_in(alice).get("/team/groups/design").content.decode()
    assert "Looks" in page
    assert 'href="/members/bob"' in page
    sign_in(alice).post("/team/groups/design/edit", fill(members="@alice"))
    assert list(group.people) == [alice]
    assert Event.objects.filter(action__in=["group_create", "group_update"], quiet=True).count() == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bob", "taken"),
        ("BOB", "taken"),
        ("all", "group of everybody"),
        ("admin", "reserved"),
        ("new", "reserved"),
        ("two words", "letters"),
        ("-x", "letters"),
    ],
)
def test_a_name_that_would_not_do_is_explained_and_kept(alice, bob, sign_in, name, said):
    answer = sign_in(bob).post("/team/groups/new", fill(name=name, members="@alice"))
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors["name"])
    assert "@alice" in answer.content.decode()


def test_unknown_members_are_named(alice, carol, sign_in):
    answer = sign_in(alice).post("/team/groups/new", fill(members="alice carol nobody-else"))
    assert answer.status_code == 422
    assert "@carol, @nobody-else" in answer.content.decode()
    assert not Group.objects.exists()


def test_one_group_per_name_and_team(alice, bob, carol, sign_in):
    Group.define("design", by=alice)
    assert sign_in(bob).post("/team/groups/new", fill()).status_code == 422
    Group.define("design", by=carol)


def test_nobody_joins_or_takes_the_name_of_a_group(docs, alice, bob, carol, sign_in, settings):
    Group.define("carol", by=alice)
    client = sign_in(carol, docs)
    answer = client.post(docs.invitation_url.partition(settings.ESA_DOMAIN)[2])
    assert answer.status_code == 410
    assert "In this team @carol is a group" in answer.content.decode()
    assert not Member.objects.filter(team=docs, user=carol.user).exists()
    entered = {"name": "Bob", "screen_name": "Dora", "language": "en", "time_zone": "UTC", "theme": "auto"}
    Group.define("dora", by=alice)
    form = ProfileForm(entered, instance=bob.user)
    assert "In one of your teams @dora is a group" in str(form.errors["screen_name"])


def test_who_left_keeps_their_name_and_is_in_no_group(docs, alice, bob):
    group = Group.define("design", by=alice, members=[alice, bob])
    bob.leave(by=bob)
    with pytest.raises(ValidationError):
        Group.define("bob", by=alice)
    bob = Member.join(docs, bob.user)
    assert list(group.people) == [alice]


def test_only_owners_make_a_group_of_everybody_and_delete_groups(docs, alice, bob, sign_in):
    sign_in(bob).post("/team/groups/new", fill(name="crew", everybody="on"))
    assert not Group.objects.get(name="crew").everybody
    sign_in(alice).post("/team/groups/new", fill(name="all", everybody="on"))
    everyone = Group.objects.get(name="all")
    dan = join(docs, "dan")
    assert set(everyone.people) == {alice, bob, dan}
    # A member may describe it, and it stays everybody's.
    sign_in(bob).post("/team/groups/all/edit", fill(description="Us"))
    everyone.refresh_from_db()
    assert (everyone.everybody, everyone.description) == (True, "Us")
    assert sign_in(bob).post("/team/groups/all/delete").status_code == 403
    assert sign_in(alice).post("/team/groups/all/delete").status_code == 302
    assert not Group.objects.filter(name="all").exists()
    assert sign_in(alice).get("/activity").status_code == 200


def test_an_outsider_sees_nothing(docs, alice, carol, sign_in):
    Group.define("design", by=alice, members=[alice])
    client = sign_in(carol, docs)
    for page in PAGES:
        assert client.get(page).status_code == 404, page
        assert client.post(page, fill()).status_code == 404, page
    assert client.post("/team/groups/design/delete").status_code == 404
    docs.change_privacy(Team.Privacy.OPEN, by=alice)
    assert [client.get(page).status_code for page in PAGES] == [404] * 4
    assert sign_in(carol).get("/team/groups/design").status_code == 404
    assert Group.objects.count() == 1


def test_many_groups_and_members_cost_as_many_queries_as_one(docs, alice, sign_in):
    Group.define("design", by=alice, members=[alice])
    client = sign_in(alice)
    before = [queries_of(client, page) for page in PAGES]
    people = [join(docs, f"p{number}") for number in range(4)]
    for number in range(4):
        Group.define(f"g{number}", by=alice, members=people)
    Group.objects.get(name="design").members.set(people)
    assert [queries_of(client, page) for page in PAGES] == before

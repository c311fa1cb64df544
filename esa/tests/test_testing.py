"""What the browser tests stand on: a real site under its names, and a browser that leaves no trace in other tests."""

import asyncio
import urllib.request

import pytest
from oauth2_provider.models import Application

from teams.models import Team


def test_a_browser_reaches_the_site_by_the_names_of_its_teams_and_the_database_can_be_used_beside_it(page, live_site):
    Team.objects.create(name="seen")
    for team in ("", "docs"):
        answer = page.goto(live_site.url("/static/css/app.css", team=team))
        assert answer.status == 200
        assert page.evaluate("location.host") == (f"{team}." if team else "") + live_site.domain
    assert Team.objects.filter(name="seen").exists()


EMPTY = [0, 0, "", []]
WHAT_IS_KEPT = (
    """async () => [localStorage.length, sessionStorage.length, document.cookie, await indexedDB.databases()]"""
)
KEEP = """async () => {
  localStorage.mine = sessionStorage.mine = document.cookie = "mine=1"
  await new Promise((done) => (indexedDB.open("mine").onsuccess = ({ target }) => done(target.result.close())))
}"""


@pytest.mark.parametrize("time", ["first", "second"])
def test_two_people_have_browsers_of_their_own_and_leave_them_as_new(new_page, live_site, time):
    first, second = new_page(), new_page()
    for person in (first, second):
        assert person.context.pages == [person]
    for team in ("", "docs"):
        for person in (first, second):
            assert person.goto(live_site.url("/static/img/mark.svg", team=team)).status == 200
            assert person.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is False
            assert person.evaluate(WHAT_IS_KEPT) == EMPTY
        first.evaluate(KEEP)
        assert first.evaluate(WHAT_IS_KEPT) != EMPTY
        assert second.evaluate(WHAT_IS_KEPT) == EMPTY
    first.route("**/*", lambda route: route.abort())
    first.on("framenavigated", lambda frame: pytest.fail("heard by a test that is over"))
    first.emulate_media(color_scheme="dark")
    second.context.new_page()


def test_no_event_loop_is_left_for_other_tests(browser):
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_python_finds_the_names_that_browsers_find(live_site, docs):
    with urllib.request.urlopen(live_site.url("/static/css/app.css", team="docs")) as answer:
        assert answer.status == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_test_that_commits_leaves_the_tables_as_the_migrations_made_them(time):
    assert Team.objects.count() == 0
    assert Application.objects.get().name == "esa CLI"
    Application.objects.all().delete()
    Team.objects.create(name="left")

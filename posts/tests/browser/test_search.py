"""Searching as a person does: by typing Japanese, by clicking facets, by a saved search, by the quick switcher."""

import re
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Page, expect

from esa.testing import awake
from posts.models import Post


@pytest.fixture
def desk(page: Page, live_site, bob, alice, sign_in_browser, transactional_db):
    """Bob's browser, signed in, and a team that has written a little."""
    for name, fields in [
        (
            "定例会議",
            {"category": "議事録/2026/01/02", "tags": ["定例"], "body_md": "**予算**とサーバーの増設を決めた"},
        ),
        ("サーバー移行計画", {"category": "設計", "tags": ["infra"], "body_md": "PostgreSQLを移す。会議で話す"}),
        ("Onboarding", {"category": "Help", "body_md": "Welcome aboard"}),
    ]:
        Post.write(by=alice, name=name, wip=False, **fields)  # type: ignore[arg-type]
    sign_in_browser(page, bob)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda problem: said.append(str(problem)))
    page.goto(live_site.url("/posts", team="docs"))
    yield awake(page)
    assert [line for line in said if not line.startswith(("htmx:afterRequest", "htmx:sendAbort"))] == []  # overtaken


def rows(page: Page):
    return page.locator(".post-row__title")


def test_searching_from_the_first_letter_to_the_quick_switcher(desk: Page, live_site) -> None:
    typing_japanese_finds_while_one_types(desk)
    a_facet_narrows_down_and_widens_again(desk)
    a_saved_search_stands_in_the_sidebar(desk)
    a_search_without_results_offers_what_is_meant(desk)
    the_help_sheet_opens_and_closes(desk)
    the_quick_switcher_goes_to_posts_and_places(desk, live_site)


def typing_japanese_finds_while_one_types(desk: Page) -> None:
    field = desk.get_by_role("searchbox", name="Search posts")
    field.press_sequentially("さーばー")  # as an input method shows it before it is converted
    expect(rows(desk)).to_have_text(["サーバー移行計画", "定例会議"])
    expect(rows(desk).first.locator("mark")).to_have_text("サーバ")
    field.fill("予算")
    expect(rows(desk)).to_have_text(["定例会議"])
    expect(desk.locator(".post-row__excerpt mark")).to_have_text("予算")
    assert unquote_plus(desk.url).endswith("q=予算&sort=")
    field.fill("gresql")
    expect(rows(desk)).to_have_text(["サーバー移行計画"])
    field.fill("会議")
    field.press("Enter")
    expect(desk.get_by_role("heading", name="Search", exact=True)).to_be_visible()
    expect(rows(desk)).to_have_count(2)


def a_facet_narrows_down_and_widens_again(desk: Page) -> None:
    facets = desk.get_by_role("complementary", name="Narrow down")
    facets.get_by_role("link", name=re.compile("設計")).click()
    expect(rows(desk)).to_have_text(["サーバー移行計画"])
    expect(desk.get_by_role("searchbox", name="Search posts")).to_have_value("会議 in:設計")
    facets.get_by_role("link", name=re.compile("設計")).click()
    expect(rows(desk)).to_have_count(2)


def a_saved_search_stands_in_the_sidebar(desk: Page) -> None:
    desk.get_by_role("searchbox", name="Search posts").fill("会議 tag:定例")
    desk.keyboard.press("Enter")
    expect(rows(desk)).to_have_text(["定例会議"])
    awake(desk).get_by_role("link", name="Save this search").click()
    dialog = desk.get_by_role("dialog", name="Save this search")
    dialog.get_by_label("Name").fill("定例の会議")
    dialog.get_by_role("button", name="Save").click()
    desk.get_by_role("link", name="Home", exact=True).first.click()
    desk.get_by_role("navigation", name="Team").get_by_role("link", name="定例の会議").click()
    expect(rows(desk)).to_have_text(["定例会議"])


def a_search_without_results_offers_what_is_meant(desk: Page) -> None:
    awake(desk).get_by_role("searchbox", name="Search posts").fill("定令会議")
    expect(desk.get_by_text("Nothing was found")).to_be_visible()
    desk.get_by_role("link", name="定例会議").click()
    expect(rows(desk)).to_have_text(["定例会議"])


def the_help_sheet_opens_and_closes(desk: Page) -> None:
    awake(desk).get_by_role("link", name="Search help").click()
    sheet = desk.get_by_role("dialog", name="Search help")
    expect(sheet).to_contain_text("stale:>180d")
    desk.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def the_quick_switcher_goes_to_posts_and_places(desk: Page, live_site) -> None:
    desk.locator("h1").first.click()
    desk.keyboard.press("Control+k")
    switcher = desk.get_by_role("dialog", name="Go to …")
    expect(switcher.get_by_text("Recently updated")).to_be_visible()
    desk.keyboard.type("移行")
    expect(switcher.locator("[aria-selected=true]")).to_contain_text("サーバー移行計画")
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(live_site.url("/posts/2", team="docs"))
    awake(desk).keyboard.press("Control+k")
    expect(switcher).to_be_visible()
    desk.keyboard.type("tags")
    expect(switcher.locator("[aria-selected=true]")).to_contain_text("Search everything")
    desk.keyboard.press("ArrowDown")
    expect(switcher.locator("[aria-selected=true]")).to_have_text("Tags")
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(live_site.url("/tags", team="docs"))

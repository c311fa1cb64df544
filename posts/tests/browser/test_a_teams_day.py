"""From signing up to signing out: two people, two browsers, the real pages, and nothing prepared."""

import re

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from posts.models import Post
from teams.models import User


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def quiet():
    """Watch pages; at the end, none of them may have complained."""
    said: list[str] = []

    def watch(page: Page) -> Page:
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: said.append(str(problem)))
        return page

    yield watch
    assert [line for line in said if "409" not in line] == []  # browsers report the answer to a clash


def sign_up(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Screen name").fill(name.lower())
    page.get_by_label("E-mail address").fill(f"{name.lower()}@example.com")
    page.get_by_label("Password").fill("a long enough phrase")
    page.get_by_role("button", name="Make an account").click()


def open_editor(page: Page) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("form.editor[data-ready]").wait_for(state="attached")


def rewrite(page: Page, old: str, new: str) -> None:
    """Put one line in place of another, in the editor, by keys."""
    page.locator(".cm-line", has_text=old).click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.insert_text(new)


def test_a_teams_day(new_page, live_site, quiet, transactional_db):
    ann, ben = (quiet(new_page()) for _ in range(2))

    # Ann signs up and makes a team
    ann.goto(live_site.url("/"))
    ann.get_by_role("main").get_by_role("link", name="Make an account").click()
    sign_up(ann, "Ann")
    ann.get_by_role("link", name="Make a team").click()
    assert User.objects.get(screen_name="ann").time_zone == "Asia/Tokyo"  # as her browser told
    ann.get_by_label("Address").press_sequentially("www")
    ann.get_by_text("This name is reserved").wait_for()
    ann.get_by_label("Address").fill("kitchen")
    ann.get_by_text("kitchen is free").wait_for()
    ann.get_by_role("button", name="Make the team").click()
    ann.wait_for_url(live_site.url("/", team="kitchen"))

    # She invites Ben, who makes an account and joins
    ann.goto(live_site.url("/team/invitations", team="kitchen"))
    ben.goto(ann.get_by_label("Invitation link").input_value())
    ben.get_by_role("link", name="Make an account").click()
    sign_up(ben, "Ben")
    ben.get_by_role("button", name="Join the team").click()
    ben.wait_for_url(live_site.url("/", team="kitchen"))

    # She writes in Japanese, sees it beside, saves it as WIP and ships it
    ann.get_by_role("link", name="New post").click()
    ann.locator("form.editor[data-ready]").wait_for(state="attached")
    ann.get_by_label("Title", exact=False).first.fill("献立/秋/きのこご飯 #和食 #秋")
    ann.locator(".cm-content").click()
    ann.keyboard.insert_text("# きのこご飯\n\n米 二合\nしめじ 一袋\n醤油 大さじ二\n\n@ben 見てください")
    expect(ann.locator('[data-part="rendered"] h1')).to_have_text("きのこご飯")
    expect(ann.locator('[data-part="rendered"] a.mention')).to_contain_text("ben")
    ann.get_by_role("button", name="Save as WIP").click()
    expect(ann.locator(".receipt")).to_contain_text(re.compile(r"Saved as revision 1, \d\d:\d\d"))
    post = Post.objects.get(team__name="kitchen", name="きのこご飯")
    assert (post.category, post.tags, post.wip) == ("献立/秋", ["和食", "秋"], True)
    ann.get_by_role("button", name="Ship It!").click()
    ann.wait_for_url(live_site.url(post.get_absolute_url(), team="kitchen"))
    expect(ann.get_by_role("heading", level=1, name="きのこご飯").first).to_be_visible()
    post.refresh_from_db()
    assert (post.wip, post.revision_number) == (False, 2)

    # Both edit at the same time: other lines merge, the same line is settled on a page with both sides
    ben.goto(live_site.url(post.get_absolute_url(), team="kitchen"))
    open_editor(ann)
    open_editor(ben)
    rewrite(ann, "米 二合", "米 三合")
    ann.keyboard.press("Control+s")
    expect(ann.locator(".receipt")).to_contain_text("Saved as revision 3")
    rewrite(ben, "醤油 大さじ二", "醤油 大さじ三")
    ben.keyboard.press("Control+s")
    expect(ben.locator(".receipt")).to_contain_text("together with what others changed")
    expect(ben.locator(".cm-content")).to_contain_text("米 三合")
    rewrite(ann, "米 三合", "米 五合")
    rewrite(ben, "米 三合", "米 四合")
    ben.keyboard.press("Control+s")
    expect(ben.locator(".receipt")).to_contain_text("Saved as revision 5")
    ann.keyboard.press("Control+s")
    place = ann.locator(".merge__place")
    expect(place).to_contain_text("米 五合")
    expect(place).to_contain_text("米 四合")
    place.get_by_role("button", name="Take theirs").click()
    ann.get_by_role("button", name="Ship It!").click()
    ann.wait_for_url(live_site.url(post.get_absolute_url(), team="kitchen"))
    post.refresh_from_db()
    assert post.body_md.startswith("# きのこご飯\n\n米 四合\nしめじ 一袋\n醤油 大さじ三\n")

    # Ben compares revisions and rolls back to the first shipped one
    ben.goto(live_site.url(f"{post.get_absolute_url()}/revisions", team="kitchen"))
    ben.get_by_label("Compare from revision 2").check()
    ben.get_by_role("button", name="Compare").click()
    expect(ben.locator(".diff")).to_contain_text("米 二合")
    expect(ben.locator(".diff")).to_contain_text("米 四合")
    ben.goto(live_site.url(f"{post.get_absolute_url()}/revisions/2", team="kitchen"))
    ben.get_by_role("link", name="Roll back to this").click()
    ben.get_by_role("button", name="Roll back").click()
    ben.wait_for_url(live_site.url(post.get_absolute_url(), team="kitchen"))
    post.refresh_from_db()
    assert (post.body_md.split("\n")[2], post.revision_number) == ("米 二合", 7)
    assert post.updated_by.handle == "ben"

    # He signs out where he is, and is out
    ben.locator(".topbar__person summary").click()
    ben.get_by_role("button", name="Sign out").click()
    ben.wait_for_url(live_site.url("/"))
    ben.goto(live_site.url("/members", team="kitchen"))
    assert ben.url.startswith(live_site.url("/accounts/login/?next="))

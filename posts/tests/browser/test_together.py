"""Two people at once: the bell, a comment that appears, who is there, and that a post has changed."""

import pytest
from playwright.sync_api import expect

from esa.testing import awake
from posts.models import Comment, Post, Star
from posts.models.post import Draft
from posts.tests.telling import relay
from teams.models import Group


@pytest.fixture
def people(new_page, sign_in_browser, alice, bob, transactional_db):
    return sign_in_browser(new_page(), alice), sign_in_browser(new_page(), bob)


def look(page):
    """Come back to the window: pages ask at once then."""
    page.evaluate("dispatchEvent(new Event('focus'))")


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


def test_a_comment_that_was_not_sent_is_back_after_a_crash_of_the_tab(people, live_site, alice):
    Post.write(by=alice, name="Soup", wip=False)
    page = people[0]
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


def test_the_editor_says_which_links_lead_nowhere_and_who_else_writes(people, live_site, alice):
    Post.write(by=alice, name="Soup", body_md="#1 #77", wip=False)
    hers, his = people
    for page in people:
        page.goto(live_site.url("/posts/1/edit", team="docs"))
    expect(hers.locator('[data-part="counts"]')).to_contain_text("No such post: #77")
    expect(his.locator(".live__here")).to_have_text("Alice is editing")
    look(hers)
    expect(hers.locator(".live__here")).to_have_text("Bob is editing")

"""Reading in a real browser: the tree, the boxes, the buttons that answer without a new page."""

import pytest
from playwright.sync_api import Page, expect

from esa.testing import awake
from posts.models import Post


@pytest.fixture
def reader(alice, page: Page, live_site, sign_in_browser) -> Page:
    """Alice's browser, signed in."""
    return sign_in_browser(page, alice)


def test_reading_from_the_tree_to_the_bin(alice, reader, live_site):
    Post.write(by=alice, name="Deep", category="dev/検索/bigram", wip=False)
    plan = Post.write(by=alice, name="Plan", body_md="- [ ] one\n- [ ] two\n", wip=False)
    the_tree_opens_in_place(reader, live_site)
    an_old_address_leads_to_its_category(reader, live_site)
    boxes_star_and_watch_answer_on_the_page(plan, reader, live_site)
    deleting_asks_in_a_dialog_that_can_be_left(plan, reader)


def the_tree_opens_in_place(reader, live_site):
    reader.goto(live_site.url("/", team="docs"))
    awake(reader)
    tree = reader.get_by_role("navigation", name="Categories")
    expect(tree.get_by_role("link", name="検索")).to_have_count(0)
    tree.locator("summary").first.click()
    expect(tree.get_by_role("link", name="検索")).to_be_visible()

    reader.get_by_role("searchbox", name="Filter categories").fill("bigr")
    expect(tree.get_by_role("link", name="dev/検索/bigram")).to_be_visible()


def an_old_address_leads_to_its_category(reader, live_site):
    reader.goto(live_site.url("/#path=%2Fdev%2F検索%2Fbigram", team="docs"))
    expect(reader.get_by_role("heading", name="bigram")).to_be_visible()
    expect(reader.get_by_role("link", name="Deep", exact=True)).to_be_visible()


def boxes_star_and_watch_answer_on_the_page(post, reader, live_site):
    reader.goto(live_site.url("/posts/2", team="docs"))
    awake(reader)
    boxes = reader.locator("#body input[type=checkbox]")
    with reader.expect_response("**/tasks/1"):
        boxes.nth(1).check()
    expect(boxes.nth(0)).to_be_enabled()
    with reader.expect_response("**/tasks/0"):
        boxes.nth(0).check()  # the second tick knows of the first
    post.refresh_from_db()
    assert post.body_md == "- [x] one\n- [x] two\n"

    reader.get_by_role("button", name="Star").click()
    expect(reader.get_by_role("button", name="Star", pressed=True)).to_contain_text("1")
    reader.get_by_role("button", name="Watching").click()
    expect(reader.get_by_role("button", name="Watch", exact=True)).to_be_visible()
    post.refresh_from_db()
    assert (post.stars_count, post.watches_count) == (1, 0)


def deleting_asks_in_a_dialog_that_can_be_left(post, reader):
    more = reader.locator(".post__actions details.menu > summary")
    more.click()
    reader.get_by_role("link", name="Delete").click()
    dialog = reader.get_by_role("dialog", name="Delete this post?")
    expect(dialog).to_contain_text("goes into the bin")
    reader.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    post.refresh_from_db()
    assert post.deleted_at is None

    more.click()
    reader.get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Move to the bin").click()
    expect(reader.get_by_role("heading", name="Bin")).to_be_visible()
    reader.get_by_role("button", name="Restore").click()
    expect(reader.get_by_role("heading", name="Plan")).to_be_visible()

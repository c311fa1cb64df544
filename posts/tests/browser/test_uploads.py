"""Files put into a text with the hand: chosen, dropped, too large, refused."""

import re

import pytest
from playwright.sync_api import expect

from posts.models import Attachment, Post
from posts.tests.files import picture


@pytest.fixture
def writing(page, live_site, sign_in_browser, alice):
    sign_in_browser(page, alice)
    page.goto(live_site.url("/posts/new", team="docs"))
    page.locator("form.editor[data-ready]").wait_for(state="attached")
    return page


def choose(page, *files):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a file").click()
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files])


def text(page):
    return page.locator("textarea[name=body_md]").input_value()


def test_files_are_put_into_a_text_with_the_hand(writing, live_site, alice, settings):
    settings.ATTACHMENT_MAX_BYTES = 100 * 1024  # a larger file takes its time on the way into a browser
    what_the_server_refuses_is_said_and_leaves_nothing_behind(writing)
    chosen_files_come_into_the_text_and_the_preview(writing)
    a_dropped_file_is_uploaded_into_a_post(writing)
    writing.goto(live_site.url(f"/posts/{Post.write(by=alice, name='Soup', wip=False).number}", team="docs"))
    a_dropped_file_is_uploaded_into_a_comment_and_one_too_large_is_not(writing)


def chosen_files_come_into_the_text_and_the_preview(writing):
    image = picture(size=(40, 30)).read()
    writing.locator(".cm-content").click()
    choose(writing, ("a.png", "image/png", image), ("notes.txt", "text/plain", b"hello"))
    rendered = writing.locator('[data-part="rendered"]')
    expect(rendered.locator('img[width="40"]')).to_be_visible()
    expect(rendered.get_by_role("link", name="notes.txt (5 B)")).to_be_visible()
    first, second = Attachment.objects.order_by("pk")
    assert f'<img width="40" alt="a.png ({first.size} B)" src="{first.url}">' in text(writing)
    assert f"[notes.txt (5 B)]({second.url})" in text(writing)
    assert "Uploading" not in text(writing)


DROP = """(target) => {
  const data = new DataTransfer()
  data.items.add(new File(["hello"], "dropped.txt", { type: "text/plain" }))
  const box = target.getBoundingClientRect()
  const at = { clientX: box.left + 5, clientY: box.top + 5, bubbles: true, cancelable: true, dataTransfer: data }
  target.dispatchEvent(new DragEvent("drop", at))
}"""


def a_dropped_file_is_uploaded_into_a_post(writing):
    writing.locator(".cm-content").click()
    writing.locator(".cm-content").evaluate(DROP)
    expect(
        writing.locator('[data-part="rendered"]').get_by_role("link", name=re.compile("dropped.txt"))
    ).to_be_visible()


def a_dropped_file_is_uploaded_into_a_comment_and_one_too_large_is_not(writing):
    box = writing.get_by_label("Comment", exact=True)
    box.fill("See ")
    box.press("End")
    box.evaluate(DROP)
    expect(box).to_have_value(re.compile(r"^See \[dropped\.txt \(5 B\)\]\(http\S+\.txt\)$"))
    choose(writing, ("large.bin", "application/octet-stream", b"x" * 105_000))
    expect(writing.get_by_text("large.bin is too large; up to 100.0 KB are accepted.")).to_be_visible()
    writing.get_by_role("button", name="Comment", exact=True).click()
    expect(writing.locator("#comments-list").get_by_role("link", name="dropped.txt (5 B)")).to_be_visible()


def what_the_server_refuses_is_said_and_leaves_nothing_behind(writing):
    writing.route("**/attachments", lambda route: route.fulfill(status=413, json={"message": "The file is too large."}))
    writing.locator(".cm-content").click()
    choose(writing, ("big.bin", "application/octet-stream", b"x" * 100))
    expect(writing.get_by_text("The file is too large.")).to_be_visible()
    assert text(writing).strip() == ""
    assert not Attachment.objects.exists()
    writing.unroute("**/attachments")

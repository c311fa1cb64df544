"""The editor in a real browser: saving, the journal, input methods, keys, and the two panes."""

import re

import pytest
from playwright.sync_api import expect

from posts.models import Post
from posts.models.post import Draft


@pytest.fixture
def sign_in_browser(live_site, client):
    """Give a browser context the session of a member."""

    def sign(context, member):
        client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        cookie = client.cookies["esa_session"]
        context.add_cookies([{"name": "esa_session", "value": cookie.value, "domain": ".esa.localhost", "path": "/"}])

    return sign


class Editor:
    """The editor of one person, as they use it."""

    def __init__(self, page, live_site):
        self.page, self.site = page, live_site
        self.problems = []
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, path):
        self.page.goto(self.site.url(path, team="docs"))
        try:
            self.page.locator("form.editor[data-ready]").wait_for(state="attached")
        except Exception:
            raise AssertionError(self.problems, self.page.url)
        return self

    @property
    def text(self):
        return self.page.locator("textarea[name=body_md]").input_value()

    @property
    def source(self):
        return self.page.locator(".cm-content")

    @property
    def title(self):
        return self.page.locator("input[name=title]")

    @property
    def receipt(self):
        return self.page.locator(".receipt")

    @property
    def failure(self):
        return self.page.locator('[data-part="failure"]')

    @property
    def rendered(self):
        return self.page.locator('[data-part="rendered"]')

    def write(self, text):
        self.source.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return self


@pytest.fixture
def editor(page, live_site, alice, sign_in_browser):
    sign_in_browser(page.context, alice)
    return Editor(page, live_site)


def test_a_draft_is_written_previewed_saved_and_shipped(editor, alice):
    editor.open("/posts/new")
    editor.title.fill("日報/2026/11/23/alice #日報")
    editor.press("Enter")  # goes on to the text, and sends nothing
    editor.page.keyboard.insert_text("# 今日\n\n- [x] 朝会\n- [ ] 設計")

    expect(editor.rendered.locator("h1")).to_have_text("今日")
    expect(editor.page.locator('[data-part="counts"]')).to_contain_text("1 of 2 tasks")
    expect(editor.receipt).to_have_text("Not saved yet")
    assert not alice.team.posts.exists()

    editor.press("Control+s")
    expect(editor.receipt).to_contain_text(re.compile(r"Saved as revision 1, \d\d:\d\d"))
    post = alice.team.posts.get()
    assert (post.full_name, post.wip) == ("日報/2026/11/23/alice #日報", True)
    assert editor.page.url.endswith(f"/posts/{post.number}/edit")

    editor.source.click()
    editor.press("Control+End")
    editor.page.keyboard.insert_text("\n\n終わり")
    editor.press("Control+Enter")
    editor.page.wait_for_url(re.compile(rf"/posts/{post.number}$"))
    post.refresh_from_db()
    assert (post.wip, post.revision_number) == (False, 2)
    assert post.body_md.endswith("終わり")
    assert editor.problems == []

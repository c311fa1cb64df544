"""Every page of a team's everyday, checked with axe in both themes, and as wide as a phone as well."""

import pytest
from playwright.sync_api import ViewportSize

from esa.testing import VIEWPORT, awake
from posts.models import Post
from posts.models.post import Draft
from posts.tests.browser.axe import axe_in, measure_colors_of, violations

BODY = """# 見出し / Heading

> [!WARNING]
> 注意 **strong** `code` [link](https://example.com) ==x==

| 左 | 右 |
| --- | ---: |
| a | 1 |

- [x] done
- [ ] open

```python:main.py
def f(x: int) -> str:
    return "あ"  # comment
```

$x^2$ @bob #1 :sushi:[^1]

<details><summary>more</summary>text</details>

[^1]: note
"""
LINES = "# Top\n\n- [ ] task\n\n{}\n" + "\na line\n" * 40  # more than an editor shows at once
TEAM_PAGES = [
    "/",
    "/categories/dev",
    "/posts",
    "/posts?q=見出し",
    "/posts?q=nothingatall",
    "/posts/1",
    "/posts/1/revisions",
    "/posts/1/revisions/2",
    "/posts/1/revisions/2/diff",
    "/tags",
    "/bin",
    "/members",
    "/members/bob",
    "/team/settings",
    "/team/invitations",
    "/team/groups",
    "/team/slack",
    "/nothing-here",
]
BASE_PAGES = ["/teams", "/teams/new", "/user/profile"]
PHONE: ViewportSize = {"width": 390, "height": 800}

# A page in the place of the one before, whole, as a boosted link would bring it: axe and the frame's scripts stay warm,
# which is most of what a page costs here. `form` sends that form of the page before, with what these fields now say.
BECOME = """async ([address, form]) => {
  const sent = form && new FormData(document.querySelector("form.editor"))
  for (const [name, value] of Object.entries(form ?? {})) sent.set(name, value)
  const answer = await fetch(address, sent ? { method: "POST", body: sent } : {})
  const next = new DOMParser().parseFromString(await answer.text(), "text/html")
  history.replaceState(null, "", answer.url)
  document.title = next.title
  for (const { name, value } of next.documentElement.attributes) document.documentElement.setAttribute(name, value)
  document.body.replaceWith(next.body)
  htmx.process(document.body)
  return [answer.status, next.querySelector("meta[name=viewport]").content]
}"""


class Inspector:
    """Goes from page to page with axe and a ruler, and writes down what is wrong with each."""

    def __init__(self, page, live_site):
        self.page, self.site, self.faults = page, live_site, {}
        self.looks = [self.ruler, self.light, self.dark]

    def visit(self, path, *, team="docs"):
        """Really open a page. What frames it is the same on all pages of its host, so colours there are measured only now."""
        self.page.goto(self.site.url(path, team=team))
        self.look(path)
        measure_colors_of(self.page, "main *, [aria-current], [aria-current] *")

    def turn_to(self, path, *, team="docs", status=200, form=None, shows="body"):
        """The next page of the same host, in the place of this one."""
        answered, viewport = self.page.evaluate(BECOME, [self.site.url(path, team=team), form])
        assert (path, answered) == (path, status)
        assert viewport.startswith("width=device-width, initial-scale=1")  # or a phone would draw it wide, and small
        self.page.locator(shows).wait_for(state="attached")  # a phone may hide it
        self.look(path)

    def look(self, path):
        awake(self.page)
        found = {look.__name__: look() for look in self.looks}
        self.looks.reverse()  # as the window and the theme are now, the next page is looked at first
        if any(found.values()):
            self.faults[path] = found

    def ruler(self):
        self.page.set_viewport_size(PHONE)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        return width if width > PHONE["width"] else None

    def light(self):
        self.page.set_viewport_size(VIEWPORT)
        self.page.emulate_media(color_scheme="light")
        return violations(self.page)

    def dark(self):
        self.page.set_viewport_size(VIEWPORT)
        self.page.emulate_media(color_scheme="dark")
        return violations(self.page, only="color-contrast")


@pytest.mark.django_db(transaction=True)
def test_every_page_is_accessible_in_both_themes_and_no_wider_than_a_phone(
    page, live_site, alice, bob, sign_in_browser
):
    long = "とても長い題名" * 8
    post = Post.write(by=alice, name=long, category="dev/設計/長い/カテゴリ", tags=["api"], body_md=BODY, wip=False)
    post.revise(Draft(body_md=BODY.replace("注意", "大事な注意") + "a" * 300), by=bob)
    post.comment(by=bob, body_md="いいですね @alice")
    post.star(by=bob)
    draft = Post.write(by=alice, name="Draft", category="dev", tags=["設計"], body_md=LINES.format("same"))
    Post.write(by=alice, name="Gone").trash(by=alice)

    inspector = Inspector(page, live_site)
    with axe_in(page):
        inspector.visit("/accounts/login/", team="")
        sign_in_browser(page, alice)
        for path in BASE_PAGES:
            inspector.turn_to(path, team="")
        inspector.visit("/")
        for path in TEAM_PAGES[1:]:
            inspector.turn_to(path, status=404 if path == "/nothing-here" else 200)
        inspector.turn_to("/posts/2/edit", shows='[data-part="rendered"] h1')
        draft.revise(Draft(body_md=LINES.format("bob")), by=bob)
        clash = {"body_md": LINES.format("alice")}
        inspector.turn_to("/posts/2/edit", status=409, form=clash, shows=".merge__place :text('alice')")
    assert inspector.faults == {}

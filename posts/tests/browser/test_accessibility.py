"""Every page of a team's everyday, checked with axe in both themes, on a phone's width as well."""

import pytest

from posts.models import Post
from posts.models.post import Draft
from posts.tests.browser.axe import axe_in, violations

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


@pytest.mark.django_db(transaction=True)
def test_every_page_is_accessible_in_both_themes(page, live_site, alice, bob, sign_in_browser):
    post = Post.write(by=alice, name="見出し", category="dev/設計", tags=["api", "設計"], body_md=BODY, wip=False)
    post.revise(Draft(body_md=BODY.replace("注意", "大事な注意")), by=bob)
    post.comment(by=bob, body_md="いいですね @alice")
    post.star(by=bob)
    Post.write(by=alice, name="Draft", category="dev")
    Post.write(by=alice, name="Gone").trash(by=alice)

    faults = {}
    with axe_in(page):
        page.goto(live_site.url("/accounts/login/"))
        faults["/accounts/login/"] = violations(page)
        sign_in_browser(page, alice)
        for address in [live_site.url(path, team="docs") for path in TEAM_PAGES] + list(map(live_site.url, BASE_PAGES)):
            page.emulate_media(color_scheme="light")
            page.goto(address)
            faults[address] = violations(page)
            page.emulate_media(color_scheme="dark")
            faults[f"{address} (dark)"] = violations(page, only="color-contrast")
    assert {address: found for address, found in faults.items() if found} == {}


@pytest.mark.django_db(transaction=True)
def test_no_page_is_wider_than_a_phone(new_page, live_site, alice, bob, sign_in_browser):
    post = Post.write(
        by=alice, name="とても長い題名" * 8, category="dev/設計/長い/カテゴリ", tags=["api"], body_md=BODY, wip=False
    )
    post.revise(Draft(body_md=BODY + "a" * 300), by=bob)
    page = new_page(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    sign_in_browser(page, alice)

    wide = {}
    for path in [
        "/",
        "/posts",
        "/posts/1",
        "/posts/1/edit",
        "/posts/1/revisions/2/diff",
        "/members",
        "/members/bob",
        "/team/settings",
        "/team/groups",
        "/team/slack",
    ]:
        page.goto(live_site.url(path, team="docs"))
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[path] = width
    assert wide == {}

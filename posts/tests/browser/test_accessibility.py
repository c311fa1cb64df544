"""Every page of a team's everyday, checked with axe in both themes, on a phone's width as well."""

from pathlib import Path

import pytest

from posts.models import Post
from posts.models.post import Draft

AXE = (Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
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
    "/nothing-here",
]
BASE_PAGES = ["/teams", "/teams/new", "/user/profile"]


def violations(page, rules=None):
    page.evaluate(AXE)
    # Colours that are still on their way from one theme to the other are nobody's.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = page.evaluate("(only) => axe.run(document, only).then(({ violations }) => violations)", only)
    return [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found]


@pytest.mark.django_db(transaction=True)
def test_every_page_is_accessible_in_both_themes(page, live_site, alice, bob):
    post = Post.write(by=alice, name="見出し", category="dev/設計", tags=["api", "設計"], body_md=BODY, wip=False)
    post.revise(Draft(body_md=BODY.replace("注意", "大事な注意")), by=bob)
    post.comment(by=bob, body_md="いいですね @alice")
    post.star(by=bob)
    Post.write(by=alice, name="Draft", category="dev")
    Post.write(by=alice, name="Gone").trash(by=alice)

    page.emulate_media(reduced_motion="reduce")  # or colours are measured half-way from one theme to the other
    page.goto(live_site.url("/accounts/login/"))
    faults = {"/accounts/login/": violations(page)}
    page.fill("input[name=login]", "alice@example.com")
    page.fill("input[name=password]", "correct horse")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/teams")

    addresses = [live_site.url(path, team="docs") for path in TEAM_PAGES] + [live_site.url(path) for path in BASE_PAGES]
    for address in addresses:
        page.emulate_media(color_scheme="light")
        page.goto(address)
        faults[address] = violations(page)
        page.emulate_media(color_scheme="dark")
        faults[f"{address} (dark)"] = violations(page, ["color-contrast"])
    assert {address: found for address, found in faults.items() if found} == {}


@pytest.mark.django_db(transaction=True)
def test_no_page_is_wider_than_a_phone(new_context, live_site, alice, bob):
    post = Post.write(
        by=alice, name="とても長い題名" * 8, category="dev/設計/長い/カテゴリ", tags=["api"], body_md=BODY, wip=False
    )
    post.revise(Draft(body_md=BODY + "a" * 300), by=bob)
    page = new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True).new_page()
    page.goto(live_site.url("/accounts/login/"))
    page.fill("input[name=login]", "alice@example.com")
    page.fill("input[name=password]", "correct horse")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/teams")

    wide = {}
    for path in ["/", "/posts", "/posts/1", "/posts/1/edit", "/posts/1/revisions/2/diff", "/members", "/team/settings"]:
        page.goto(live_site.url(path, team="docs"))
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[path] = width
    assert wide == {}

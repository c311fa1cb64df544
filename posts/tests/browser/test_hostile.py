"""Hostile texts in a real browser: nothing of theirs runs, loads or looks like a part of the page."""

import pytest

from esa import markdown
from esa.tests.markdown.hostile import PAYLOADS
from posts.models import Post

PROBE = """() => {
    const seen = [];
    for (const node of document.querySelectorAll('[data-payload] *')) {
        for (const type of ['mouseover', 'focus', 'click', 'toggle', 'error', 'load', 'animationstart'])
            node.dispatchEvent(new Event(type, { bubbles: false, cancelable: true }));
        if (['SCRIPT', 'STYLE', 'IFRAME', 'OBJECT', 'EMBED', 'LINK', 'META', 'BASE', 'FORM', 'SVG', 'MATH'].includes(node.nodeName.toUpperCase()))
            seen.push(node.outerHTML.slice(0, 120));
        for (const { name, value } of node.attributes)
            if (name.startsWith('on') || /^\\s*(javascript|data|vbscript):/i.test(value))
                seen.push(`${name}=${value}`.slice(0, 120));
    }
    return { seen, ran: window.ran ?? null };
}"""

# What the page sends to the frame of a diagram when it is drawn anew. Its turn is the number of the drawing.
DRAW = """(html) => {
  const source = new DOMParser().parseFromString(html, "text/html").querySelector("pre.diagram").textContent
  document.querySelector("iframe.diagram__frame").contentWindow.postMessage({ source, dark: false }, "*")
}"""


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_hostile_text_survives_even_where_no_policy_would_stop_it(page):
    """Each text rendered by itself, written into a document without a Content-Security-Policy."""
    page.goto("about:blank")
    requests, dialogs = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.route("**/*", lambda route: route.abort())

    sections = "".join(
        f'<section data-payload="{number}">{markdown.render(text).html}</section>'
        for number, text in enumerate(PAYLOADS.values())
    )
    page.set_content(f"<!doctype html><title>hostile</title>{sections}", wait_until="domcontentloaded")

    found = page.evaluate(PROBE)
    assert found == {"seen": [], "ran": None}
    assert dialogs == []
    # Pictures that a text names are loaded, as in every post; scripts, styles and frames are not.
    assert not [url for url in requests if url.endswith((".js", ".css", ".html", ".swf"))]


@pytest.mark.django_db(transaction=True)
def test_a_post_full_of_hostile_texts_is_shown_as_text(page, live_site, alice, sign_in_browser):
    alice.user.language = "en"
    alice.user.save()
    # Each diagram has a frame, each frame takes half a second: those in the middle are drawn in that of the first.
    diagrams = [text for text in PAYLOADS.values() if text.startswith("```mermaid\n")]
    texts = [text for text in PAYLOADS.values() if text not in diagrams[1:-1]]
    text = "\n\n".join(texts).encode(errors="replace").decode().replace("\x00", "")  # what a post may not hold
    Post.write(by=alice, name="<script>window.ran=1</script>", body_md=text, wip=False)
    refused = []
    page.on(
        "console",
        lambda said: refused.append(f"{said.text} {said.location}") if "Content Security Policy" in said.text else None,
    )
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    sign_in_browser(page, alice)
    page.goto(live_site.url("/posts/1", team="docs"))

    page.locator(".diagram__error").wait_for()  # the last is none
    drawn = page.frame_locator("iframe").first
    drawn.locator("svg#drawing-1").wait_for()
    for turn, diagram in enumerate(diagrams[1:-1], start=2):
        page.evaluate(DRAW, markdown.render(diagram).html)
        drawn.locator(f"svg#drawing-{turn}").wait_for(state="attached")
    assert [frame.evaluate("window.ran ?? null") for frame in page.frames] == [None] * 3
    assert "<script>window.ran=1</script>" in page.locator("h1").first.inner_text()
    # The policy had nothing to refuse: the text was harmless before it came to that. Only Mermaid measures labels before
    # it cleans them; that is why it draws in a frame that has no origin, and there the policy holds what it tries.
    ours = [line for line in refused if "/static/bundles/chunks/" not in line]
    assert [line for line in ours if "script" in line or "style" in line] == []

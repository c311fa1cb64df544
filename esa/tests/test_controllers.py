"""The generic behaviours in a real browser, each on the smallest page that has it, under the site's own policy."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory
from playwright.sync_api import expect

from esa.testing import REST, awake

if TYPE_CHECKING:
    from playwright.sync_api import Page

HEAD = """{% load esa static %}<!doctype html><html lang="en"><head><title>x</title><meta name="csrf-token" content="t0ken">
<link rel="icon" href="data:,">{% import_map %}
<script type="module" src="{% static "js/app.js" %}"></script></head>"""
POLICY = "default-src 'self'; script-src 'self' 'nonce-n0nce'; style-src 'self'; img-src data:"

Answers = dict[str, Callable[[HttpRequest], HttpResponse]]


# What a behaviour left is taken back, and the next one's markup comes in, as when htmx swaps in a fragment.
BEGIN_ANEW = """(body) => {
  history.replaceState(null, "", "/")
  for (const { name } of [...document.documentElement.attributes]) if (!["lang", "class"].includes(name)) document.documentElement.removeAttribute(name)
  for (const old of document.querySelectorAll("meta[name=csrf-token]")) old.remove()
  document.head.insertAdjacentHTML("beforeend", '<meta name="csrf-token" content="t0ken">')
  window.setTimeout = window.unhurried ??= window.setTimeout
  document.body.innerHTML = body
}"""
HURRY = "window.unhurried ??= setTimeout, window.setTimeout = (work, pause) => unhurried(work, pause / 10)"


@pytest.fixture
def show(lasting_page: "Page", live_site: Any) -> "Callable[..., Page]":
    """A page with this body, whose behaviours are there; `answers` play the server for other paths."""
    page = lasting_page

    def open_page(body: str, answers: "Answers | None" = None) -> "Page":
        request = RequestFactory().get("/")
        request.csp_nonce = "n0nce"  # type: ignore[attr-defined]
        head = Template(HEAD).render(Context({"request": request}))
        body = f'<main class="markdown">{body}<p id="live"></p></main>'

        def answer(request: HttpRequest) -> HttpResponse:
            if answers and request.path in answers:
                return answers[request.path](request)
            # As on the site: a page with another policy is drawn by another process.
            opener = {"Cross-Origin-Opener-Policy": "same-origin"}
            html = f"{head}<body>{body}</body></html>"
            return HttpResponse(html, headers={"Content-Security-Policy": POLICY} | opener)

        live_site.stand_in = answer
        if page.url == "about:blank" or page.url.endswith(REST):
            page.goto(live_site.url("/", team="docs"))
        else:
            page.mouse.move(0, 0)
            page.evaluate(BEGIN_ANEW, body)
        return awake(page)

    return open_page


def says(found: Any, status: int = 200) -> Callable[[HttpRequest], HttpResponse]:
    return lambda _request: JsonResponse(found, status=status, safe=False)


def in_focus(page: "Page") -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_behaviour_comes_with_markup_that_is_added_later(show: Any) -> None:
    page = show("<div id=here></div>")
    page.evaluate(
        "here.innerHTML = '<button data-controller=toggle aria-controls=more id=b>x</button><p id=more hidden>m</p>'"
    )
    page.wait_for_selector("#b[aria-expanded=false]")
    page.click("#b")
    assert page.is_visible("#more")


MENU = """<details class="menu" data-controller="menu" id="m"><summary id="s">Menu</summary>
<div class="menu__panel"><a class="menu__item" id="one" href="/1">1</a><a class="menu__item" id="two" href="/2">2</a></div></details>
<button id="elsewhere">x</button>"""


def test_a_menu_closes_on_escape_and_gives_the_focus_back(show: Any) -> None:
    page = show(MENU)
    page.click("#s")
    page.keyboard.press("ArrowDown")
    assert in_focus(page) == "one"
    page.keyboard.press("ArrowUp")
    assert in_focus(page) == "two"
    page.keyboard.press("Escape")
    assert page.get_attribute("#m", "open") is None
    assert in_focus(page) == "s"


def test_a_menu_opens_within_the_window(show: Any) -> None:
    """Its button may have wrapped to either edge of a phone."""
    page = show(MENU)
    for edge in ("left", "right"):
        page.evaluate(
            """(edge) => {
          Object.assign(m.style, { position: "absolute", left: "", right: "", [edge]: 0 })
          const far = { left: "right", right: "left" }[edge]
          Object.assign(m.querySelector(".menu__panel").style, { position: "absolute", width: "300px", [edge]: "auto", [far]: 0 })
        }""",
            edge,
        )
        page.click("#s")
        page.wait_for_function("""() => {
          const { left, right } = m.querySelector(".menu__panel").getBoundingClientRect()
          return left >= 0 && right <= document.documentElement.clientWidth
        }""")
        page.click("#s")


def test_a_menu_closes_when_something_else_is_clicked(show: Any) -> None:
    page = show(MENU)
    page.click("#s")
    page.mouse.click(600, 500)
    assert page.get_attribute("#m", "open") is None


KEYS = """<button id="b" data-controller="hotkey" data-hotkey="c" data-hotkey-label="New post">New</button>
<button id="d" data-controller="hotkey" data-hotkey="g p" data-hotkey-label="Posts">Posts</button>
<button id="e" data-controller="hotkey" data-hotkey="p" data-hotkey-label="Print">Print</button>
<input id="q" data-controller="hotkey" data-hotkey="/" data-hotkey-label="Search">
<input id="i">"""


def count_clicks(page: "Page") -> None:
    page.evaluate(
        "window.clicks = []; document.querySelectorAll('button').forEach((b) => b.onclick = () => clicks.push(b.id))"
    )


def test_keys_work_on_the_page_but_never_while_somebody_writes(show: Any) -> None:
    page = show(KEYS)
    count_clicks(page)
    page.keyboard.press("c")
    assert page.evaluate("clicks") == ["b"]
    page.click("#i")
    page.keyboard.type("c/gp")
    assert page.evaluate("clicks") == ["b"]
    assert page.input_value("#i") == "c/gp"


def test_a_key_that_an_input_method_is_using_is_left_alone(show: Any) -> None:
    page = show(KEYS)
    count_clicks(page)
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', isComposing: true, bubbles: true}))"
    )
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', keyCode: 229, bubbles: true}))")
    assert page.evaluate("clicks") == []


def test_two_keys_in_a_row_are_one_shortcut_and_the_second_is_not_another(show: Any) -> None:
    page = show(KEYS)
    count_clicks(page)
    page.keyboard.press("g")
    page.keyboard.press("p")
    assert page.evaluate("clicks") == ["d"]
    page.keyboard.press("p")
    assert page.evaluate("clicks") == ["d", "e"]


def test_slash_goes_to_the_search_box_without_typing_itself(show: Any) -> None:
    page = show(KEYS)
    page.wait_for_selector("#q[aria-keyshortcuts]")
    page.keyboard.press("/")
    assert in_focus(page) == "q"
    assert page.input_value("#q") == ""


def test_the_question_mark_lists_the_keys_of_this_very_page(show: Any) -> None:
    page = show(KEYS + '<dialog id="shortcuts" data-controller="hotkey-sheet"><dl data-sheet></dl></dialog>')
    page.keyboard.press("?")
    assert page.inner_text("#shortcuts [data-found] dt") == "New post"
    assert page.locator("#shortcuts [data-found]").count() == 4
    assert page.locator("#shortcuts [data-found]").nth(1).locator("kbd").all_inner_texts() == ["g", "p"]


SUGGEST = """<form action="/done"><label for="t">Tag</label>
<div class="suggest"><input id="t" name="t" data-controller="autocomplete" data-url="/suggest"></div></form>"""


def test_suggestions_are_taken_by_keyboard_and_do_not_send_the_form(show: Any) -> None:
    page = show(SUGGEST, {"/suggest": says([{"value": "設計", "hint": "9"}, {"value": "設備"}])})
    page.evaluate(HURRY)
    page.type("#t", "設")
    page.wait_for_selector("#t-options li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#t", "aria-activedescendant") == "t-options-1"
    page.keyboard.press("Enter")
    assert page.input_value("#t") == "設備"
    assert page.evaluate("location.pathname") == "/"
    assert page.get_attribute("#t", "aria-expanded") == "false"


def test_the_enter_that_ends_a_conversion_takes_no_suggestion(show: Any) -> None:
    page = show(SUGGEST, {"/suggest": says(["設計"])})
    page.evaluate(HURRY)
    page.type("#t", "設")
    page.wait_for_selector("#t-options li")
    page.keyboard.press("ArrowDown")
    page.evaluate("t.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))")
    assert page.input_value("#t") == "設"


def test_a_link_that_was_walked_to_stays_marked_when_the_list_comes_anew(show: Any) -> None:
    page = show(
        '<input id="i" data-controller="pick" data-list="l"><div id="l"><a href="/a">A</a><a href="/b">B</a></div>'
    )
    marked = page.locator("#l [aria-selected=true]")
    page.focus("#i")
    page.keyboard.press("ArrowDown")
    expect(marked).to_have_text("B")
    fill = "l.innerHTML = '<a href=/c>C</a><a href=/a>A</a><a href=/b>B</a>'"
    page.evaluate(fill)  # the answer to a letter that was typed before
    expect(marked).to_have_text("B")
    page.keyboard.type("x")
    page.evaluate(fill)
    expect(marked).to_have_text("C")


TASKS = """<div class="markdown" data-controller="markdown task" data-url="/tasks" data-revision="7" data-refused="Not saved.">
<ul class="contains-task-list"><li class="task-list-item"><input type="checkbox" class="task-list-item-checkbox" data-task="0" disabled>
Wash up<ul><li>nested</li></ul></li></ul></div>"""


def test_a_task_is_posted_with_the_revision_it_was_seen_in_and_the_token(show: Any) -> None:
    seen: list[tuple[str, str]] = []

    def accept(request: HttpRequest) -> HttpResponse:
        seen.append((request.body.decode(), request.headers["x-csrftoken"]))
        return says({"revision": 8})(request)

    page = show(TASKS, {"/tasks/0": accept})
    page.click("[data-task]:not(:disabled)")
    page.wait_for_selector(".markdown[data-revision='8']")
    assert page.is_checked("[data-task]")
    body, token = seen[0]
    assert token == "t0ken"
    for name, value in [("checked", "1"), ("revision", "7")]:
        assert f'name="{name}"\r\n\r\n{value}\r\n' in body


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says({"message": "Somebody changed this list."}, 409), "Somebody changed this list."),
        (says([], 500), "Not saved."),
        (None, "Not saved."),
    ],
)
def test_a_refused_task_goes_back_and_says_why(show: Any, answer: Any, words: str) -> None:
    page = show(TASKS, {"/tasks/0": answer})
    if not answer:
        page.route("**/tasks/0", lambda route: route.abort())
    page.click("[data-task]:not(:disabled)")
    page.wait_for_selector(".task-refused")
    assert page.inner_text(".task-refused") == words
    assert not page.is_checked("[data-task]")


def test_a_task_box_is_named_by_its_own_line(show: Any) -> None:
    page = show(TASKS)
    page.wait_for_selector("[data-task][aria-label]")
    assert page.get_attribute("[data-task]", "aria-label") == "Wash up"


CONFIRM = """<form id="f" action="/gone" data-controller="confirm" data-confirm="Delete this?" data-confirm-yes="Delete" data-confirm-no="Keep">
<button id="b" name="how" value="now">Delete</button></form>"""


def test_a_form_that_asks_first_goes_only_after_yes_and_with_its_button(show: Any) -> None:
    page = show(CONFIRM)
    page.click("#b")
    page.click('dialog button:text("Keep")')
    assert page.evaluate("location.pathname") == "/"
    page.click("#b")
    page.click('dialog button:text("Delete")')
    page.wait_for_url("**/gone?how=now")


def test_a_form_sent_twice_goes_once(show: Any) -> None:
    arrived = []

    def stay(request: HttpRequest) -> HttpResponse:
        arrived.append(request.path)
        return HttpResponse(status=204)  # the page stays, as it does while a slow server thinks

    page = show(
        '<form action="/sent" data-controller="submit-once"><button id="b">Send</button></form>', {"/sent": stay}
    )
    page.evaluate("window.stopped = [], addEventListener('submit', (event) => stopped.push(event.defaultPrevented))")
    with page.expect_response("**/sent?"):
        page.click("#b")
    page.wait_for_selector("#b[aria-busy=true]")
    page.click("#b")
    assert page.evaluate("stopped") == [False, True]
    assert len(arrived) == 1


def test_times_are_told_in_the_browsers_zone_when_nobody_is_signed_in(show: Any) -> None:
    page = show(
        '<time datetime="2020-01-01T20:00:00+00:00" data-controller="local-time" data-style="datetime">?</time>'
    )
    page.evaluate("document.querySelector('meta[name=csrf-token]')?.remove()")
    page.wait_for_function("document.querySelector('time').title")
    assert "Jan 2, 2020" in page.inner_text("time")


def test_the_chosen_theme_shows_at_once_and_is_kept_by_the_server(show: Any) -> None:
    seen: list[str] = []

    def keep(request: HttpRequest) -> HttpResponse:
        seen.append(request.body.decode())
        return HttpResponse(status=204)

    page = show(
        '<form action="/theme" method="post" data-controller="theme"><button id="d" name="theme" value="dark">Dark</button></form>',
        {"/theme": keep},
    )
    with page.expect_response("**/theme"):
        page.click("#d")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.get_attribute("#d", "aria-pressed") == "true"
    assert 'name="theme"\r\n\r\ndark' in seen[0]


def test_tabs_show_one_panel_and_move_with_the_arrows(show: Any) -> None:
    page = show(
        """<div role="tablist" data-controller="tabs"><button role="tab" id="a" aria-controls="pa" aria-selected="true">A</button>
        <button role="tab" id="b" aria-controls="pb">B</button></div><p id="pa">a</p><p id="pb">b</p>"""
    )
    page.wait_for_selector("#pb", state="hidden")
    page.focus("#a")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#pb")
    assert not page.is_visible("#pa")
    assert in_focus(page) == "b"


def test_nothing_of_a_video_is_loaded_before_it_is_asked_for(show: Any) -> None:
    page = show(
        '<div class="markdown" data-controller="markdown"><div class="embed" data-embed="youtube" data-id="a/b"><a href="/v">Play</a></div></div>'
    )
    page.wait_for_selector(".embed[data-controller]")
    awake(page)
    assert page.locator("iframe").count() == 0
    page.click(".embed a")
    assert page.get_attribute("iframe", "src") == "https://www.youtube-nocookie.com/embed/a%2Fb?autoplay=1"


def test_a_formula_that_cannot_be_read_stays_as_it_was_written(show: Any) -> None:
    page = show(
        '<div class="markdown" data-controller="markdown"><span class="math" data-math="inline">\\frac{1</span></div>'
    )
    page.wait_for_selector(".math--failed")
    assert page.inner_text(".math") == "\\frac{1"


def diagram_page(show: Any, source: str) -> "Page":
    request = RequestFactory().get("/diagram-frame")
    request.csp_nonce = "n0nce"  # type: ignore[attr-defined]
    frame = get_template("diagram_frame.html").render({}, request)
    policy = (
        "default-src 'none'; script-src 'self' 'nonce-n0nce'; style-src 'self' 'unsafe-inline'; sandbox allow-scripts"
    )

    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(frame, headers={"Content-Security-Policy": policy})

    body = f"""<meta name="diagram-frame" content="/diagram-frame"><div class="markdown" data-controller="markdown">
    <pre class="diagram" data-diagram="mermaid">{source}</pre></div>"""
    page: Page = show(body, {"/diagram-frame": answer})
    return page


def test_a_diagram_is_drawn_in_a_frame_that_has_no_origin(show: Any) -> None:
    page = diagram_page(show, "flowchart LR\n  A[記事] --&gt; B[保存]")
    page.wait_for_selector("pre.diagram", state="hidden")
    frame = page.frame_locator("iframe")
    assert frame.locator("#stage:has(svg)").inner_text().split() == ["記事", "保存"]
    assert page.frames[1].evaluate("origin") == "null"
    assert page.locator("iframe").evaluate("(frame) => frame.clientHeight") > 30


def test_a_diagram_with_a_mistake_shows_its_source_and_the_mistake(show: Any) -> None:
    page = diagram_page(show, "flowchart LR\n  A[[[ --&gt;")
    page.wait_for_selector(".diagram__error")
    assert "Parse error" in page.inner_text(".diagram__error")
    assert page.is_visible("pre.diagram")


def test_a_card_shows_beside_a_link_for_mouse_and_keyboard(show: Any) -> None:
    asked: list[str] = []

    def card(request: HttpRequest) -> HttpResponse:
        asked.append(request.path)
        return HttpResponse("<p>About it</p>")

    body = """<div data-controller="glimpse" data-pages="^/posts/[0-9]+$" data-fragment="/glimpse">
    <a id="one" href="/posts/1#x">one</a> <a id="gone" href="/posts/2">gone</a> <a id="other" href="/tags">tags</a></div>"""
    page = show(body, {"/posts/1/glimpse": card, "/posts/2/glimpse": lambda _request: HttpResponse(status=404)})
    page.evaluate(HURRY)
    tip = page.get_by_role("tooltip")
    page.hover("#one")
    expect(tip).to_have_text("About it")
    assert page.get_attribute("#one", "aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    with page.expect_response("**/posts/2/glimpse"):
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    expect(tip).to_have_text("About it")
    page.keyboard.press("Shift+Tab")
    expect(tip).to_be_hidden()
    assert len(asked) == 1


def test_notes_stand_beside_their_passage_or_open_behind_it(show: Any) -> None:
    note = '<div class="note" data-quote data-count="2" data-label="Starred by {0}"><p data-words>{1}</p></div>'
    notes = note.format("Ann", "two thr\nee") + note.format("Ben", "was there once")
    body = f"""<div id="frame"><article id="sheet"><div id="text"><p>one <b>two</b> three four</p></div>
    <div id="notes" data-controller="margin" data-text="text">{notes}</div></article></div>"""
    page = show(body)
    page.wait_for_selector(".note-mark")
    place = (
        "[...document.querySelectorAll('.note')].map((note) => note.parentElement.id || note.parentElement.className)"
    )
    assert page.evaluate("document.querySelector('#text p').innerText.trim()").replace("\n", "") == "one two three four"
    assert page.locator(".note-mark").evaluate("(mark) => mark.previousSibling.data") == " three"
    assert page.evaluate(place) == ["text", "notes"]
    assert page.locator(".note").nth(0).is_hidden()
    page.get_by_role("button", name="Starred by Ann").click()
    assert page.locator(".note").nth(0).is_visible()

    page.evaluate("sheet.style.position = 'relative', sheet.style.width = '300px'")
    page.wait_for_selector(".margin .note")
    assert page.evaluate(place) == ["notes", "margin"]
    assert page.locator(".note-mark").count() == 0

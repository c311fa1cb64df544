"""The editor in a real browser: saving, the journal, input methods, keys, and the two panes."""

import re

import pytest
from playwright.sync_api import expect

from esa.testing import awake
from posts.models import Post
from posts.models.post import Draft

SCROLLED = "['.cm-scroller', '[data-part=preview]'].map((pane) => document.querySelector(pane).scrollTop)"


class Editor:
    """The editor of one person, as they use it."""

    def __init__(self, page, live_site):
        self.page, self.site = page, live_site
        self.problems = []
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, path):
        self.page.goto(self.site.url(path, team="docs"))
        self.page.locator("form.editor[data-ready]").wait_for(state="attached")
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

    def by_hand(self):
        """A draft that could not be saved is sent again three seconds later, which may come before our own hand."""
        self.page.evaluate(
            """() => {
              const real = window.setTimeout
              window.setTimeout = (work, delay, ...rest) => (delay < 3000 ? real(work, delay, ...rest) : 0)
            }"""
        )

    def try_again(self):
        self.page.get_by_role("button", name="Try again").click()
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return self


@pytest.fixture
def editor(page, live_site, alice, sign_in_browser):
    return Editor(sign_in_browser(page, alice), live_site)


# --- Nothing gets lost ------------------------------------------------------------------------------------------------


def test_a_new_post_gets_through_every_trouble_until_it_is_shipped(editor, alice, sign_in_browser):
    editor.open("/posts/new")
    what_is_written_is_previewed_and_sent_nowhere(editor, alice)
    assert editor.problems == []
    editor.by_hand()
    a_failed_save_shows_a_red_bar_that_stays(editor)
    a_lost_answer_makes_no_second_post(editor, alice)
    an_ended_session_keeps_the_text_and_shows_the_way_back(editor, alice, sign_in_browser)
    editor.problems.clear()
    a_save_has_a_receipt_and_an_address(editor, alice)
    shipping_leads_to_the_post(editor, alice)
    assert editor.problems == []


def what_is_written_is_previewed_and_sent_nowhere(editor, alice):
    editor.title.fill("日報/2026/11/23/alice #日報")
    editor.press("Enter")  # goes on to the text, and sends nothing
    editor.page.keyboard.insert_text("# 今日\n\n- [x] 朝会\n- [ ] 設計")
    expect(editor.rendered.locator("h1")).to_have_text("今日")
    expect(editor.page.locator('[data-part="counts"]')).to_contain_text("1 of 2 tasks")
    expect(editor.receipt).to_have_text("Not saved yet")
    assert not alice.team.posts.exists()


def a_failed_save_shows_a_red_bar_that_stays(editor):
    editor.page.route("**/posts/new", lambda route: route.abort())
    editor.press("Control+s")
    expect(editor.failure).to_be_visible()
    expect(editor.failure).to_contain_text("Not saved")
    expect(editor.receipt).to_have_text("Not saved yet")
    editor.write("precious")
    expect(editor.failure).to_be_visible()
    editor.page.unroute("**/posts/new")


def a_lost_answer_makes_no_second_post(editor, alice):
    editor.page.evaluate(
        """() => {
          const real = window.fetch
          window.fetch = async (...asked) => {
            const answer = await real(...asked)
            if (!String(asked[0]).endsWith("/posts/new")) return answer  // the preview asks, too, and the bell
            window.fetch = real
            window.lost = true
            throw new TypeError("the answer was lost")
          }
        }"""
    )
    editor.try_again()
    editor.page.wait_for_function("() => window.lost")
    expect(editor.failure).to_be_visible()
    expect(editor.receipt).to_have_text("Not saved yet")
    assert alice.team.posts.get().body_md == "precious"
    editor.try_again()
    expect(editor.receipt).to_contain_text("Saved as revision 2")
    expect(editor.failure).to_be_hidden()
    assert alice.team.posts.get().body_md == "precious"


def an_ended_session_keeps_the_text_and_shows_the_way_back(editor, alice, sign_in_browser):
    editor.write("hours of work")
    editor.page.context.clear_cookies(name="esa_session")
    editor.press("Control+s")
    expect(editor.failure).to_contain_text("You are signed out")
    assert "/accounts/login/" in editor.failure.get_by_role("link", name="Sign in").get_attribute("href")
    sign_in_browser(editor.page, alice)
    editor.try_again()
    expect(editor.receipt).to_contain_text("Saved as revision 3")
    assert alice.team.posts.get().body_md == "hours of work"


def a_save_has_a_receipt_and_an_address(editor, alice):
    editor.write("hours of work, and more").press("Control+s")
    expect(editor.receipt).to_contain_text(re.compile(r"Saved as revision 4, \d\d:\d\d"))
    post = alice.team.posts.get()
    assert (post.full_name, post.wip) == ("日報/2026/11/23/alice #日報", True)
    assert editor.page.url.endswith(f"/posts/{post.number}/edit")


def shipping_leads_to_the_post(editor, alice):
    editor.source.click()
    editor.press("Control+End")
    editor.page.keyboard.insert_text("\n\n終わり")
    editor.press("Control+Enter")
    post = alice.team.posts.get()
    editor.page.wait_for_url(re.compile(rf"/posts/{post.number}$"))
    post.refresh_from_db()
    assert (post.wip, post.revision_number) == (False, 5)
    assert post.body_md.endswith("終わり")


def test_two_write_the_same_post_and_neither_loses_a_word(editor, alice, bob):
    post = Post.write(by=alice, name="Hello", body_md="one\ntwo\nthree\nfour")
    editor.open("/posts/1/edit")
    what_another_wrote_comes_in_around_the_cursor(editor, post, bob)
    what_is_typed_while_a_save_is_under_way_stays(editor, post, bob)
    asked = []
    editor.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    leaving_with_unsaved_text_warns(editor, asked)
    a_clash_is_settled_on_a_page_with_both_sides(editor, post, bob)
    the_journal_let_go_of_what_was_settled(editor)
    assert asked == ["beforeunload"]  # neither for what is saved nor on the way to the other side


def what_another_wrote_comes_in_around_the_cursor(editor, post, bob):
    post.revise(Draft(body_md="ONE\nnew\ntwo\nthree\nfour\nFIVE"), by=bob, base_number=1)
    editor.source.get_by_text("three").click()
    editor.press("End")
    editor.page.keyboard.insert_text("!")
    editor.press("Control+s")

    expect(editor.receipt).to_contain_text("together with what others changed")
    assert editor.text == "ONE\nnew\ntwo\nthree!\nfour\nFIVE"
    editor.page.keyboard.insert_text("?")  # the cursor stayed behind the !
    assert "three!?\n" in editor.text
    editor.press("Control+s")
    expect(editor.receipt).to_contain_text("Saved as revision 4")
    post.refresh_from_db()
    assert post.body_md == "ONE\nnew\ntwo\nthree!?\nfour\nFIVE"


def what_is_typed_while_a_save_is_under_way_stays(editor, post, bob):
    post.revise(Draft(body_md="zero\nONE\nnew\ntwo\nthree!?\nfour"), by=bob, base_number=4)
    editor.source.get_by_text("two").click()
    editor.press("End")
    editor.page.keyboard.insert_text("!")
    editor.page.evaluate(
        """() => {
          const real = window.fetch
          window.fetch = async (...asked) => {
            const answer = await real(...asked)
            if (String(asked[0]).endsWith("/edit")) {
              window.fetch = real
              await new Promise((go) => (window.go = go))
            }
            return answer
          }
        }"""
    )
    editor.press("Control+s")
    editor.page.wait_for_function("() => window.go")
    editor.page.keyboard.insert_text(" typed meanwhile")
    editor.page.evaluate("() => window.go()")
    expect(editor.receipt).to_have_text("Not saved yet")
    editor.page.wait_for_function("() => document.querySelector('textarea[name=body_md]').value.startsWith('zero')")
    assert editor.text == "zero\nONE\nnew\ntwo! typed meanwhile\nthree!?\nfour"
    post.refresh_from_db()
    assert post.body_md == "zero\nONE\nnew\ntwo!\nthree!?\nfour"


def leaving_with_unsaved_text_warns(editor, asked):
    editor.page.evaluate("location.assign('/posts/1')")
    editor.page.wait_for_timeout(0)
    editor.press("Control+s")
    expect(editor.receipt).to_contain_text("Saved as revision 7")
    assert asked == ["beforeunload"]


def a_clash_is_settled_on_a_page_with_both_sides(editor, post, bob):
    post.refresh_from_db()
    post.revise(Draft(body_md="top\nbob's line\nend"), by=bob, base_number=7)
    editor.write("top\nalice's line\nend").press("Control+s")

    place = editor.page.locator(".merge__place")
    expect(place).to_contain_text("alice's line")
    expect(place).to_contain_text("bob's line")
    awake(editor.page)
    place.get_by_role("button", name="Take both").click()
    expect(editor.page.locator('[data-part="left"]')).to_have_text("Settled. Look it over and save.")
    editor.page.get_by_role("button", name="Save as WIP").click()
    editor.page.wait_for_url(re.compile(r"/posts/1$"))
    post.refresh_from_db()
    assert post.body_md == "top\nalice's line\nbob's line\nend"


def the_journal_let_go_of_what_was_settled(editor):
    editor.open("/posts/1/edit")
    expect(editor.page.locator('[data-part="draft"]')).to_be_hidden()


def test_the_journal_gives_back_what_a_closed_tab_had_and_ends_with_the_session(editor, alice, live_site):
    Post.write(by=alice, name="Hello", body_md="old")
    second = Editor(editor.page.context.new_page(), live_site)
    text_from_a_closed_tab_is_offered_back(second, closed=editor)
    signing_out_clears_the_journal(second)


def text_from_a_closed_tab_is_offered_back(editor, closed):
    closed.open("/posts/1/edit").write("old\nand a new idea")
    closed.page.wait_for_function(
        """() => new Promise((done) => {
          const opening = indexedDB.open("esa-journal", 1)
          opening.onsuccess = () => {
            const all = opening.result.transaction("drafts").objectStore("drafts").getAll()
            all.onsuccess = () => { opening.result.close(); done(all.result.some((each) => each.body_md.includes("idea"))) }
          }
        })"""
    )
    editor.open("/posts/1/edit")
    bar = editor.page.locator('[data-part="draft"]')
    expect(bar).to_be_hidden()  # the first tab is alive and has it

    closed.page.close()  # as in a crash: nobody is asked
    editor.page.wait_for_function("async () => (await navigator.locks.query()).held.length === 1")  # it is really gone
    editor.open("/posts/1/edit")
    expect(bar).to_contain_text("text on this device that was not saved")
    bar.get_by_role("button", name="What is different?").click()
    expect(editor.page.locator(".diff__row--add")).to_contain_text("and a new idea")
    editor.press("Escape")
    bar.get_by_role("button", name="Go on with it").click()
    assert editor.text == "old\nand a new idea"
    expect(bar).to_be_hidden()

    editor.press("Control+s")
    expect(editor.receipt).to_contain_text("Saved as revision 2")
    editor.open("/posts/1/edit")
    expect(bar).to_be_hidden()


def signing_out_clears_the_journal(editor):
    editor.write("secret draft")
    editor.page.on("dialog", lambda dialog: dialog.accept())
    editor.page.locator(".topbar__person summary").click()
    editor.page.get_by_role("button", name="Sign out").click()
    editor.page.wait_for_url(re.compile(r"^http://esa\.localhost|/accounts/logout"))
    editor.page.goto(editor.site.url("/static/img/mark.svg", team="docs"))
    count = editor.page.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open("esa-journal", 1)
          opening.onsuccess = () => {
            if (!opening.result.objectStoreNames.length) return done(0)
            const all = opening.result.transaction("drafts").objectStore("drafts").count()
            all.onsuccess = () => done(all.result)
          }
        })"""
    )
    assert count == 0


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_writing_by_hand_by_keys_and_by_buttons(editor, alice, bob):
    Post.write(by=alice, name="設計メモ", category="開発")
    Post.write(by=alice, name="x", category="日報/朝会", body_md="")
    editor.open("/posts/new")
    enter_that_confirms_a_conversion_does_nothing_else(editor, alice)
    names_posts_and_emoji_are_completed(editor)
    lists_go_on_and_tables_have_their_keys(editor)
    pastes_become_links_and_tables(editor)
    the_toolbar_formats_and_takes_back(editor)
    blocks_that_did_not_change_stay_in_the_preview(editor)
    the_panes_scroll_together(editor)
    assert editor.problems == []


def compose(page, text, *, confirm):
    """Type with a Japanese input method: candidates appear, Enter confirms them."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    key = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    cdp.send("Input.insertText", {"text": confirm})
    cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    cdp.detach()


def enter_that_confirms_a_conversion_does_nothing_else(editor, alice):
    editor.title.focus()
    compose(editor.page, "にっぽう", confirm="日報")
    # Completion works on what was confirmed,
    expect(editor.page.get_by_role("option", name="日報/朝会/")).to_be_visible()
    assert editor.title.evaluate("(field) => document.activeElement === field")  # and the focus did not go on
    assert editor.title.input_value() == "日報"

    editor.source.click()
    editor.page.keyboard.insert_text("- 一つ目\n- ")
    compose(editor.page, "ふたつめ", confirm="二つ目")
    assert editor.text == "- 一つ目\n- 二つ目"  # no new list item
    editor.press("Enter")
    assert editor.text == "- 一つ目\n- 二つ目\n- "
    assert alice.team.posts.count() == 2


def names_posts_and_emoji_are_completed(editor):
    editor.write("")
    for typed, option, inserted in [
        ("@bo", "@bob", "@bob "),
        ("#設計", "開発/設計メモ", "[#1: 開発/設計メモ](/posts/1) "),
        (":sush", "🍣 sushi", ":sushi: "),
    ]:
        editor.page.keyboard.type(typed)
        editor.page.locator(".cm-tooltip-autocomplete [aria-selected]", has_text=option).click()
        expect(editor.page.locator(".cm-tooltip-autocomplete")).to_be_hidden()
        assert editor.text.endswith(inserted)
    assert editor.text.startswith("@bob [#1")


def lists_go_on_and_tables_have_their_keys(editor):
    editor.write("- [x] done").press("Enter")
    editor.page.keyboard.insert_text("next")
    editor.press("Tab", "Enter", "Enter")
    assert editor.text.startswith("- [x] done\n    - [ ] next\n")
    editor.write("> quoted").press("Enter")
    assert editor.text == "> quoted\n> "
    editor.write("1. one").press("Enter")
    assert editor.text == "1. one\n2. "
    editor.press("Tab")  # a level below counts from 1, the one above goes on
    editor.page.keyboard.insert_text("below")
    editor.press("Enter", "Shift+Tab")
    assert editor.text == "1. one\n    1. below\n2. "

    editor.write("| a | b |").press("Enter")
    assert editor.text == "| a | b |\n| --- | --- |\n|  |  |"
    editor.page.keyboard.insert_text("1")
    editor.press("Tab")
    editor.page.keyboard.insert_text("2")
    assert editor.text.endswith("\n| 1 | 2 |")
    editor.press("Tab")
    assert editor.text.endswith("\n| 1 | 2 |\n|  |  |")
    editor.press("Shift+Tab")
    editor.page.keyboard.insert_text("two")
    assert "| 1 | two |" in editor.text
    editor.press("End", "Enter")
    assert editor.text.endswith("| 1 | two |\n|  |  |\n|  |  |")
    editor.press("Control+End", "Enter")  # an empty row leaves the table
    assert editor.text.endswith("| 1 | two |\n|  |  |\n")


def pastes_become_links_and_tables(editor):
    paste = """(source, data) => {
      const transfer = new DataTransfer()
      for (const [type, text] of Object.entries(data)) transfer.setData(type, text)
      source.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }))
    }"""
    editor.write("the docs").press("Control+a")
    editor.source.evaluate(paste, {"text/plain": "https://example.com/a_(b)"})
    assert editor.text == "[the docs](https://example.com/a_%28b%29)"
    editor.write("")
    cells = {"text/plain": "品\t数\r\nりんご\t3\r\na|b\t4\r\n", "text/html": "<table><tr><td>品</td></tr></table>"}
    editor.source.evaluate(paste, cells)
    assert editor.text.strip() == "| 品 | 数 |\n| --- | --- |\n| りんご | 3 |\n| a\\|b | 4 |"
    editor.write("")
    editor.source.evaluate(paste, {"text/plain": "plain", "text/html": "<b onclick=x>plain</b>"})
    assert editor.text == "plain"


def the_toolbar_formats_and_takes_back(editor):
    editor.write("words").press("Control+a", "Control+b")
    assert editor.text == "**words**"
    editor.press("Control+b")
    assert editor.text == "words"
    for name, result in [("Quote", "> words"), ("Quote", "words"), ("Task list", "- [ ] words"), ("List", "- words")]:
        editor.page.get_by_role("button", name=name, exact=True).click()
        assert editor.text == result
    editor.press("Control+z", "Control+z")
    assert editor.text == "words"


def blocks_that_did_not_change_stay_in_the_preview(editor):
    editor.write("$x^2$\n\nend")
    expect(editor.rendered.locator(".katex").first).to_be_visible()
    editor.rendered.locator(".math").evaluate("(formula) => (formula.kept = true)")
    editor.press("Control+Home")
    editor.page.keyboard.insert_text("# above\n\n")
    editor.press("Control+End")
    editor.page.keyboard.insert_text(" and more")
    expect(editor.rendered.locator("p").last).to_have_text("end and more")
    assert editor.rendered.locator(".math").evaluate("(formula) => formula.kept")
    assert editor.rendered.locator("p").last.get_attribute("data-line") == "5"


def the_panes_scroll_together(editor):
    body = "\n\n".join(f"## Part {number}\n\n{'long text ' * 80}" for number in range(40))
    editor.write(body).press("Control+Home")
    editor.rendered.locator("h2").nth(39).wait_for()
    editor.source.hover()
    editor.page.mouse.wheel(0, -100000)
    editor.page.wait_for_function(f"() => {SCROLLED}.every((top) => top === 0)")
    first_shown = """(pane) => [...pane.querySelectorAll("h2")].find((each) => each.getBoundingClientRect().top >= pane.getBoundingClientRect().top - 4)?.textContent"""
    preview = editor.page.locator('[data-part="preview"]')

    editor.page.mouse.wheel(0, 4000)
    editor.page.wait_for_function(f"() => {SCROLLED}[1] > 1000")
    line = editor.page.evaluate(
        """() => [...document.querySelectorAll(".cm-line")].find((each) => each.textContent.startsWith("## ") && each.getBoundingClientRect().top >= document.querySelector(".cm-scroller").getBoundingClientRect().top)?.textContent"""
    )
    there, here = (int(re.search(r"\d+", text).group()) for text in (preview.evaluate(first_shown), line))
    assert abs(there - here) <= 1

    preview.hover()
    editor.page.mouse.wheel(0, -100000)
    editor.page.wait_for_function(f"() => {SCROLLED}[0] === 0")


def test_a_phone_shows_one_pane_at_a_time_and_chooses_a_template(editor, alice):
    Post.write(by=alice, name="%{Year}-report", category="Templates/日報", body_md="# by %{me}", wip=False)
    editor.page.set_viewport_size({"width": 390, "height": 844})
    editor.open("/posts/new")
    a_template_is_chosen_in_a_dialog(editor)
    one_pane_is_shown_at_a_time(editor)


def a_template_is_chosen_in_a_dialog(editor):
    editor.page.get_by_role("link", name="Select template").click()
    editor.page.get_by_role("link", name="日報/%{Year}-report").click()
    expect(editor.title).to_have_value(re.compile(r"日報/\d{4}-report"))
    assert editor.text == "# by alice"


def one_pane_is_shown_at_a_time(editor):
    editor.page.locator("form.editor[data-ready]").wait_for(state="attached")
    expect(editor.page.locator('[data-part="preview"]')).to_be_hidden()
    editor.page.get_by_role("button", name="Preview").click()
    expect(editor.rendered.locator("h1")).to_be_visible()
    expect(editor.source).to_be_hidden()
    assert editor.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_scripts_it_is_a_form(page, live_site, alice, bob, sign_in_browser):
    scripts = sign_in_browser(page, alice).context.new_cdp_session(page)
    scripts.send("Emulation.setScriptExecutionDisabled", {"value": True})
    page.goto(live_site.url("/posts/new?category_path=/dev/", team="docs"))
    assert page.get_by_label("Title").input_value() == "dev/"
    page.get_by_label("Title").fill("dev/Hello #api")
    page.get_by_label("Text", exact=True).fill("one\ntwo")
    page.get_by_role("button", name="Save as WIP").click()
    post = alice.team.posts.get()
    assert (post.full_name, post.body_md, post.wip) == ("dev/Hello #api", "one\ntwo", True)

    page.goto(live_site.url("/posts/1/edit", team="docs"))
    page.get_by_label("Text", exact=True).fill("one\nalice")
    post.revise(Draft(body_md="one\nbob"), by=bob, base_number=1)
    page.get_by_role("button", name="Ship It!").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two versions of the same lines")
    page.get_by_label("Text", exact=True).fill("one\nalice\nbob")
    page.get_by_role("button", name="Ship It!").click()
    page.wait_for_url(re.compile(r"/posts/1$"))
    post.refresh_from_db()
    assert (post.body_md, post.wip) == ("one\nalice\nbob", False)
    scripts.detach()

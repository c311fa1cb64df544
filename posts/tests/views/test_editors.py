"""The editor as a form: what is saved, what is refused, and that no text is lost."""

import uuid

import pytest

from posts.models import Post
from posts.models.post import Draft

JSON = {"HTTP_ACCEPT": "application/json, text/html;q=0.9"}


@pytest.fixture
def post(alice):
    return Post.write(by=alice, name="Hello", category="dev", tags=["api"], body_md="one\ntwo\nthree\n")


def test_a_new_post_takes_category_name_and_tags_from_one_field(alice, sign_in):
    answer = sign_in(alice).post(
        "/posts/new",
        {"title": "開発/日報/2026/11/23/朝会 #議事録 #api", "body_md": "# 今日\r\nやったこと", "wip": "true"},
    )

    post = alice.team.posts.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/posts/{post.number}"
    assert (post.category, post.name, post.tags) == ("開発/日報/2026/11/23", "朝会", ["議事録", "api"])
    assert (post.body_md, post.wip, post.created_by) == ("# 今日\nやったこと", True, alice)


def test_ship_it_ships(alice, sign_in):
    sign_in(alice).post("/posts/new", {"title": "Hello", "body_md": "text", "wip": "false", "message": "First"})

    post = alice.team.posts.get()
    assert (post.wip, post.message) == (False, "First")


def test_a_form_without_a_button_keeps_the_text_to_the_team(alice, sign_in):
    sign_in(alice).post("/posts/new", {"title": "Hello", "body_md": "text"})
    assert alice.team.posts.get().wip is True


@pytest.mark.parametrize("title", ["", "dev/", "dev/ #tag", "a" * 256, "x #" + "t" * 51])
def test_a_title_that_cannot_be_keeps_what_was_typed(alice, sign_in, title):
    answer = sign_in(alice).post("/posts/new", {"title": title, "body_md": "a long <text>", "message": "why"})

    assert answer.status_code == 422
    assert "a long &lt;text&gt;" in answer.content.decode()
    assert 'value="why"' in answer.content.decode()
    assert answer.context["form"].errors
    assert not alice.team.posts.exists()


def test_a_text_that_is_too_long_is_refused_and_kept(post, alice, sign_in, settings):
    settings.MAX_BODY_LENGTH = 10
    answer = sign_in(alice).post("/posts/1/edit", {"title": "Hello", "body_md": "twelve chars", "base_number": 1})

    assert answer.status_code == 422
    assert "twelve chars" in answer.content.decode()
    assert "10 are allowed" in answer.content.decode()
    post.refresh_from_db()
    assert post.revision_number == 1


def test_editing_shows_what_is_there_and_saves_a_revision(post, bob, sign_in):
    client = sign_in(bob)
    page = client.get("/posts/1/edit")
    assert page.context["form"].initial == {
        "title": "dev/Hello #api",
        "body_md": "one\ntwo\nthree\n",
        "base_number": 1,
    }

    client.post("/posts/1/edit", {"title": "dev/Hello", "body_md": "new", "base_number": 1, "message": "Shorter"})
    post.refresh_from_db()
    assert (post.body_md, post.tags, post.revision_number, post.updated_by) == ("new", [], 2, bob)
    assert post.message == "Shorter"


def test_a_text_that_begins_with_an_empty_line_keeps_it(alice, sign_in):
    Post.write(by=alice, name="Hello", body_md="\n\ntext")
    page = sign_in(alice).get("/posts/1/edit").content.decode()
    assert "\n\n\ntext</textarea>" in page  # a browser drops the first one


def test_changes_of_different_lines_are_merged(post, alice, bob, sign_in):
    post.revise(Draft(body_md="ONE\ntwo\nthree\n"), by=bob, base_number=1)
    answer = sign_in(alice).post(
        "/posts/1/edit", {"title": "dev/Hello #api", "body_md": "one\ntwo\nTHREE\n", "base_number": 1}, **JSON
    )

    assert answer.status_code == 200
    told = answer.json()
    assert (told["merged"], told["revision"], told["body_md"]) == (True, 3, "ONE\ntwo\nTHREE\n")
    assert told["edits"] == [{"from": 0, "to": 1, "lines": ["ONE"]}]
    assert told["receipt"].startswith("Saved as revision 3, ")


def test_a_clash_shows_both_sides_and_saves_nothing(post, alice, bob, sign_in):
    post.revise(Draft(body_md="one\nBOB <b>\nthree\n", name="Howdy"), by=bob, base_number=1)
    mine = {"title": "dev/Hello #api #new", "body_md": "one\nALICE\nthree\n", "base_number": 1, "message": "Mine"}
    client = sign_in(alice)
    page = client.post("/posts/1/edit", mine)

    text = page.content.decode()
    assert page.status_code == 409
    assert "ALICE" in text
    assert "BOB &lt;b&gt;" in text
    form = page.context["form"].initial
    assert form["base_number"] == 2
    assert form["title"] == "dev/Howdy #api #new"  # his rename, her tag
    assert form["message"] == "Mine"
    assert "<<<<<<<" in form["body_md"]
    post.refresh_from_db()
    assert post.revision_number == 2

    again = client.post("/posts/1/edit", form | {"resolving": "1"})
    assert again.status_code == 422
    assert "conflict marks" in again.content.decode()
    assert "BOB &lt;b&gt;" in again.content.decode()

    settled = form | {"resolving": "1", "body_md": "one\nALICE and BOB\nthree\n"}
    assert client.post("/posts/1/edit", settled).status_code == 302
    post.refresh_from_db()
    assert (post.revision_number, post.body_md, post.name) == (3, "one\nALICE and BOB\nthree\n", "Howdy")


def test_marks_may_stay_when_the_writer_says_so(post, alice, sign_in):
    text = "<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n"
    given = {"title": "Hello", "body_md": text, "base_number": 1, "resolving": "1", "keep_marks": "on"}
    assert sign_in(alice).post("/posts/1/edit", given).status_code == 302
    post.refresh_from_db()
    assert post.body_md == text


def test_both_titles_are_shown_where_both_changed_it(post, alice, bob, sign_in):
    post.revise(Draft(body_md="bob", name="Howdy"), by=bob, base_number=1)
    page = sign_in(alice).post("/posts/1/edit", {"title": "dev/Hi", "body_md": "alice", "base_number": 1})

    assert page.context["form"].initial["title"] == "dev/Hi"
    assert page.context["contested_title"] == "dev/Howdy #api"


def test_a_clash_is_told_to_scripts(post, alice, bob, sign_in):
    post.revise(Draft(body_md="bob"), by=bob, base_number=1)
    answer = sign_in(alice).post("/posts/1/edit", {"title": "Hello", "body_md": "alice", "base_number": 1}, **JSON)
    assert (answer.status_code, answer.json()["error"]) == (409, "clash")


def test_a_deleted_post_gives_the_text_back(post, alice, bob, sign_in):
    post.trash(by=bob)
    client = sign_in(alice)
    page = client.post("/posts/1/edit", {"title": "Hello", "body_md": "hours of work", "base_number": 1})

    assert page.status_code == 409
    assert "hours of work" in page.content.decode()
    assert "/bin/1" in page.content.decode()
    answer = client.post("/posts/1/edit", {"title": "Hello", "body_md": "x", "base_number": 1}, **JSON)
    assert (answer.status_code, answer.json()["error"]) == (409, "gone")

    post.restore(by=bob)
    assert (
        client.post("/posts/1/edit", {"title": "Hello", "body_md": "hours of work", "base_number": 1}).status_code
        == 302
    )
    post.refresh_from_db()
    assert post.body_md == "hours of work"


def test_an_ended_session_gives_the_text_back(post, docs, sign_in):
    client = sign_in(None, docs)
    typed = {"title": "dev/Hello", "body_md": "hours of </textarea> work", "base_number": 1}
    for path in ["/posts/1/edit", "/posts/new", "/posts/404/edit"]:
        page = client.post(path, typed)
        assert page.status_code == 403
        assert "hours of &lt;/textarea&gt; work" in page.content.decode()
        assert "/accounts/login/" in page.content.decode()
        answer = client.post(path, typed, **JSON)
        assert (answer.status_code, answer.json()["error"]) == (403, "signed_out")
        assert "/accounts/login/" in answer.json()["help_url"]
    post.refresh_from_db()
    assert post.revision_number == 1


def test_a_stranger_learns_nothing_from_the_answer(docs, post, client, settings):
    typed = {"title": "x", "body_md": "y"}
    real, none = (
        client.post("/posts/1/edit", typed, HTTP_HOST=f"{name}.{settings.ESA_DOMAIN}") for name in ("docs", "nobody")
    )
    assert real.status_code == none.status_code == 403


@pytest.mark.parametrize(
    "path", ["/posts/new", "/posts/1/edit", "/templates", "/completions/posts", "/completions/members", "/preview"]
)
def test_an_outsider_sees_nothing(post, carol, docs, sign_in, path):
    client = sign_in(carol, docs)
    assert client.get(path).status_code in ({404, 405} if path == "/preview" else {404})
    assert client.post(path, {"title": "x", "body_md": "y", "base_number": 1}).status_code in {404, 405}
    post.refresh_from_db()
    assert post.revision_number == 1


def test_an_open_team_lets_the_world_read_but_not_write(post, docs, carol, sign_in):
    docs.privacy = "open"
    docs.save()
    post.ship(by=post.created_by)
    client = sign_in(carol, docs)
    for path in ["/posts/1/edit", "/posts/new", "/templates", "/completions/titles?q=d"]:
        assert client.get(path).status_code == 404
    assert client.post("/preview", {"body_md": "x"}).status_code == 404


def test_a_post_of_another_team_is_not_there(post, carol, sign_in):
    assert sign_in(carol).get("/posts/1/edit").status_code == 404
    assert sign_in(carol).get("/posts/new?parent_post_id=1").status_code == 404
    assert sign_in(carol).get("/posts/new?template_post_id=1").status_code == 404


def test_the_forgery_check_is_on(alice, docs, settings):
    from django.test import Client

    client = Client(enforce_csrf_checks=True, HTTP_HOST=f"docs.{settings.ESA_DOMAIN}")
    client.force_login(alice.user)
    assert client.post("/posts/new", {"title": "x", "body_md": "y"}).status_code == 403
    assert client.post("/preview", {"body_md": "y"}).status_code == 403
    assert not alice.team.posts.exists()


def test_a_save_whose_answer_was_lost_makes_no_second_post(alice, sign_in):
    client = sign_in(alice)
    first = str(uuid.uuid4())
    client.post("/posts/new", {"title": "Hello", "body_md": "one", "attempt": first}, **JSON)
    again = {"title": "Hello", "body_md": "one\ntwo", "attempt": str(uuid.uuid4()), "unanswered": first}
    answer = client.post("/posts/new", again, **JSON).json()

    assert (answer["number"], answer["revision"], answer["merged"]) == (1, 2, False)
    assert alice.team.posts.get().body_md == "one\ntwo"


def test_a_save_whose_answer_was_lost_does_not_clash_with_itself(post, alice, sign_in):
    client = sign_in(alice)
    first = str(uuid.uuid4())
    client.post("/posts/1/edit", {"title": "Hello", "body_md": "mine", "base_number": 1, "attempt": first}, **JSON)
    again = {"title": "Hello", "body_md": "mine, better", "base_number": 1, "unanswered": first}
    answer = client.post("/posts/1/edit", again, **JSON)

    assert answer.status_code == 200
    post.refresh_from_db()
    assert post.body_md == "mine, better"


def test_another_persons_attempt_means_nothing(alice, bob, sign_in):
    first = str(uuid.uuid4())
    sign_in(alice).post("/posts/new", {"title": "Hello", "body_md": "one", "attempt": first})
    sign_in(bob).post("/posts/new", {"title": "Hello", "body_md": "two", "unanswered": first})
    assert alice.team.posts.count() == 2

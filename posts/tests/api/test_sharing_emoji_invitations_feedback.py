import base64
import re

import pytest
from django.core import mail
from django.test import Client

from posts import slides
from posts.models import Attachment, Post
from posts.tests.api.speaking import Program
from posts.tests.files import file, picture
from teams.models import Emoji, Event, Feedback, User
from teams.models.feedback import mail_waiting_feedback

T = "/v1/teams/docs"


# --- Sharing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def post(alice, bob):
    other = Post.write(by=alice, name="Secret plan")
    return Post.write(by=alice, name="Talk", category="dev", body_md=f"# One\n\n@bob #{other.number}\n\n---\n\n# Two")


def world(url, host="docs.esa.localhost"):
    return Client(HTTP_HOST=host).get(re.sub(r"^http://[^/]+", "", url))


def test_a_post_is_shared_and_no_longer_shared(post, alice):
    program = Program(alice)
    answer = program.post(f"{T}/posts/{post.number}/sharing")
    urls = answer.json()
    assert answer.status_code == 201
    assert list(urls) == ["html", "slides"]
    assert re.fullmatch(r"http://docs\.esa\.localhost/sharing/[0-9a-f]{32}", urls["html"])
    assert urls["slides"] == f"{urls['html']}/slides"
    assert program.post(f"{T}/posts/{post.number}/sharing").json() == urls
    assert program.get(f"{T}/posts/{post.number}").json()["sharing_urls"] == urls
    assert [each["number"] for each in program.get(f"{T}/posts", q="sharing:true").json()["posts"]] == [post.number]
    assert world(urls["html"]).status_code == 200
    assert program.delete(f"{T}/posts/{post.number}/sharing").status_code == 204
    assert program.delete(f"{T}/posts/{post.number}/sharing").status_code == 204
    assert world(urls["html"]).status_code == 404
    assert program.get(f"{T}/posts/{post.number}").json()["sharing_urls"] is None
    assert program.post(f"{T}/posts/{post.number}/sharing").json() != urls
    kinds = Event.objects.filter(action__contains="sharing").order_by("pk").values_list("action", flat=True)
    assert list(kinds) == ["post_start_sharing", "post_stop_sharing", "post_start_sharing"]


def test_who_may_not_share(post, alice, carol, sign_in):
    assert Program(alice, "read").post(f"{T}/posts/{post.number}/sharing").status_code == 403
    assert Program(carol).post(f"{T}/posts/{post.number}/sharing").status_code == 404
    for who in (carol, None):
        assert sign_in(who, post.team).post(f"/posts/{post.number}/sharing").status_code == 404
        assert sign_in(who, post.team).post(f"/posts/{post.number}/sharing/delete").status_code == 404
    assert Post.objects.get(pk=post.pk).shared is None


def test_the_world_sees_the_text_and_nothing_of_the_team(post, alice):
    url = post.share(by=alice).url
    for address in (url, f"{url}/slides"):
        page = world(address)
        text = page.content.decode()
        assert page["X-Robots-Tag"] == "noindex, nofollow"
        assert page["Referrer-Policy"] == "no-referrer"
        assert "One" in text
        for absent in ("Alice", "Bob", "/members/", "Secret plan", "dev/"):
            assert absent not in text
    assert world(f"{url}/slides").content.decode().count('class="slide"') == 2


def test_a_shared_post_is_gone_with_the_post_the_host_or_a_wrong_key(post, alice, carol):
    url = post.share(by=alice).url
    assert world(url, "elsewhere.esa.localhost").status_code == 404
    assert world(url[:-1] + "x").status_code == 404
    post.trash(by=alice)
    assert world(url).status_code == 404


def test_a_shared_page_opens_the_members_only_pictures_that_it_shows(docs, alice):
    docs.guard_files(True, by=alice)
    alice.refresh_from_db()
    attachment = Attachment.attach(picture(), by=alice)
    shared = Post.write(by=alice, name="x", body_md=f'<img src="{attachment.url}">').share(by=alice)
    url = re.search(r'src="([^"]*uploads[^"]*)"', world(shared.url).content.decode())[1].replace("&amp;", "&")
    assert world(attachment.url).status_code == 302
    assert world(url).status_code == 200


def test_a_shared_text_runs_no_script(alice):
    shared = Post.write(by=alice, name="x", body_md="<script>alert(1)</script><img src=x onerror=alert(1)>").share(
        by=alice
    )
    text = world(shared.url).content.decode()
    assert "alert(1)</script>" not in text
    assert "onerror" not in text


def test_sharing_on_the_page_of_the_post(post, bob, sign_in):
    client = sign_in(bob)
    assert "Share with the world" in client.get(f"/posts/{post.number}").content.decode()
    client.post(f"/posts/{post.number}/sharing")
    url = Post.objects.get(pk=post.pk).shared.url
    assert url in client.get(f"/posts/{post.number}").content.decode()
    client.post(f"/posts/{post.number}/sharing/delete")
    assert world(url).status_code == 404


def test_slides_are_for_those_who_read_the_post(post, docs, bob, carol, sign_in):
    assert sign_in(bob).get(f"/posts/{post.number}/slides").content.decode().count('class="slide"') == 2
    assert sign_in(carol, docs).get(f"/posts/{post.number}/slides").status_code == 404
    assert sign_in(None, docs).get(f"/posts/{post.number}/slides").status_code == 302


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ("", 1),
        ("<p>a</p>", 1),
        ("<p>a</p><hr><p>b</p><hr />\n<p>c</p>", 3),
        ("<hr><p>a</p><hr>", 1),
        ("<blockquote><hr></blockquote><p>a</p>", 1),
        ("<h1>a</h1><p>x</p><h2>b</h2><h3>c</h3>", 2),
        ("<p>intro</p><h1>a</h1><details><h2>b</h2></details>", 2),
        ('<p>a<br>b<img src="x"></p>\n<hr>\n<h1>c</h1>', 2),
        ("<pre>&lt;hr&gt;</pre><p>a</p>", 1),
    ],
)
def test_where_slides_are_cut(html, count):
    pieces = slides.split(html)
    assert len(pieces) == count
    if "<hr" not in html:
        assert "".join(pieces) == html


# --- Emoji ------------------------------------------------------------------------------------------------------------


def drawn(**more):
    return picture("e.png", size=(128, 128), **more).read()


def test_an_emoji_is_made_from_base64_or_a_file_listed_used_and_deleted(alice, bob):
    program = Program(bob)
    answer = program.post(f"{T}/emojis", {"emoji": {"code": "team_emoji", "image": base64.b64encode(drawn()).decode()}})
    assert (answer.status_code, answer.json()) == (201, {"code": "team_emoji"})
    sent = {"emoji[code]": "other", "emoji[image]": file("e.gif", picture("e.gif", "GIF", (200, 200)).read())}
    assert program.upload(f"{T}/emojis", **sent).status_code == 201
    assert program.post(f"{T}/emojis", {"emoji": {"code": "again", "origin_code": "team_emoji"}}).status_code == 201
    shown = program.get(f"{T}/emojis").json()
    assert [each["code"] for each in shown["emojis"]] == ["other", "team_emoji"]
    assert list(shown["emojis"][1]) == ["code", "aliases", "category", "raw", "url"]
    assert shown["emojis"][1]["aliases"] == ["team_emoji", "again"]
    assert (shown["emojis"][1]["category"], shown["emojis"][1]["raw"]) == ("Custom", None)
    url = shown["emojis"][1]["url"]
    assert world(url)["Content-Type"] == "image/png"

    html = Post.write(by=bob, name="x", body_md=":team_emoji: :again: :nothing: `:other:`").body_html
    assert html.count(url) == 2
    assert ":nothing:" in html
    assert program.delete(f"{T}/emojis/team_emoji").status_code == 204
    assert program.delete(f"{T}/emojis/team_emoji").status_code == 404
    assert list(Emoji.objects.values_list("code", flat=True)) == ["other"]


def test_another_name_for_an_emoji_of_unicode(alice):
    program = Program(alice)
    program.post(f"{T}/emojis", {"emoji": {"code": "susi", "origin_code": "sushi"}})
    shown = program.get(f"{T}/emojis").json()["emojis"]
    assert shown == [{"code": "susi", "aliases": ["susi"], "category": "Custom", "raw": "🍣", "url": None}]
    assert "🍣" in Post.write(by=alice, name="x", body_md=":susi:").body_html
    every = program.get(f"{T}/emojis", include="all").json()["emojis"]
    grouped = {each["raw"]: each["category"] for each in every if each["url"] is None and each["code"] != "susi"}
    assert [grouped[each] for each in "😀👍🐶🍣⚽🗻💡🔤"] == [
        *("People", "People", "Nature", "Foods", "Activity", "Places", "Objects", "Symbols")
    ]
    assert grouped["🇯🇵"] == "Flags"
    assert any(each["raw"] == "🍣" and "sushi" in each["aliases"] for each in every)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"code": "e"}, "image"),
        ({"code": "e", "image": "%%%"}, "picture"),
        ({"code": "E e", "image": base64.b64encode(drawn()).decode()}, "code"),
        ({"code": "e", "image": base64.b64encode(picture(size=(64, 64)).read()).decode()}, "128"),
        ({"code": "e", "image": base64.b64encode(picture("e", "JPEG", (128, 128)).read()).decode()}, "PNG"),
        ({"code": "e", "image": base64.b64encode(drawn(tail=b"x" * 70_000)).decode()}, "64 KB"),
        ({"code": "e", "origin_code": "no_such_emoji"}, "no_such_emoji"),
        ({}, "code"),
    ],
)
def test_what_is_no_emoji(alice, given, why):
    answer = Program(alice).post(f"{T}/emojis", {"emoji": given})
    assert answer.status_code == 400
    assert why.lower() in answer.json()["message"].lower()
    assert not Emoji.objects.exists()


def test_a_code_is_taken_once_per_team(alice, carol):
    Emoji.draw(drawn(), code="e", by=alice)
    Emoji.draw(drawn(), code="e", by=carol)
    answer = Program(alice).post(f"{T}/emojis", {"emoji": {"code": "e", "image": base64.b64encode(drawn()).decode()}})
    assert answer.status_code == 400


def test_emoji_are_for_members(docs, alice, carol, sign_in):
    Emoji.draw(drawn(), code="e", by=alice)
    assert Program(carol).get(f"{T}/emojis").status_code == 404
    assert Program(carol).delete(f"{T}/emojis/e").status_code == 404
    assert Program(alice, "read").delete(f"{T}/emojis/e").status_code == 403
    assert sign_in(carol, docs).get("/team/emojis").status_code == 404
    assert sign_in(carol, docs).post("/team/emojis/e/delete").status_code == 404
    assert Emoji.objects.count() == 1


def test_the_page_of_emoji(bob, sign_in):
    client = sign_in(bob)
    assert client.post("/team/emojis", {"code": "e", "image": file("e.png", drawn())}).status_code == 302
    assert ":e:" in client.get("/team/emojis").content.decode()
    wrong = client.post("/team/emojis", {"code": "typed", "image": file("e.png", b"x")})
    assert wrong.status_code == 422
    assert 'value="typed"' in wrong.content.decode()
    client.post("/team/emojis/e/delete")
    assert not Emoji.objects.exists()


# --- Invitations ------------------------------------------------------------------------------------------------------


def test_the_link_and_a_new_link(docs, alice):
    program = Program(alice)
    first = program.get(f"{T}/invitation").json()
    assert first == {"url": docs.invitation_url}
    second = program.post(f"{T}/invitation_regenerator")
    assert second.status_code == 200
    assert second.json() != first
    docs.refresh_from_db()
    assert second.json() == {"url": docs.invitation_url}


def test_people_are_invited_listed_and_cancelled(alice, bob):
    program = Program(alice)
    answer = program.post(
        f"{T}/invitations", {"member": {"emails": ["Foo@example.com", "bob@example.com"]}, "force": False}
    )
    assert answer.status_code == 201
    told = answer.json()
    assert list(told) == ["invitations", "rejected_emails"]
    assert [each["email"] for each in told["invitations"]] == ["foo@example.com"]  # bob is in the team
    invitation = told["invitations"][0]
    assert list(invitation) == ["email", "code", "expires_at", "url"]
    assert re.fullmatch(r"m[0-9a-f]{32}", invitation["code"])
    assert invitation["url"] == f"http://docs.esa.localhost/team/invitations/{invitation['code']}/join"
    listed = program.get(f"{T}/invitations").json()
    assert listed["invitations"] == [invitation]
    assert listed["total_count"] == 1
    assert program.delete(f"{T}/invitations/{invitation['code']}").status_code == 204
    assert program.delete(f"{T}/invitations/{invitation['code']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"member": {}},
        {"member": {"emails": []}},
        {"member": {"emails": ["x"]}},
        {"member": {"emails": ["a@b.example"] * 101}},
        {"member": {"emails": "a@b.example"}},
    ],
)
def test_who_is_not_invited(alice, body):
    assert Program(alice).post(f"{T}/invitations", body).status_code == 400


def test_only_owners_invite(alice, bob, carol):
    calls = [
        ("get", "invitation"),
        ("post", "invitation_regenerator"),
        ("get", "invitations"),
        ("post", "invitations"),
        ("delete", "invitations/m0"),
    ]
    for who, status in ((Program(bob), 403), (Program(carol), 404)):
        for method, path in calls:
            assert getattr(who, method)(f"{T}/{path}").status_code == status, path
    assert Program(alice, "read").post(f"{T}/invitation_regenerator").status_code == 403


# --- Feedback ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/feedbacks", f"{T}/feedbacks"])
def test_feedback_is_kept_and_mailed_to_the_operator(bob, settings, path, django_capture_on_commit_callbacks):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    settings.FEEDBACK_EMAIL = "operator@example.com"
    answer = Program(bob).post(path, {"feedback": {"message": "Nice", "meta": {"page": 1}}})
    assert (answer.status_code, answer.content, answer["Content-Length"]) == (201, b"", "0")
    feedback = Feedback.objects.get()
    assert (feedback.message, feedback.user, feedback.meta) == ("Nice", bob.user, {"page": 1})
    feedback.mail()
    feedback.mail()
    assert [message.to for message in mail.outbox] == [["operator@example.com"]]
    assert mail.outbox[0].reply_to == ["bob@example.com"]


def test_without_an_address_superusers_get_it_also_those_who_come_later(bob, alice):
    Feedback.give(by=bob.user, message="Early")
    mail_waiting_feedback()
    assert mail.outbox == []
    User.objects.filter(pk=alice.user_id).update(is_superuser=True)
    Feedback.give(by=bob.user, message="Nice", email="me@example.com").mail()
    assert (mail.outbox[0].to, mail.outbox[0].reply_to) == (["alice@example.com"], ["me@example.com"])
    mail_waiting_feedback()
    mail_waiting_feedback()
    assert [message.body.split()[0] for message in mail.outbox] == ["Nice", "Early"]


@pytest.mark.parametrize("given", [{}, {"message": " "}, {"message": "x", "email": "x"}, {"message": "x", "meta": [1]}])
def test_what_is_no_feedback(bob, given):
    assert Program(bob).post("/v1/feedbacks", {"feedback": given}).status_code == 400
    assert not Feedback.objects.exists()


def test_feedback_is_for_those_who_may(bob, carol):
    assert Program(carol).post(f"{T}/feedbacks", {"feedback": {"message": "x"}}).status_code == 404
    assert Program(bob, "read").post("/v1/feedbacks", {"feedback": {"message": "x"}}).status_code == 403

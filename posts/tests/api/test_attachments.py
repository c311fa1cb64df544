import re
import time
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.test import Client

from posts.models import Attachment, Post
from posts.models.attachment import signature
from posts.tests.api.speaking import Program
from posts.tests.files import SCRIPT, file, picture

T = "/v1/teams/docs"


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def fetch(url, host=None, **more):
    parts = urlsplit(url)
    return Client().get(f"{parts.path}?{parts.query}", HTTP_HOST=host or parts.netloc, **more)


def test_a_file_is_uploaded_and_fetched_by_anybody_who_has_its_address(alice):
    sent = picture("図 1.png")
    answer = Program(alice).upload(f"{T}/attachments", file=sent)
    shown = answer.json()["attachment"]
    assert answer.status_code == 201
    assert re.fullmatch(
        rf"http://docs\.esa\.localhost/uploads/[a-z]+/attachments/{alice.team_id}/\d{{4}}/\d\d/\d\d/{alice.user_id}/[0-9a-f-]{{36}}\.png",
        shown.pop("url"),
    )
    assert shown == {"name": "図 1.png", "size": sent.size, "content_type": "image/png"}

    got = fetch(Attachment.objects.get().url)
    sent.seek(0)
    assert b"".join(got) == sent.read()
    assert (got["Content-Type"], got["Content-Length"]) == ("image/png", str(sent.size))
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got["Content-Security-Policy"]
    assert got["Content-Disposition"].startswith("inline;")


def test_a_name_may_be_given(alice):
    answer = Program(alice).upload(f"{T}/attachments", file=picture("a.png"), name="../../etc/b.png")
    assert answer.json()["attachment"]["name"] == "b.png"


def test_who_may_not_upload(alice, carol):
    assert Program(alice, "read").upload(f"{T}/attachments", file=picture()).status_code == 403
    assert Program(carol).upload(f"{T}/attachments", file=picture()).status_code == 404
    assert Client(HTTP_HOST="api.esa.localhost").post(f"{T}/attachments", {"file": picture()}).status_code == 401
    assert not Attachment.objects.exists()


def test_a_missing_file_is_a_bad_request(alice):
    answer = Program(alice).upload(f"{T}/attachments", name="a.png")
    assert answer.status_code == 400
    assert answer.json()["error"] == "bad_request"


def test_too_large_a_file_is_refused_in_the_words_of_the_contract(alice, settings):
    settings.ATTACHMENT_MAX_BYTES = 10 * 1024 * 1024
    answer = Program(alice).upload(f"{T}/attachments", file=file("a.bin", b"x" * (10 * 1024 * 1024 + 1)))
    assert (answer.status_code, answer.json()) == (
        413,
        {"error": "request_entity_too_large", "message": "File Too Large (max: 10MB)"},
    )
    assert not Attachment.objects.exists()


def test_too_slow_an_upload_is_ended(alice, monkeypatch):
    monkeypatch.setattr("esa.uploads.SECONDS", -1)
    answer = Program(alice).upload(f"{T}/attachments", file=picture())
    assert (answer.status_code, answer.json()) == (
        408,
        {"error": "request_timeout", "message": "Request Timeout: the upload did not complete in time"},
    )


def test_the_fourth_upload_in_ten_seconds_has_to_wait(alice, bob, monkeypatch):
    monkeypatch.setattr("posts.api.attachments.SECONDS", 10_000)
    program = Program(alice)
    answers = [program.upload(f"{T}/attachments", file=picture()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[3].json()["error"] == "too_many_requests"
    assert re.fullmatch(r"Retry after \d+ seconds\.", answers[3].json()["message"])
    assert int(answers[3]["Retry-After"]) > 0
    assert Program(bob).upload(f"{T}/attachments", file=picture()).status_code == 201


# --- The older form ---------------------------------------------------------------------------------------------------


def form_of(program, **parameters):
    query = {"type": "image/png", "name": "diagram.png", "size": 1000} | parameters
    return program.post(f"{T}/attachments/policies?" + "&".join(f"{name}={value}" for name, value in query.items()))


@pytest.mark.parametrize("how", ["query", "json", "form"])
def test_a_form_is_given_out_however_the_parameters_come(alice, how):
    program, given = Program(alice), {"type": "image/png", "name": "a.png", "size": "10"}
    answer = {
        "query": lambda: form_of(program),
        "json": lambda: program.post(f"{T}/attachments/policies", given),
        "form": lambda: program.upload(f"{T}/attachments/policies", **given),
    }[how]()
    assert answer.status_code == 200
    shown = answer.json()
    assert (
        shown["attachment"]["endpoint"] == "http://api.esa.localhost/uploads"
    )  # the host that was asked, for it can be reached
    assert shown["attachment"]["url"] == f"http://docs.esa.localhost/{shown['form']['key']}"
    assert all(isinstance(value, str) for value in shown["form"].values())


@pytest.mark.parametrize("members_as_files", [False, True])
def test_the_form_brings_the_file_without_a_token(alice, members_as_files):
    told = form_of(Program(alice)).json()
    members = (
        {name: file(name, value.encode()) for name, value in told["form"].items()} if members_as_files else told["form"]
    )
    stranger = Client(HTTP_HOST="docs.esa.localhost", enforce_csrf_checks=True)
    assert fetch(told["attachment"]["url"]).status_code == 302  # nothing there yet
    answer = stranger.post("/uploads", {**members, "file": picture()})
    assert (answer.status_code, answer.content) == (204, b"")
    assert fetch(told["attachment"]["url"])["Content-Type"] == "image/png"


def test_a_form_is_used_once_and_overwrites_nothing(alice):
    told = form_of(Program(alice)).json()
    stranger = Client(HTTP_HOST="docs.esa.localhost")
    assert stranger.post("/uploads", {**told["form"], "file": picture()}).status_code == 204
    before = b"".join(fetch(told["attachment"]["url"]))
    answer = stranger.post("/uploads", {**told["form"], "file": picture(size=(9, 9))})
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert b"".join(fetch(told["attachment"]["url"])) == before


def test_a_form_fits_no_other_key_and_no_made_up_policy(alice, bob):
    told, other = form_of(Program(alice)).json()["form"], form_of(Program(bob)).json()["form"]
    stranger = Client(HTTP_HOST="docs.esa.localhost")
    for wrong in (
        {"key": other["key"], "policy": told["policy"]},
        {"key": "uploads/../../manage.py", "policy": told["policy"]},
        {"key": told["key"], "policy": "x:y:z"},
        {"key": told["key"]},
        {},
    ):
        assert stranger.post("/uploads", {**wrong, "file": picture()}).status_code == 403
    assert not Attachment.objects.stored().exists()


def test_a_form_dies_when_its_person_leaves(alice, bob):
    told = form_of(Program(bob)).json()["form"]
    bob.leave(by=alice)
    answer = Client(HTTP_HOST="docs.esa.localhost").post("/uploads", {**told, "file": picture()})
    assert answer.status_code == 403


def test_a_form_without_a_file_or_with_too_large_a_one_is_refused(alice, settings):
    told = form_of(Program(alice)).json()["form"]
    stranger = Client(HTTP_HOST="docs.esa.localhost")
    assert stranger.post("/uploads", told).status_code == 400
    settings.ATTACHMENT_MAX_BYTES = 100
    assert stranger.post("/uploads", {**told, "file": file("a", b"x" * 200)}).status_code == 413
    assert form_of(Program(alice), size=200).status_code == 413


def test_whatever_the_form_claims_the_bytes_decide(alice):
    told = form_of(Program(alice), type="image/png", name="a.png").json()
    Client(HTTP_HOST="docs.esa.localhost").post("/uploads", {**told["form"], "file": file("a.png", SCRIPT)})
    got = fetch(told["attachment"]["url"])
    assert got["Content-Type"] == "text/plain; charset=utf-8"
    assert got["Content-Disposition"].startswith("attachment;")


# --- Files of members -------------------------------------------------------------------------------------------------


@pytest.fixture
def secret(docs, alice):
    docs.guard_files(True, by=alice)
    alice.refresh_from_db()
    return Attachment.attach(picture("secret.png"), by=alice)


def test_a_members_only_file_needs_a_member_or_a_signature(secret, alice, bob, carol, sign_in):
    assert fetch(secret.url).status_code == 302
    assert sign_in(bob).get(secret.path).status_code == 200
    assert sign_in(carol, bob.team).get(secret.path).status_code == 404
    assert sign_in(carol).get(secret.path).status_code == 404  # nor on her own team's host


def test_signed_addresses_open_the_file_for_a_while(secret, alice):
    program = Program(alice, "read")
    answer = program.get(f"{T}/signed_urls", urls=f"{secret.path},/uploads/a/none.png", expires_in=30, v=2)
    (echo, url), none = answer.json()["signed_urls"]
    assert answer.status_code == 200
    assert echo == secret.path
    assert none == ["/uploads/a/none.png", None]
    got = fetch(url)
    assert (got.status_code, got["Content-Type"], got["Content-Length"]) == (200, "image/png", str(secret.size))
    past = int(time.time()) - 1
    assert fetch(f"{secret.url}?expires={past}&signature={signature(secret.key, past)}").status_code == 302
    for broken in (
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace("expires=", "expires=9"),
        f"{secret.url}?expires=é&signature=é",
    ):
        assert fetch(broken).status_code == 302


def test_a_signature_of_one_file_opens_no_other(secret, alice):
    other = Attachment.attach(picture(), by=alice)
    url = Program(alice).get(f"{T}/signed_urls", urls=secret.path).json()["signed_urls"][0][1]
    assert fetch(url.replace(secret.path, other.path)).status_code == 302


def test_addresses_are_signed_by_post_too_and_echoed_as_they_were(secret, alice):
    asked = [secret.url, secret.path, "nonsense", "//[", ""]
    answer = Program(alice).post(f"{T}/signed_urls", {"urls": asked, "expires_in": 604800, "v": 2})
    pairs = answer.json()["signed_urls"]
    assert [pair[0] for pair in pairs] == asked
    assert [bool(pair[1]) for pair in pairs] == [True, True, False, False, False]


def test_another_teams_files_are_not_signed(secret, carol):
    answer = Program(carol).get("/v1/teams/elsewhere/signed_urls", urls=secret.path)
    assert answer.json() == {"signed_urls": [[secret.path, None]]}
    assert Program(carol).get(f"{T}/signed_urls", urls=secret.path).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"urls": ""}, 400),
        ({"urls": "a", "expires_in": 0}, 400),
        ({"urls": "a", "expires_in": 604801}, 400),
        ({"urls": ",".join("a" * 11)}, 400),
        ({"urls": ",".join("a" * 10)}, 200),
    ],
)
def test_what_is_asked_for_by_get_is_bounded(alice, query, status):
    assert Program(alice).get(f"{T}/signed_urls", **query).status_code == status


def test_what_is_asked_for_by_post_is_bounded(alice):
    program = Program(alice)
    assert program.post(f"{T}/signed_urls", {"urls": ["a"] * 1000}).status_code == 200
    assert program.post(f"{T}/signed_urls", {"urls": ["a"] * 1001}).status_code == 400


def test_the_older_way_to_sign_one_address(secret, alice):
    program = Program(alice)
    answer = program.get(f"{T}/signed_url{secret.path}")
    assert answer.status_code == 200
    assert fetch(answer.json()["url"]).status_code == 200
    assert program.get(f"{T}/signed_url/none.png").status_code == 404


def test_switching_leaves_files_alone_that_are_there(docs, alice):
    public = Attachment.attach(picture(), by=alice)
    docs.guard_files(True, by=alice)
    assert fetch(public.url).status_code == 200


def test_signing_costs_the_same_for_one_address_and_for_many(alice, django_assert_max_num_queries):
    program = Program(alice)
    files = [Attachment.attach(picture(), by=alice) for _ in range(5)]
    program.get(f"{T}/signed_urls", urls=files[0].path)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        program.get(f"{T}/signed_urls", urls=files[0].path)
    with django_assert_max_num_queries(len(one)):
        program.get(f"{T}/signed_urls", urls=",".join(each.path for each in files))


def test_the_end_of_a_team_takes_its_files_along(docs, alice, django_capture_on_commit_callbacks):
    attachment = Attachment.attach(picture(), by=alice)
    assert default_storage.exists(attachment.key)
    with django_capture_on_commit_callbacks(execute=True):
        docs.delete_later(by=alice)
        assert docs.erase()
    assert not default_storage.exists(attachment.key)
    assert fetch(attachment.url).status_code != 200


@pytest.mark.parametrize(
    ("asked", "seconds"), [("", 0), ("false", 0), ("true", 60), ("1", 1), ("3600", 3600), ("604800", 604_800)]
)
def test_posts_and_comments_come_with_signed_addresses_when_asked(secret, alice, asked, seconds, time_machine):
    time_machine.move_to("2026-01-02T03:04:05Z", tick=False)
    post = Post.write(by=alice, name="x", body_md=f'<img src="{secret.url}">')
    comment = post.comment(by=alice, body_md=f"![]({secret.path})")
    program, query = Program(alice), {"sign_attachment_urls": asked} if asked else {}
    shown = program.get(f"{T}/posts/{post.number}", include="comments", **query).json()
    for text in (shown, shown["comments"][0], program.get(f"{T}/comments/{comment.pk}", **query).json()):
        expires = int(time.time()) + seconds
        assert text["body_md"].count(f"?expires={expires}&signature=") == bool(seconds)
        assert text["body_html"].count(f"?expires={expires}&amp;signature=") == bool(seconds)
        assert ("expires" in text["body_html"]) is bool(seconds)
    if seconds:
        url = re.search(r'src="([^"]+)"', shown["body_md"])[1]
        assert fetch(url).status_code == 200
        time_machine.shift(seconds + 1)
        assert fetch(url).status_code == 302
    listed = program.get(f"{T}/posts", **query).json()["posts"][0]
    assert "signature" not in listed["body_md"] + listed["body_html"]  # lists do not know the parameter


def test_signing_a_post_with_many_comments_takes_one_query(secret, alice):
    post = Post.write(by=alice, name="x", body_md=secret.url)
    program = Program(alice)

    def queries(**query):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            program.get(f"{T}/posts/{post.number}", include="comments", **query)
        return len(asked)

    post.comment(by=alice, body_md=secret.url)
    queries()
    plain = queries()
    for _ in range(3):
        post.comment(by=alice, body_md=secret.url)
    assert queries(sign_attachment_urls="true") == plain + 1


@pytest.mark.parametrize("nonsense", ["0", "604801", "yes", "-1", "٣"])
def test_signing_for_nonsense_is_a_bad_request(alice, nonsense):
    post = Post.write(by=alice, name="x")
    comment = post.comment(by=alice, body_md="x")
    for path in (f"{T}/posts/{post.number}", f"{T}/comments/{comment.pk}"):
        assert Program(alice).get(path, sign_attachment_urls=nonsense).status_code == 400

"""What all of API v1 has in common: tokens, parameters, refusals, headers, hosts."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from esa import api as plumbing
from posts.models import Post
from teams.models import AccessToken


@pytest.fixture
def post(alice: Any) -> Post:
    return Post.write(by=alice, name="hi", body_md="a")


# --- The token --------------------------------------------------------------------------------------------------------


def test_a_token_may_be_in_header_query_or_body(program, bob, client, post):
    secret = program(bob).secret
    for headers, query, body in (
        ({"Authorization": f"Bearer {secret}"}, "", {}),
        ({"Authorization": f"bearer  {secret} "}, "", {}),
        ({}, f"?access_token={secret}", {}),
        ({}, "", {"access_token": secret}),
    ):
        for method in ("POST", "DELETE"):
            answer = client.generic(
                method, f"/v1/teams/docs/posts/1/star{query}", json.dumps(body), "application/json", headers=headers
            )
            assert answer.status_code == 204, (headers, query, body)
    assert client.post("/v1/teams/docs/posts/1/star", {"access_token": secret}).status_code == 204, "in a form"


@pytest.mark.parametrize("secret", ["", "x", "0" * 64, "ep2_", "é" * 20, "'--", "a" * 5000])
def test_a_wrong_token_is_no_token(client, post, secret):
    answer = client.get("/v1/user", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized", "message": "Unauthorized"})
    assert client.get("/v1/user", {"access_token": secret}).status_code == 401
    assert client.post("/v1/teams/docs/posts", {"access_token": [secret]}, "application/json").status_code == 401


def test_a_wrong_token_in_the_header_is_not_made_good_by_the_query(program, bob, client):
    answer = client.get(f"/v1/user?access_token={program(bob).secret}", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "host", ["api.esa.localhost", "esa.localhost", "docs.esa.localhost", "elsewhere.esa.localhost"]
)
def test_every_host_answers_and_cookies_count_nowhere(program, sign_in, alice, bob, host):
    ask, browser = program(bob), sign_in(alice)
    answer = browser.get("/v1/user", headers={"Authorization": f"Bearer {ask.secret}", "Host": host})
    assert (answer.status_code, answer.json()["screen_name"]) == (200, "bob")
    assert not answer.cookies


def test_the_single_team_answers_everywhere(program, bob, settings):
    settings.ESA_SINGLE_TEAM = "docs"
    assert program(bob).get("/teams/docs")["url"] == "http://esa.localhost/"


# --- Paths and methods ------------------------------------------------------------------------------------------------


def test_trailing_slashes_lead_nowhere_else(program, bob, post):
    ask = program(bob)
    for path in ("/user/", "/teams/", "/teams/docs/", "/teams/docs/posts/1//"):
        assert ask("GET", path).status_code == 200
    assert ask("POST", "/teams/docs/posts/", {"post": {"name": "x"}}).status_code == 201


@pytest.mark.parametrize(
    "path",
    ["/", "/nowhere", "/teams/docs/nothing", "/teams/docs/posts/x", "/teams/docs/posts/%00", "/teams/docs/members/%00"],
)
def test_what_does_not_exist_is_not_found(program, bob, path):
    answer = program(bob)("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found", "message": "Not found"})


@pytest.mark.parametrize("number", ["0", "2147483648", "9" * 30, "9" * 5000, "-1"])
def test_a_number_that_no_post_can_have_is_not_found(program, bob, number):
    assert program(bob)("GET", f"/teams/docs/posts/{number}").status_code == 404
    assert program(bob)("GET", f"/teams/docs/comments/{number}").status_code == 404


def test_a_wrong_method_has_no_body(program, bob):
    answer = program(bob)("DELETE", "/user")
    assert (answer.status_code, answer.content, answer["Content-Length"]) == (405, b"", "0")


def test_put_is_patch_and_head_is_get(program, bob, post):
    ask = program(bob)
    assert ask("PUT", "/teams/docs/posts/1", {"post": {"body_md": "put"}}).json()["body_md"] == "put"
    whole, head = ask("GET", "/teams/docs/posts/1"), ask("HEAD", "/teams/docs/posts/1")
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])
    assert head["Content-Length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/json", 200), ("*/*", 200), ("text/html, */*;q=0.1", 200), ("text/html", 406), ("image/png", 406)],
)
def test_only_json_is_to_be_had(program, bob, accept, status):
    answer = program(bob)("GET", "/user", Accept=accept)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json; charset=utf-8"


# --- Parameters -------------------------------------------------------------------------------------------------------


def test_parameters_come_from_anywhere(program, bob, client):
    secret = {"Authorization": f"Bearer {program(bob).secret}"}
    sent = [
        client.post(
            "/v1/teams/docs/posts", {"post": {"name": "n", "tags": ["a", "b"]}}, "application/json", headers=secret
        ),
        client.post("/v1/teams/docs/posts", {"post[name]": "n", "post[tags][]": ["a", "b"]}, headers=secret),
        client.post(
            "/v1/teams/docs/posts",
            "post[name]=n&post[tags][]=a&post[tags][]=b",
            "application/x-www-form-urlencoded",
            headers=secret,
        ),
        client.post("/v1/teams/docs/posts?post[name]=n&post[tags][]=a&post[tags][]=b", headers=secret),
        client.post(
            "/v1/teams/docs/posts?post[name]=n", {"post": {"tags": ["a", "b"]}}, "application/json", headers=secret
        ),
    ]
    for answer in sent:
        assert answer.status_code == 201, answer.content
        assert (answer.json()["name"], answer.json()["tags"]) == ("n", ["a", "b"])


def test_an_empty_body_is_no_mistake(program, bob, post):
    ask = program(bob)
    assert ask("GET", "/user").status_code == 200
    assert ask("POST", "/teams/docs/posts/1/star").status_code == 204
    assert ask("DELETE", "/teams/docs/posts/1/star", {}).status_code == 204
    assert ask("POST", "/teams/docs/posts/1/archive").status_code == 200


def test_unknown_members_are_ignored(program, bob, post):
    sent = {"post": {"body_md": "b", "updated_at": "x", "tasks": {}}, "more": [1]}
    assert program(bob)("PATCH", "/teams/docs/posts/1", sent).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"1", b'"x"', b"null", b"\xff", b'{"post": NaN}', b"[" * 200_000, b'{"a":' * 100_000,
        b'{"post": {"name": "\\u0000"}}', b'{"post": {"name": "\\ud800"}}', b'{"post": {"tags": ["\\u0000"]}}',
        b'{"post": []}', b'{"post": "x"}', b'{"post": {}}', b"{}", b'{"post": null}', b'{"post": {"name": 1}}', b'{"post": {"name": ["x"]}}',
        b'{"post": {"name": ""}}', b'{"post": {"name": "a/"}}', b'{"post": {"name": "x", "tags": "a"}}', b'{"post": {"name": "x", "tags": [1]}}',
        b'{"post": {"name": "x", "wip": "perhaps"}}', b'{"post": {"name": "x", "body_md": {}}}', b'{"post": {"name": "x", "category": 5}}',
        b'{"post": {"name": "x", "template_post_id": 1e400}}', b'{"post": {"name": "x", "template_post_id": 99999999999999999999}}',
        b'{"post": {"name": "x", "tags": ["a b"]}}', b'{"post": {"name": "' + b"x" * 300 + b'"}}', b'{"post": {"name": "x", "message": "' + b"x" * 501 + b'"}}',
        b'{"post": {"name": "x", "number": ' + b"9" * 5000 + b"}}",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_bad_request(program, bob, client, body):
    answer = client.generic(
        "POST",
        "/v1/teams/docs/posts",
        body,
        "application/json",
        headers={"Authorization": f"Bearer {program(bob).secret}"},
    )
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"] == "bad_request"
    assert answer.json()["message"].startswith("Bad Request")
    assert not Post.objects.exists()


def test_a_text_that_is_too_long_is_refused(program, bob):
    ask = program(bob)
    assert ask("POST", "/teams/docs/posts", {"post": {"name": "x", "body_md": "x" * 10_000_000}}).status_code == 400
    assert ask("POST", "/teams/docs/posts", {"post": {"name": "x", "body_md": "x" * 13_000_000}}).status_code == 413
    assert ask("POST", "/teams/docs/posts", {"post": {"name": "x" * 1_000_000}}).status_code == 400


def test_a_broken_form_is_a_bad_request(program, bob, client):
    headers = {"Authorization": f"Bearer {program(bob).secret}"}
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx"),
    ):
        assert client.generic("POST", "/v1/teams/docs/posts", body, kind, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("query", "page", "per_page"),
    [("", 1, 20), ("page=2&per_page=5", 2, 5), ("per_page=1000", 1, 100), ("page=0&per_page=0", 1, 20), ("page=x&per_page=-3", 1, 20), (f"page={'9' * 40}", 1, 20), ("page=999999999", 999999999, 20), ("page[]=2", 1, 20)],
)  # fmt: skip
def test_pages_are_forgiving(program, bob, post, query, page, per_page):
    for path, key in (("posts", "posts"), ("members", "members"), ("posts/1/revisions", "revisions"), ("tags", "tags")):
        shown = program(bob).get(f"/teams/docs/{path}?{query}")
        assert (shown["page"], shown["per_page"], shown["max_per_page"]) == (page, per_page, 100)
        assert page == 1 or shown[key] == []


@bounded(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text("abc/#=&? あ\\", min_size=1).filter(lambda text: text.strip(" /#")),
    tags=st.lists(st.text("abcあ=&", min_size=1), min_size=1),
)
def test_a_form_stands_for_the_same_as_its_json(rf, name, tags):
    form = rf.post("/", {"post[name]": name, "post[tags][]": tags})
    sent = rf.post("/", {"post": {"name": name, "tags": tags}}, content_type="application/json")
    assert plumbing.parameters(form) == plumbing.parameters(sent) == {"post": {"name": name, "tags": tags}}


# --- What every answer has --------------------------------------------------------------------------------------------


def test_the_allowance_is_on_every_answer(program, bob, client, post, settings):
    ask = program(bob)
    answers = [
        ask("GET", "/user"),
        ask("POST", "/teams/docs/posts/1/star"),
        ask("GET", "/nowhere"),
        ask("POST", "/teams/docs/posts", {}),
        ask("DELETE", "/user"),
    ]
    assert [answer.status_code for answer in answers] == [200, 204, 404, 400, 405]
    assert [answer["x-ratelimit-remaining"] for answer in answers] == ["299", "298", "297", "296", "295"]
    for answer in [*answers, client.get("/v1/user"), client.options("/v1/user")]:
        assert answer["x-ratelimit-limit"] == "300"
        assert int(answer["x-ratelimit-reset"]) % 900 == 0
        assert 0 < int(answer["x-ratelimit-reset"]) - time.time() <= 900


def test_whoever_asks_too_often_waits(program, alice, bob, settings):
    settings.API_RATE_LIMIT = 2
    ask, again = program(bob), program(bob)
    assert [ask("GET", "/user").status_code, again("GET", "/nowhere").status_code] == [200, 404]
    refused = ask("GET", "/user")
    assert (refused.status_code, refused["x-ratelimit-remaining"]) == (429, "0")
    seconds = refused["Retry-After"]
    assert 0 < int(seconds) <= 900
    assert refused.json() == {"error": "too_many_requests", "message": f"Retry after {seconds} seconds."}
    assert program(alice)("GET", "/user").status_code == 200, "the limit is each person's own"


def test_nobody_waits_for_a_dead_cache(program, bob, settings, monkeypatch):
    ask = program(bob)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    answers = [ask("GET", "/user") for _ in range(3)]
    assert [(answer.status_code, answer["x-ratelimit-remaining"]) for answer in answers] == [(200, "299")] * 3


def test_pages_of_other_sites_may_ask(client, program, bob):
    asked = client.options(
        "/v1/teams/docs/posts",
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in asked["Access-Control-Allow-Methods"]
    assert "authorization" in asked["Access-Control-Allow-Headers"]
    for answer in (program(bob)("GET", "/user"), client.get("/v1/user"), client.get("/v1/nowhere")):
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer


def test_what_is_known_is_not_sent_again(program, bob, post):
    ask = program(bob)
    for path in ("/teams/docs/posts/1", "/teams/docs/posts", "/teams/docs/members/bob"):
        first = ask("GET", path)
        again = ask("GET", path, **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["x-ratelimit-limit"] == "300"
    post.append("more", by=bob)
    changed = ask("GET", "/teams/docs/posts/1", **{"If-None-Match": ask("GET", "/teams/docs/members/bob")["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["body_md"] == "amore"


def test_a_bug_tells_nothing(program, bob, client, monkeypatch):
    monkeypatch.setattr("teams.api.users.current_user_json", lambda user: 1 / 0)
    client.raise_request_exception = False
    answer = program(bob)("GET", "/user")
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "internal_server_error", "message": "Internal Server Error"},
    )


def test_times_are_the_persons(program, bob, post):
    assert program(bob).get("/teams/docs/posts/1")["created_at"].endswith("+09:00")
    bob.user.time_zone = "UTC"
    bob.user.save()
    assert program(bob).get("/teams/docs/posts/1")["created_at"].endswith("+00:00")


def test_refusals_are_english_for_everybody(program, bob):
    bob.user.language = "ja"
    bob.user.save()
    answer = program(bob)(
        "POST", "/teams/docs/posts", {"post": {"name": "x", "tags": ["a b"]}}, **{"Accept-Language": "ja"}
    )
    assert answer.status_code == 400
    assert "has a space in it" in answer.json()["message"]


def test_an_operator_makes_a_token(bob, capsys, client):
    from django.core.management import CommandError, call_command

    call_command("create_token", "bob@example.com", "--name", "backup", "--scopes", "read")
    secret = capsys.readouterr().out.strip()
    assert client.get("/v1/user", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert AccessToken.objects.get().scopes == ["read"]
    with pytest.raises(CommandError):
        call_command("create_token", "nobody@example.com")
    with pytest.raises(CommandError):
        call_command("create_token", "bob", "--scopes", "read *")

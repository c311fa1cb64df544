import base64
import hashlib
import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, RefreshToken

from teams import oauth
from teams.models import ApiCall

CLI = "b29aa0a592d3eb6651db57a39994b57b2670613bd1b48b5937d97d34278bb133"
LOOPBACK = "http://127.0.0.1:53219/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
API = "api.esa.localhost"


@pytest.fixture(autouse=True)
def fresh_limits(db):
    cache.clear()


@pytest.fixture
def browser_of(settings):
    """A person's browser on the base domain, which checks forms as a real one is checked."""

    def signed_in(member):
        client = Client(HTTP_HOST=settings.ESA_DOMAIN)
        client.force_login(member.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return signed_in


@pytest.fixture
def program():
    return Client(HTTP_HOST=API, enforce_csrf_checks=True)


def ask(**more):
    return {"client_id": CLI, "redirect_uri": LOOPBACK, "response_type": "code", "state": "xyz&=é"} | more


def public(**more):
    return ask(code_challenge=CHALLENGE, code_challenge_method="S256", scope="read write", **more)


def consent(client, query, *, allow=True):
    page = client.get("/oauth/authorize?" + urlencode(query))
    assert page.status_code == 200, page.headers
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.content.decode().replace("&amp;", "&")))
    fields.pop("allow", None)
    return client.post("/oauth/authorize", fields | ({"allow": "True"} if allow else {}))


def code_from(answer):
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query)


def exchange(program, given_code, **more):
    given = {
        "grant_type": "authorization_code",
        "code": given_code,
        "redirect_uri": LOOPBACK,
        "client_id": CLI,
        "code_verifier": VERIFIER,
    }
    return program.post("/oauth/token", given | more)


def signed_in_program(browser_of, program, member):
    return exchange(program, code_from(consent(browser_of(member), public()))["code"][0]).json()


def user_of(program, secret):
    return program.get("/v1/user", headers={"authorization": f"Bearer {secret}"})


# --- The way of the official command line -----------------------------------------------------------------------------


def test_the_command_line_signs_in_at_any_loopback_port(browser_of, program, bob):
    told = code_from(consent(browser_of(bob), public()))
    assert told["state"] == ["xyz&=é"]
    answer = exchange(program, told["code"][0])
    token = answer.json()
    assert answer.status_code == 200
    assert set(token) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "created_at"}
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 7200)
    assert set(token["scope"].split()) == {"read", "write"}
    assert abs(token["created_at"] - timezone.now().timestamp()) < 10
    assert user_of(program, token["access_token"]).json()["screen_name"] == "bob"
    assert AccessToken.objects.get().token == ""  # only its hash is kept


def test_the_consent_page_says_who_asks_for_what_and_where_the_answer_goes(browser_of, bob):
    page = browser_of(bob).get("/oauth/authorize?" + urlencode(public()))
    text = page.content.decode()
    for words in ("esa CLI", "127.0.0.1:53219", "Read everything", "Write, change and delete", "@bob"):
        assert words in text
    assert "http://127.0.0.1:53219" in page["Content-Security-Policy"]


def test_whoever_refuses_is_sent_back_with_the_state(browser_of, bob):
    told = code_from(consent(browser_of(bob), public(), allow=False))
    assert (told["error"], told["state"]) == (["access_denied"], ["xyz&=é"])
    assert "code" not in told


def test_consent_needs_the_token_of_the_form_and_a_person(bob, settings):
    client = Client(HTTP_HOST=settings.ESA_DOMAIN, enforce_csrf_checks=True)
    assert client.get("/oauth/authorize?" + urlencode(public())).status_code == 302
    client.force_login(bob.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.post("/oauth/authorize", public() | {"allow": "True"}).status_code == 403


def test_no_parameter_skips_the_question(browser_of, program, bob):
    signed_in_program(browser_of, program, bob)
    assert browser_of(bob).get("/oauth/authorize?" + urlencode(public(approval_prompt="auto"))).status_code == 200


def test_the_question_is_asked_on_the_base_domain(bob, browser_of, settings):
    client = browser_of(bob)
    for host in (API, "docs.esa.localhost"):
        answer = client.get("/oauth/authorize?" + urlencode(public()), HTTP_HOST=host)
        assert answer["Location"].startswith(f"http://{settings.ESA_DOMAIN}/oauth/authorize?client_id=")


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:1/other"},
        {"redirect_uri": "http://evil@127.0.0.1/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "nobody"},
        {"client_id": ""},
    ],
)
def test_a_wrong_address_or_application_sends_nobody_anywhere(browser_of, bob, wrong):
    answer = browser_of(bob).get("/oauth/authorize?" + urlencode(public() | wrong))
    assert answer.status_code in {400, 401}
    assert "Location" not in answer
    assert "cannot be let in" in answer.content.decode()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"scope": "read write:post"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
    ],
)
def test_other_mistakes_go_back_to_the_application(browser_of, bob, wrong, error):
    query = {name: value for name, value in (public() | wrong).items() if value}
    answer = browser_of(bob).get("/oauth/authorize?" + urlencode(query))
    told = urlsplit(answer["Location"])
    assert f"{told.scheme}://{told.netloc}{told.path}" == LOOPBACK
    assert f"error={error}" in told.query + told.fragment


def test_a_verifier_that_is_not_hashed_gets_no_code(browser_of, bob):
    told = code_from(
        consent(browser_of(bob), public() | {"code_challenge": VERIFIER, "code_challenge_method": "plain"})
    )
    assert told["error"] == ["invalid_request"]


def test_nul_and_nonsense_are_refused(browser_of, program, bob):
    client = browser_of(bob)
    assert client.get("/oauth/authorize?client_id=%00").status_code == 400
    assert client.post(
        "/oauth/authorize", {"client_id": "nobody", "redirect_uri": "x", "scope": "x", "response_type": "x"}
    ).status_code in {400, 404}
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/dcr"):
        for body in ("{", "[]", "null", '{"a": "\\u0000"}', "x" * 1000, '{"client_id": 1e999}', ""):
            assert program.post(path, body, content_type="application/json").status_code in {400, 401}, (path, body)
        assert program.get(path).status_code == 405


def test_a_code_works_once_for_its_verifier_its_address_and_its_application(browser_of, program, bob):
    code = code_from(consent(browser_of(bob), public()))["code"][0]
    for wrong in ({"code_verifier": "w" * 64}, {"redirect_uri": "http://127.0.0.1:1/callback"}, {"code": "nothing"}):
        answer = exchange(program, code, **wrong)
        assert (answer.status_code, answer.json()["error"]) in {(400, "invalid_grant"), (400, "invalid_request")}
        assert set(answer.json()) <= {"error", "error_description"}
    assert exchange(program, code).status_code == 200
    assert exchange(program, code).json()["error"] == "invalid_grant"


def test_renewing_gives_a_new_pair_and_ends_the_old_one(browser_of, program, bob):
    first = signed_in_program(browser_of, program, bob)
    renew = {"grant_type": "refresh_token", "client_id": CLI}
    second = program.post("/oauth/token", renew | {"refresh_token": first["refresh_token"]}).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert user_of(program, second["access_token"]).status_code == 200
    assert user_of(program, first["access_token"]).status_code == 401
    again = program.post("/oauth/token", renew | {"refresh_token": first["refresh_token"]})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    # Whoever used an old one may have stolen it: the whole family is ended.
    assert program.post("/oauth/token", renew | {"refresh_token": second["refresh_token"]}).status_code == 400


def test_json_is_as_good_as_a_form(browser_of, program, bob):
    code = code_from(consent(browser_of(bob), public()))["code"][0]
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": LOOPBACK,
        "client_id": CLI,
        "code_verifier": VERIFIER,
    }
    answer = program.post("/oauth/token", json.dumps(given), content_type="application/json")
    assert answer.status_code == 200
    told = {"token": answer.json()["access_token"], "client_id": CLI}
    revoked = program.post("/oauth/revoke", json.dumps(told), content_type="application/json")
    assert (revoked.status_code, revoked.json()) == (200, {})
    assert user_of(program, answer.json()["access_token"]).status_code == 401


def test_whatever_is_revoked_was_revoked(browser_of, program, bob):
    token = signed_in_program(browser_of, program, bob)
    assert program.post("/oauth/revoke", {"token": "unknown", "client_id": CLI}).json() == {}
    assert program.post("/oauth/revoke", {"token": token["refresh_token"], "client_id": CLI}).json() == {}
    renewed = program.post(
        "/oauth/token", {"grant_type": "refresh_token", "client_id": CLI, "refresh_token": token["refresh_token"]}
    )
    assert renewed.status_code == 400


def test_what_a_token_may_do_is_told_to_whoever_shows_it(browser_of, program, bob):
    token = signed_in_program(browser_of, program, bob)
    answer = program.get("/oauth/token/info", headers={"authorization": f"Bearer {token['access_token']}"})
    told = answer.json()
    assert 7100 < told.pop("expires_in") <= 7200
    assert abs(told.pop("created_at") - token["created_at"]) <= 1
    assert told == {
        "resource_owner_id": bob.user_id,
        "scope": ["read", "write"],
        "application": {"uid": CLI},
        "user": {"id": bob.user_id},
    }
    assert program.get("/oauth/token/info").status_code == 401


# --- Classic applications ---------------------------------------------------------------------------------------------


@pytest.fixture
def classic(alice):
    return oauth.create_application(
        alice.user, name="Bot", redirect_uris=["https://bot.example/callback", oauth.OUT_OF_BAND]
    )


@pytest.mark.parametrize("how", ["body", "basic"])
def test_a_classic_application_gets_a_token_that_lasts(browser_of, program, bob, classic, how):
    application, secret = classic
    query = {
        "client_id": application.client_id,
        "redirect_uri": "https://bot.example/callback",
        "response_type": "code",
    }
    code = code_from(consent(browser_of(bob), query))["code"][0]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://bot.example/callback"}
    if how == "body":
        answer = program.post("/oauth/token", given | {"client_id": application.client_id, "client_secret": secret})
    else:
        basic = base64.b64encode(f"{application.client_id}:{secret}".encode()).decode()
        answer = program.post("/oauth/token", given, headers={"authorization": f"Basic {basic}"})
    token = answer.json()
    assert set(token) == {"access_token", "token_type", "scope", "created_at"}
    assert token["scope"] == "read"
    assert not RefreshToken.objects.exists()
    assert AccessToken.objects.get().expires > timezone.now() + timedelta(days=365)
    info = program.get("/oauth/token/info", headers={"authorization": f"Bearer {token['access_token']}"}).json()
    assert info["expires_in"] is None
    created = program.post(
        "/v1/teams/docs/posts",
        "{}",
        content_type="application/json",
        headers={"authorization": f"Bearer {token['access_token']}"},
    )
    assert created.status_code == 403  # read only


def test_a_wrong_secret_is_an_invalid_client(program, classic):
    application, _secret = classic
    given = {
        "grant_type": "authorization_code",
        "code": "x",
        "client_id": application.client_id,
        "client_secret": "wrong",
    }
    answer = program.post("/oauth/token", given)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_out_of_band_shows_the_code(browser_of, program, bob, classic):
    application, secret = classic
    query = {"client_id": application.client_id, "redirect_uri": oauth.OUT_OF_BAND, "response_type": "code"}
    page = consent(browser_of(bob), query)
    assert page.status_code == 200
    code = re.search(r'id="code" value="([^"]+)"', page.content.decode())[1]
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": oauth.OUT_OF_BAND,
        "client_id": application.client_id,
        "client_secret": secret,
    }
    assert program.post("/oauth/token", given).status_code == 200
    assert "was not let in" in consent(browser_of(bob), query, allow=False).content.decode()


# --- The end of a grant -----------------------------------------------------------------------------------------------


def test_whoever_leaves_takes_their_applications_along(browser_of, program, alice, bob):
    secret = signed_in_program(browser_of, program, bob)["access_token"]
    there = program.get("/v1/teams/docs", headers={"authorization": f"Bearer {secret}"})
    bob.leave(by=alice)
    gone = program.get("/v1/teams/docs", headers={"authorization": f"Bearer {secret}"})
    assert (there.status_code, gone.status_code) == (200, 404)


def test_a_locked_account_has_no_tokens_codes_or_renewals(browser_of, program, bob):
    token = signed_in_program(browser_of, program, bob)
    code = code_from(consent(browser_of(bob), public()))["code"][0]
    bob.user.deactivate()
    assert user_of(program, token["access_token"]).status_code == 401
    assert exchange(program, code).status_code == 400
    renew = {"grant_type": "refresh_token", "client_id": CLI, "refresh_token": token["refresh_token"]}
    assert program.post("/oauth/token", renew).status_code == 400


def test_a_team_may_keep_applications_out(browser_of, program, docs, bob):
    secret = signed_in_program(browser_of, program, bob)["access_token"]
    docs.legacy_api = docs.LegacyApi.DENY
    docs.save()
    answer = program.get("/v1/teams/docs", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 403


def test_an_expired_token_opens_nothing(browser_of, program, bob):
    secret = signed_in_program(browser_of, program, bob)["access_token"]
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert user_of(program, secret).status_code == 401


@pytest.fixture
def held():
    """A token that an application holds."""

    def make(member, scope="read write", **more):
        application = Application.objects.get(client_id=CLI)
        given = {"token": f"secret{AccessToken.objects.count()}", "expires": timezone.now() + timedelta(hours=2)}
        token = AccessToken.objects.create(user=member.user, application=application, scope=scope, **given | more)
        return token.token

    return make


def as_program(program, secret, method, path, data=None):
    body = json.dumps(data) if data else ""
    headers = {"authorization": f"Bearer {secret}"}
    answer = program.generic(method, f"/v1{path}", body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_an_application_reaches_every_team_of_its_person_as_far_as_each_team_lets_it(program, held, alice, bob, carol):
    carol.team.members.create(user=bob.user)
    secret, post = held(bob), {"post": {"name": "by an application"}}

    def teams():
        return [team["name"] for team in as_program(program, secret, "GET", "/teams")[1]["teams"]]

    assert sorted(teams()) == ["docs", "elsewhere"]
    for name in ("docs", "elsewhere"):
        assert as_program(program, secret, "POST", f"/teams/{name}/posts", post)[0] == 201
    call = ApiCall.objects.latest("pk")
    assert (call.token_kind, call.token_name, call.member.user) == ("oauth", "esa CLI", bob.user)

    carol.team.legacy_api = "read_only"
    carol.team.save()
    assert as_program(program, secret, "GET", "/teams/elsewhere/posts")[0] == 200
    status, told = as_program(program, secret, "POST", "/teams/elsewhere/posts", post)
    assert (status, told["error"]) == (403, "forbidden")
    assert "only read" in told["message"]
    carol.team.legacy_api = "deny"
    carol.team.save()
    assert as_program(program, secret, "GET", "/teams/elsewhere/posts")[0] == 403
    assert teams() == ["docs"]
    assert as_program(program, secret, "POST", "/teams/docs/posts", post)[0] == 201
    assert as_program(program, held(alice), "GET", "/teams/elsewhere")[0] == 404


@pytest.mark.parametrize(
    ("scope", "lists", "writes", "comments"),
    [
        ("read", 200, 403, 200),
        ("write", 403, 201, 403),
        ("read:post", 200, 403, 403),
        ("write:post read:comment", 200, 201, 200),
        ("admin:comment", 403, 403, 200),
    ],
)
def test_an_application_does_what_it_was_let_in_for_and_no_more(program, held, bob, scope, lists, writes, comments):
    secret, post = held(bob, scope), {"post": {"name": "x"}}
    for method, path, data, status in (
        ("GET", "/teams/docs/posts", None, lists),
        ("POST", "/teams/docs/posts", post, writes),
        ("GET", "/teams/docs/comments", None, comments),
    ):
        answered, told = as_program(program, secret, method, path, data)
        assert answered == status
        if status == 403:
            wanted = {"GET": "read", "POST": "write"}[method] + (":comment" if "comments" in path else ":post")
            assert told == {"error": "forbidden", "message": f"Forbidden: the token lacks {wanted}"}


def test_an_expired_a_revoked_and_an_invented_token_are_told_the_same(program, held, bob):
    expired = held(bob, expires=timezone.now() - timedelta(seconds=1))
    revoked = held(bob)
    assert as_program(program, revoked, "GET", "/teams/docs")[0] == 200
    assert program.post("/oauth/revoke", {"token": revoked, "client_id": CLI}).status_code == 200
    for secret in (expired, revoked, "invented"):
        for path in ("/user", "/teams", "/teams/docs", "/teams/nobody"):
            assert as_program(program, secret, "GET", path) == (
                401,
                {"error": "unauthorized", "message": "Unauthorized"},
            )


def test_who_guesses_has_to_wait(program, monkeypatch):
    monkeypatch.setattr("teams.views.oauth.FAILURES", 3)
    answers = [exchange(program, f"guess{number}").status_code for number in range(5)]
    assert answers == [400, 400, 400, 429, 429]


# --- Discovery and registration ---------------------------------------------------------------------------------------


def test_the_server_describes_itself(program):
    told = program.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == f"http://{API}/"
    assert told["authorization_endpoint"] == "http://esa.localhost/oauth/authorize"
    assert told["token_endpoint"] == f"http://{API}/oauth/token"
    assert told["registration_endpoint"] == f"http://{API}/oauth/dcr"
    assert told["revocation_endpoint"] == f"http://{API}/oauth/revoke"
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    answer = program.get("/.well-known/oauth-protected-resource/mcp")
    assert answer.json()["resource"] == f"http://{API}/mcp"
    assert answer.json()["authorization_servers"] == [f"http://{API}/"]
    assert answer["Access-Control-Allow-Origin"] == "*"


def register(program, **metadata):
    return program.post("/oauth/dcr", json.dumps(metadata), content_type="application/json")


def test_a_client_introduces_itself_and_signs_a_person_in(browser_of, program, bob):
    answer = register(
        program,
        client_name="Agent",
        redirect_uris=["http://localhost:3334/oauth/callback"],
        token_endpoint_auth_method="none",
    )
    assert answer.status_code == 201
    told = answer.json()
    assert "client_secret" not in told
    query = public(client_id=told["client_id"], redirect_uri="http://localhost:4000/oauth/callback")
    page = browser_of(bob).get("/oauth/authorize?" + urlencode(query))
    assert "nobody has checked it" in page.content.decode()
    code = code_from(consent(browser_of(bob), query))["code"][0]
    token = exchange(
        program, code, client_id=told["client_id"], redirect_uri="http://localhost:4000/oauth/callback"
    ).json()
    assert token["refresh_token"]


def test_a_registered_client_with_a_secret_needs_pkce_all_the_same(browser_of, program, bob):
    told = register(program, redirect_uris=["https://agent.example/cb"]).json()
    assert told["client_secret"]
    query = ask(client_id=told["client_id"], redirect_uri="https://agent.example/cb")
    assert "error=invalid_request" in browser_of(bob).get("/oauth/authorize?" + urlencode(query))["Location"]


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://a.example"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://a.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://[/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example"] * 11}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example"], "grant_types": ["password"]}, "invalid_client_metadata"),
        (
            {"redirect_uris": ["https://a.example"], "token_endpoint_auth_method": "private_key_jwt"},
            "invalid_client_metadata",
        ),
    ],
)
def test_what_is_not_registered(program, metadata, error):
    answer = register(program, **metadata)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert Application.objects.count() == 1  # the command line


def test_registrations_from_one_address_are_bounded(program, monkeypatch):
    monkeypatch.setattr("teams.views.oauth.REGISTRATIONS", 2)
    answers = [register(program, redirect_uris=["https://a.example"]).status_code for _ in range(3)]
    assert answers == [201, 201, 429]


# --- The pages --------------------------------------------------------------------------------------------------------


def test_a_person_makes_changes_and_deletes_an_application(browser_of, alice):
    client = browser_of(alice)
    page = client.post("/user/applications/oauth/new", {"name": "Bot", "redirect_uris": "https://bot.example/cb"})
    application = Application.objects.get(name="Bot")
    secret = re.search(r'id="secret" value="([0-9a-f]{64})"', page.content.decode())[1]
    assert page.status_code == 201
    assert secret not in application.client_secret
    assert secret not in client.get(f"/user/applications/oauth/{application.pk}").content.decode()
    client.post(
        f"/user/applications/oauth/{application.pk}", {"name": "Robot", "redirect_uris": "https://robot.example/cb"}
    )
    application.refresh_from_db()
    assert (application.name, application.redirect_uris) == ("Robot", "https://robot.example/cb")
    client.post(f"/user/applications/oauth/{application.pk}/delete")
    assert not Application.objects.filter(user=alice.user).exists()


def test_a_wrong_address_keeps_the_form(browser_of, alice):
    page = browser_of(alice).post(
        "/user/applications/oauth/new", {"name": "Bot", "redirect_uris": "http://bot.example/cb"}
    )
    assert page.status_code == 422
    assert "http://bot.example/cb" in page.content.decode()


def test_nobody_sees_or_changes_anothers_application(browser_of, bob, classic):
    application, _secret = classic
    client = browser_of(bob)
    assert "Bot" not in client.get("/user/applications/oauth").content.decode()
    assert client.get(f"/user/applications/oauth/{application.pk}").status_code == 404
    assert (
        client.post(
            f"/user/applications/oauth/{application.pk}", {"name": "x", "redirect_uris": "https://x.example"}
        ).status_code
        == 404
    )
    assert client.post(f"/user/applications/oauth/{application.pk}/delete").status_code == 404
    assert Application.objects.filter(pk=application.pk).exists()


def test_what_one_let_in_one_takes_back_and_only_ones_own(browser_of, program, alice, bob):
    mine = signed_in_program(browser_of, program, bob)["access_token"]
    hers = signed_in_program(browser_of, program, alice)["access_token"]
    client = browser_of(bob)
    cli = Application.objects.get(client_id=CLI)
    assert "esa CLI" in client.get("/user/applications/oauth").content.decode()
    client.post(f"/user/applications/oauth/{cli.pk}/withdrawal")
    assert user_of(program, mine).status_code == 401
    assert user_of(program, hers).status_code == 200
    assert "esa CLI" not in client.get("/user/applications/oauth").content.decode()

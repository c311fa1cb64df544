"""The same way that programs of others go: oauthlib's client and plain HTTP, against a running site."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.cache import cache
from django.test import Client
from oauthlib.oauth2 import WebApplicationClient

from teams import oauth


@pytest.fixture
def site(transactional_db, live_site):
    cache.clear()
    return live_site


def test_an_oauth_library_signs_in_calls_renews_and_is_shut_out(site, alice, settings, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the site of the tests speaks http
    redirect = "http://127.0.0.1:8912/callback"
    told = requests.post(
        site.url("/oauth/dcr"), json={"redirect_uris": [redirect], "token_endpoint_auth_method": "none"}, timeout=10
    )
    client = WebApplicationClient(told.json()["client_id"])
    server = requests.get(site.url("/.well-known/oauth-authorization-server"), timeout=10).json()
    verifier = client.create_code_verifier(64)
    challenge = client.create_code_challenge(verifier, "S256")
    url = client.prepare_request_uri(
        server["authorization_endpoint"],
        redirect,
        "read write",
        state="s",
        code_challenge=challenge,
        code_challenge_method="S256",
    )

    person = Client(HTTP_HOST=site.domain)
    person.force_login(alice.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={person.cookies[settings.SESSION_COOKIE_NAME].value}"}
    page = requests.get(url, headers=cookie, timeout=10)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)) | {"allow": "True"}
    cookie["Cookie"] += f"; {settings.CSRF_COOKIE_NAME}={page.cookies.get_dict()[settings.CSRF_COOKIE_NAME]}"
    sent = requests.post(
        site.url("/oauth/authorize"),
        fields,
        headers=cookie | {"Origin": site.url("")},
        allow_redirects=False,
        timeout=10,
    )
    assert sent.status_code == 302, sent.text[:500]
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]

    def trade(body):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return requests.post(server["token_endpoint"], body, headers=headers, timeout=10)

    body = client.prepare_request_body(code=code, redirect_uri=redirect, code_verifier=verifier)
    client.parse_request_body_response(trade(body).text)  # raises where an answer is not as RFC 6749 has it
    uri, headers, _body = client.add_token(site.url("/v1/user"))
    assert requests.get(uri, headers=headers, timeout=10).json()["screen_name"] == "alice"
    old = client.access_token
    client.parse_request_body_response(
        trade(client.prepare_refresh_body(refresh_token=client.refresh_token, client_id=client.client_id)).text
    )
    assert client.access_token != old

    revoke, headers, body = client.prepare_token_revocation_request(
        server["revocation_endpoint"].replace("http:", "https:"), client.access_token
    )
    answer = requests.post(
        revoke.replace("https:", "http:"), f"{body}&client_id={client.client_id}", headers=headers, timeout=10
    )
    assert answer.json() == {}
    assert oauth.OAuthCredential.of_secret(client.access_token) is None

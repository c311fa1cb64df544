"""What only a real browser shows: passkeys, and one cookie for all hosts (signing up, and the zone a browser tells: a team's day)."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def sign_in(page, live_site, who="bob"):
    page.goto(live_site.url("/accounts/login/"))
    page.get_by_label("E-mail address").fill(f"{who}@example.com")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/teams")


@pytest.fixture
def quiet(page):
    """A page that complains of nothing: no script error, and nothing that the policy had to stop."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda problem: said.append(str(problem)))
    yield page
    assert said == []


def test_a_passkey_signs_in_and_one_sign_in_is_good_for_all_of_one_s_teams(live_site, quiet, bob, carol):
    page = quiet
    carol.team.members.create(user=bob.user)
    EmailAddress.objects.create(user=bob.user, email="bob@example.com", primary=True, verified=True)
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, live_site)
    page.goto(live_site.url("/accounts/2fa/webauthn/add/"))
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(re.compile("recovery-codes|webauthn/$"))
    page.goto(live_site.url("/accounts/logout/"))
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(live_site.url("/"))
    page.goto(live_site.url("/accounts/login/"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/teams")
    for team in ["docs", "elsewhere"]:
        page.goto(live_site.url("/members", team=team))
        assert page.get_by_role("heading", name="Members").is_visible()

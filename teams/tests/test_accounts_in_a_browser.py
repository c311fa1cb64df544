"""What only a real browser shows: one cookie for all hosts, the zone it tells, and passkeys."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache

from teams.models import User


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


def test_somebody_signs_up_makes_a_team_and_signs_out_there(live_site, quiet, transactional_db):
    page = quiet
    page.goto(live_site.url("/"))
    page.get_by_role("main").get_by_role("link", name="Make an account").click()
    page.get_by_label("Name", exact=True).fill("Ann")
    page.get_by_label("Screen name").fill("ann")
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Password").fill("a long enough phrase")
    page.get_by_role("button", name="Make an account").click()
    page.get_by_role("link", name="Make a team").click()
    assert User.objects.get(screen_name="ann").time_zone == "Asia/Tokyo"
    page.get_by_label("Address").press_sequentially("www")
    page.get_by_text("This name is reserved").wait_for()
    page.get_by_label("Address").fill("kitchen")
    page.get_by_text("kitchen is free").wait_for()
    page.get_by_role("button", name="Make the team").click()
    page.wait_for_url(live_site.url("/", team="kitchen"))
    page.goto(live_site.url("/members", team="kitchen"))
    page.locator(".topbar__person summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(live_site.url("/"))
    page.goto(live_site.url("/members", team="kitchen"))
    assert page.url.startswith(live_site.url("/accounts/login/?next="))


def test_one_sign_in_is_good_for_all_of_one_s_teams(live_site, quiet, bob, carol):
    carol.team.members.create(user=bob.user)
    sign_in(quiet, live_site)
    for team in ["docs", "elsewhere"]:
        quiet.goto(live_site.url("/members", team=team))
        assert quiet.get_by_role("heading", name="Members").is_visible()


def test_a_passkey_is_made_and_signs_in(live_site, quiet, bob):
    page = quiet
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

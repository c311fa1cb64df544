"""Signing up, in and out, and what a stranger must not learn or reach by it."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from teams.models import Team, User

LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
ANN = {
    "name": "Ann",
    "screen_name": "ann",
    "email": "ann@example.com",
    "password1": "a long enough phrase",
    "time_zone": "Europe/Berlin",
}


@pytest.fixture(autouse=True)
def base(client, settings, db):
    cache.clear()  # the limits of the tests before
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    return client


def log_in(client: Client, **extra):
    return client.post(LOGIN, {"login": "bob@example.com", "password": "correct horse", "remember": "on"} | extra)


def prove(client: Client):
    """Give the password once more, as pages that change who gets in ask."""
    return client.post("/accounts/reauthenticate/", {"password": "correct horse"})


def link_in(message) -> str:
    found = re.search(r"http\S+", message.body)
    assert found
    return found[0]


def test_somebody_signs_up_and_the_browser_says_language_and_zone(base):
    answer = base.post(SIGNUP, ANN, HTTP_ACCEPT_LANGUAGE="ja")
    assert (answer.status_code, answer["Location"]) == (302, "http://esa.localhost/teams")
    ann = User.objects.get(screen_name="ann")
    assert (ann.name, ann.language, ann.time_zone) == ("Ann", "ja", "Europe/Berlin")
    assert base.get("/teams").status_code == 200


def test_without_a_zone_the_language_is_hint_enough(base):
    base.post(SIGNUP, ANN | {"time_zone": "Mars/Olympus"}, HTTP_ACCEPT_LANGUAGE="ja")
    assert User.objects.get(screen_name="ann").time_zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    "wrong",
    [
        {"screen_name": "BOB"},
        {"screen_name": "esa_bot"},
        {"screen_name": "me"},
        {"screen_name": "-ann-"},
        {"screen_name": "アン"},
        {"name": ""},
        {"password1": "short"},
        {"email": "not an address"},
        {"email": "Bob@Example.com"},
    ],
)
def test_what_cannot_be_is_refused_and_the_form_keeps_the_rest(base, bob, wrong):
    answer = base.post(SIGNUP, ANN | wrong)
    assert answer.context["form"].errors.keys() == wrong.keys()
    assert 'value="Europe/Berlin"' in answer.content.decode()
    assert not User.objects.filter(name="Ann").exists()


def test_a_posted_form_cannot_make_an_operator(base):
    base.post(SIGNUP, ANN | {"is_staff": "on", "is_superuser": "on", "is_active": "", "role": "owner"})
    ann = User.objects.get(screen_name="ann")
    assert (ann.is_staff, ann.is_superuser, ann.is_active) == (False, False, True)


def test_the_address_is_confirmed_by_a_link_on_our_own_host(base, settings):
    settings.ALLOWED_HOSTS = ["*"]
    base.post(SIGNUP, ANN, HTTP_HOST="esa.localhost")
    link = link_in(mail.outbox[0])
    assert link.startswith("http://esa.localhost/accounts/confirm-email/")
    assert base.get(link).status_code == 200
    assert not EmailAddress.objects.get(email="ann@example.com").verified
    base.post(link)
    assert EmailAddress.objects.get(email="ann@example.com").verified


def test_a_reset_link_never_leads_to_the_host_that_the_request_named(base, bob, settings):
    settings.ALLOWED_HOSTS = ["*"]
    base.post("/accounts/password/reset/", {"email": "bob@example.com"}, HTTP_HOST="evil.example")
    assert "http://esa.localhost/accounts/password/reset/key/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


def test_a_forgotten_password_is_reset_and_ends_other_sessions(base, bob, settings):
    other = Client(HTTP_HOST="docs.esa.localhost")
    other.force_login(bob.user)
    assert other.get("/members").status_code == 200
    base.post("/accounts/password/reset/", {"email": "bob@example.com"})
    link = link_in(mail.outbox[0])
    form = base.get(link, follow=True)
    base.post(form.request["PATH_INFO"], {"password1": "another long phrase", "password2": "another long phrase"})
    assert other.get("/members").status_code == 302
    assert log_in(base, password="another long phrase").status_code == 302


def test_a_reset_says_the_same_whether_the_address_is_known_or_not(base, bob):
    known = base.post("/accounts/password/reset/", {"email": "bob@example.com"}, follow=True)
    unknown = base.post("/accounts/password/reset/", {"email": "nobody@example.com"}, follow=True)
    strip = re.compile(rb'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"')
    assert strip.sub(b"", known.content) == strip.sub(b"", unknown.content)


def test_a_wrong_password_and_an_unknown_address_sound_the_same(base, bob):
    said = [
        log_in(base, password="wrong").context["form"].non_field_errors(),
        log_in(base, login="nobody@example.com").context["form"].non_field_errors(),
    ]
    assert said[0] == said[1] == ["The e-mail address or the password is wrong."]


def test_sign_in_goes_back_to_the_team_page_one_came_from(base, bob):
    answer = log_in(base, next="http://docs.esa.localhost/members?sort=joined")
    assert answer["Location"] == "http://docs.esa.localhost/members?sort=joined"


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "http:\\\\evil.example",
        "http://evil.example\\.docs.esa.localhost/",
        "http://evil.example/.esa.localhost",
        "http://esa.localhost@evil.example/",
        "http://evil.example#.esa.localhost",
        "http://evilesa.localhost/",
        "http://docs.esa.localhost:81/",
        "javascript:alert(1)",
        "\thttp://evil.example",
        "http://docs.esa.localhost.evil.example/",
    ],
)
def test_next_never_leaves_our_hosts(base, bob, where):
    assert log_in(base, next=where)["Location"] == "http://esa.localhost/teams"


def test_a_session_lasts_only_as_long_as_one_asked_for(base, bob):
    log_in(base)
    assert base.session.get_expiry_age() == 60 * 60 * 24 * 30
    base.logout()
    base.post(LOGIN, {"login": "bob@example.com", "password": "correct horse"})
    assert base.session.get_expire_at_browser_close()


def test_account_pages_of_a_team_s_host_are_on_the_base_domain(base, docs):
    answer = base.get("/accounts/login/?next=/posts/1", HTTP_HOST="docs.esa.localhost")
    assert answer["Location"] == (
        "http://esa.localhost/accounts/login/?next=http%3A%2F%2Fdocs.esa.localhost%2Fposts%2F1"
    )
    assert base.post(LOGIN, {}, HTTP_HOST="docs.esa.localhost").status_code == 404


def test_a_team_that_does_not_exist_redirects_just_the_same(base, docs):
    answers = [base.get("/members", HTTP_HOST=f"{name}.esa.localhost")["Location"] for name in ["docs", "nosuch"]]
    assert answers[0].replace("docs", "?") == answers[1].replace("nosuch", "?")


def test_one_signs_out_from_a_team_s_host_and_is_out_everywhere(sign_in, bob):
    client = sign_in(bob)
    assert client.post("/accounts/logout/")["Location"] == "http://esa.localhost/"
    assert client.get("/members").status_code == 302
    assert client.get("/teams", HTTP_HOST="esa.localhost").status_code == 302


def test_with_a_single_team_accounts_are_on_its_host(base, settings, docs, bob):
    settings.ESA_SINGLE_TEAM = "docs"
    settings.ALLOWED_HOSTS = ["*"]
    assert base.get(LOGIN, HTTP_HOST="wiki.example").status_code == 200
    assert log_in(base)["Location"] == "/teams"


@pytest.mark.parametrize("path", ["/members", "/teams", "/user/profile"])
def test_a_locked_account_is_out_on_every_device_at_once(sign_in, bob, path):
    client = sign_in(bob)
    host = "docs.esa.localhost" if path == "/members" else "esa.localhost"
    assert client.get(path, HTTP_HOST=host).status_code == 200
    bob.user.deactivate()
    assert client.get(path, HTTP_HOST=host).status_code == 302


def test_a_locked_account_comes_back_neither_by_password_nor_by_reset(base, bob):
    base.post("/accounts/password/reset/", {"email": "bob@example.com"})
    link = link_in(mail.outbox[0])
    bob.user.deactivate()
    log_in(base)
    form = base.get(link, follow=True)
    base.post(form.request["PATH_INFO"], {"password1": "another long phrase", "password2": "another long phrase"})
    base.post(LOGIN, {"login": "bob@example.com", "password": "another long phrase"})
    assert "_auth_user_id" not in base.session


def test_too_many_wrong_passwords_are_stopped_whatever_address_they_claim(base, bob):
    for number in range(5):
        log_in(base, password="wrong")
        base.defaults["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}"
    assert "Too many" in str(log_in(base).context["form"].non_field_errors())


def test_a_flood_of_sign_ups_gets_a_page_that_says_wait(base, settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    base.post(SIGNUP, {})
    answer = base.post(SIGNUP, ANN)
    assert answer.status_code == 429
    assert "Wait a few minutes" in answer.content.decode()
    assert not User.objects.filter(screen_name="ann").exists()


def test_with_the_cache_down_people_still_sign_in(base, bob, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    assert log_in(base).status_code == 302


def test_sign_up_by_invitation_only(base, settings, docs, alice):
    settings.ESA_SIGN_UP = "invitation"
    assert not User.objects.filter(screen_name="ann").exists()
    base.post(SIGNUP, ANN)
    assert not User.objects.filter(screen_name="ann").exists()
    invitation = docs.invite(["ann@example.com"], by=alice).invitations[0]
    base.get(f"/team/invitations/{invitation.code}/join", HTTP_HOST="docs.esa.localhost")
    answer = base.post(SIGNUP, ANN | {"next": invitation.url})
    assert answer["Location"] == invitation.url
    assert User.objects.filter(screen_name="ann").exists()


def test_a_cancelled_invitation_lets_nobody_sign_up(base, settings, docs, alice):
    settings.ESA_SIGN_UP = "invitation"
    base.get(f"/team/invitations/{docs.invitation_code}", HTTP_HOST="docs.esa.localhost")
    docs.regenerate_invitation()
    base.post(SIGNUP, ANN)
    assert not User.objects.filter(screen_name="ann").exists()


def test_mail_that_cannot_go_out_does_not_keep_anybody_out(base, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert base.post(SIGNUP, ANN).status_code == 302
    assert User.objects.filter(screen_name="ann").exists()


def test_with_mandatory_confirmation_one_is_in_only_after_the_link(base, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    base.post(SIGNUP, ANN | {"next": "http://docs.esa.localhost/"})
    assert base.get("/teams").status_code == 302
    link = link_in(mail.outbox[0])
    assert base.post(link)["Location"] == "http://docs.esa.localhost/"
    assert base.get("/teams").status_code == 200


def test_with_mandatory_confirmation_nobody_learns_who_has_an_account(base, settings, bob):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    fresh = base.post(SIGNUP, ANN)
    known = Client(HTTP_HOST="esa.localhost").post(SIGNUP, ANN | {"email": "bob@example.com", "screen_name": "ann2"})
    assert fresh["Location"] == known["Location"]
    assert "already" in mail.outbox[1].subject


def test_a_new_address_counts_once_it_is_confirmed(base, bob):
    EmailAddress.objects.create(user=bob.user, email="bob@example.com", primary=True, verified=True)
    log_in(base)
    prove(base)
    base.post("/accounts/email/", {"action_add": "", "email": "robert@example.com"})
    assert User.objects.get(pk=bob.user_id).email == "bob@example.com"
    link = link_in(mail.outbox[0])
    base.post(link)
    assert User.objects.get(pk=bob.user_id).email == "robert@example.com"


@pytest.mark.parametrize(("asked", "known"), [("robert", "robert"), ("alice", "bob")])
def test_an_address_that_was_never_confirmed_gives_way_but_an_account_always_has_one(base, alice, bob, asked, known):
    log_in(base)
    prove(base)
    base.post("/accounts/email/", {"action_add": "", "email": f"{asked}@example.com"})
    assert User.objects.get(pk=bob.user_id).email == f"{known}@example.com"
    base.post("/accounts/email/", {"action_remove": "", "email": f"{known}@example.com"})
    assert User.objects.get(pk=bob.user_id).email == f"{known}@example.com"


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/sessions/",
        "/user/profile",
        "/user/profile/delete",
        "/teams",
        "/teams/new",
        "/teams/availability?name=x",
    ],
)
def test_a_stranger_is_asked_to_sign_in_and_a_person_is_not(base, bob, path):
    assert base.get(path)["Location"].startswith(
        ("/accounts/login/?next=", "http://esa.localhost/accounts/login/?next=")
    )
    log_in(base)
    assert base.get(path).status_code == 200


@pytest.mark.parametrize("path", [LOGIN, SIGNUP, "/accounts/password/reset/", "/accounts/confirm-email/", "/"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_for_strangers_come_in_both_languages(base, path, language):
    answer = base.get(path, {"lang": language})
    assert f'lang="{language}"' in answer.content.decode()


def test_google_is_offered_only_where_it_is_set_up(base):
    assert "Google" not in base.get(LOGIN).content.decode()
    assert base.get("/accounts/google/login/").status_code == 404


def test_two_steps_by_an_app(base, bob):
    from allauth.mfa.totp.internal import auth

    EmailAddress.objects.create(user=bob.user, email="bob@example.com", primary=True, verified=True)
    log_in(base)
    assert base.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    prove(base)
    form = base.get("/accounts/2fa/totp/activate/").context["form"]
    code = auth.format_hotp_value(auth.hotp_value(form.secret, next(auth.yield_hotp_counters_from_time())))
    assert base.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    base.logout()
    assert log_in(base)["Location"] == "/accounts/2fa/authenticate/"
    assert base.get("/teams").status_code == 302


def test_the_passkey_s_home_is_the_base_domain(base):
    options = base.get("/accounts/2fa/webauthn/login/", HTTP_ACCEPT="application/json").json()["request_options"]
    assert options["publicKey"]["rpId"] == "esa.localhost"


def test_other_sessions_are_listed_and_ended(base, bob):
    log_in(base)
    other = Client(HTTP_HOST="esa.localhost", HTTP_USER_AGENT="Elsewhere 1.0")
    log_in(other)
    assert "Elsewhere 1.0" in base.get("/accounts/sessions/").content.decode()
    base.post("/accounts/sessions/")
    assert other.get("/teams").status_code == 302
    assert base.get("/teams").status_code == 200


def test_operators_pages_are_for_operators_on_the_base_domain(base, bob, docs):
    assert base.get("/operator/", HTTP_HOST="docs.esa.localhost").status_code == 404
    log_in(base)
    assert base.get("/operator/teams/user/").status_code in {302, 403, 404}
    User.objects.filter(pk=bob.user_id).update(is_staff=True, is_superuser=True)
    for model in ["user", "team", "member", "invitation", "event"]:
        assert base.get(f"/operator/teams/{model}/").status_code == 200
    assert docs.invitation_code not in base.get(f"/operator/teams/team/{docs.pk}/change/").content.decode()
    base.post(f"/operator/teams/team/{docs.pk}/change/", {"name": "taken"})
    assert Team.objects.get(pk=docs.pk).name == "docs"


def test_an_operator_locks_an_account(base, bob, alice):
    User.objects.filter(pk=bob.user_id).update(is_staff=True, is_superuser=True)
    log_in(base)
    base.post("/operator/teams/user/", {"action": "deactivate", "_selected_action": [alice.user_id, bob.user_id]})
    assert not User.objects.get(pk=alice.user_id).is_active
    assert User.objects.get(pk=bob.user_id).is_active


@pytest.mark.parametrize("taken", ["screen_name", "email"])
def test_two_who_sign_up_with_the_same_name_at_once(taken, base, monkeypatch):
    """The other one is stored between the check of the form and the save."""
    from teams.sign_up import SignUpFields

    describe = SignUpFields.describe

    def be_slower(form, user, request):
        describe(form, user, request)
        if not User.objects.exists():
            own = {"screen_name": ANN["screen_name"], "email": "other@example.com"}
            own |= {"email": ANN["email"], "screen_name": "other"} if taken == "email" else {}
            User.objects.create_user(own["email"], "correct horse", screen_name=own["screen_name"], name="Faster")

    monkeypatch.setattr(SignUpFields, "describe", be_slower)
    answer = base.post(SIGNUP, ANN)
    assert answer.status_code < 500
    if taken == "screen_name":
        assert "This screen name is taken" in answer.content.decode()
        assert ANN["email"] in answer.content.decode()
    assert [user.name for user in User.objects.all()] == ["Faster"]

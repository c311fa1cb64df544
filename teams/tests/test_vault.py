"""Secrets of second factors: no copy of the database tells them."""

import json

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth

from teams.vault import seal, unseal


def code_of(secret):
    return auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time())))


def test_no_secret_is_in_the_database_and_its_codes_hold(bob):
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(bob.user, secret)
    codes = RecoveryCodes.activate(bob.user).generate_codes()
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert stored.count("fernet:") == 2
    factor = auth.TOTP(Authenticator.objects.get(type="totp"))
    assert factor.validate_code(code_of(secret))
    assert not factor.validate_code("000000")
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes


def test_a_new_key_reads_what_the_old_one_sealed(settings):
    sealed = seal("JBSWY3DP")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key, long enough for production"
    assert unseal(sealed) != "JBSWY3DP"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed) == "JBSWY3DP"
    assert seal("JBSWY3DP") != sealed


def test_without_any_key_that_fits_no_code_is_good(bob, settings):
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(bob.user, secret)
    settings.SECRET_KEY = "another key, long enough for production"
    factor = auth.TOTP(Authenticator.objects.get())
    assert not factor.validate_code(code_of(secret))
    assert unseal(factor.instance.data["secret"]) != unseal(factor.instance.data["secret"])


def test_a_secret_of_before_the_vault_still_holds(bob):
    secret = auth.generate_totp_secret()
    old = Authenticator.objects.create(user=bob.user, type="totp", data={"secret": secret})
    assert auth.TOTP(old).validate_code(code_of(secret))

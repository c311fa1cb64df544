"""What allauth asks us: who may sign up, where to go afterwards, where links in mail lead, and whose request it is."""

import logging
import smtplib
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from esa import hosts
from esa.addresses import client_address
from teams import vault
from teams.invited import invitation_of

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialLogin

    from teams.models import User
    from teams.sign_up import SignUpFields

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, or reset your password."),
        "email_password_mismatch": _("The e-mail address or the password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Everybody, or only who came by an invitation that still holds."""
        return settings.ESA_SIGN_UP == "open" or invitation_of(request) is not None

    def save_user(self, request: HttpRequest, user: "User", form: "SignUpFields", commit: bool = True) -> "User":
        form.describe(user, request)
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit)
        except IntegrityError:
            # Somebody took the name or the address since the form was checked. Asked again, the form says so itself.
            if getattr(request, "signed_up_twice", False) or not request.resolver_match:
                raise
            request.signed_up_twice = True  # type: ignore[attr-defined]
            view, args, kwargs = request.resolver_match
            raise ImmediateHttpResponse(view(request, *args, **kwargs)) from None
        return saved

    def can_delete_email(self, email_address: "EmailAddress") -> bool:
        """Never the one that the account is known by."""
        return bool(email_address.email.lower() != email_address.user.email.lower())

    def is_safe_url(self, url: str | None) -> bool:
        """A redirect may lead to the base domain and to any team's host, nowhere else."""
        return hosts.is_safe(url or "", self.request.get_host())

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return hosts.base_url(reverse("teams"))

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return hosts.base_url(reverse("teams"))

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return hosts.base_url("/")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Never from the Host header: where every host is served, a stranger could make the link lead to theirs."""
        uid, _dash, token = key.partition("-")
        return hosts.absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token}))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return hosts.absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail that cannot go out is logged and leaves the page as it is: who signs up is in all the same, and a failed
        reset must not tell which addresses are known."""
        here = {"site": settings.ESA_DOMAIN, "signup_url": hosts.absolute(reverse("account_signup"))}
        here["password_reset_url"] = context.get(
            "password_reset_url", hosts.absolute(reverse("account_reset_password"))
        )
        try:
            super().send_mail(template_prefix, email, context | here)
        except (OSError, smtplib.SMTPException):
            logger.exception("mail %s could not be sent", template_prefix)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: "SocialLogin") -> bool:
        return AccountAdapter(request).is_open_for_signup(request)

    def populate_user(self, request: HttpRequest, sociallogin: "SocialLogin", data: dict[str, Any]) -> "User":
        user: User = super().populate_user(request, sociallogin, data)
        user.name = data.get("name") or " ".join(filter(None, [data.get("first_name"), data.get("last_name")]))
        return user

    def get_signup_form_initial_data(self, sociallogin: "SocialLogin") -> dict[str, Any]:
        """What Google knows, for the person to look over; the screen name is a proposal."""
        initial: dict[str, Any] = super().get_signup_form_initial_data(sociallogin)
        handle = (sociallogin.user.email or "").partition("@")[0]
        kept = "".join(letter for letter in handle if letter.isascii() and (letter.isalnum() or letter in "_-"))
        return initial | {"name": sociallogin.user.name, "screen_name": kept.strip("-")[:39]}


class MFAAdapter(DefaultMFAAdapter):
    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """A passkey belongs to the base domain, whichever host the page was on."""
        own = self.request.get_host().partition(":")[0] if settings.ESA_SINGLE_TEAM else settings.DOMAIN_NAME
        return {"id": own, "name": "esa"}

    def encrypt(self, text: str) -> str:
        return vault.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal(encrypted_text)

"""OAuth 2.0: how an application gets to speak for a person who agreed to it. django-oauth-toolkit does the protocol; here
is what is esa's: scopes, classic applications whose tokens last, loopback addresses, and what the door of /v1 asks.

A classic application has a secret and was entered by a person; as with esa, its tokens do not expire. Public ones (the
command line, MCP clients) prove themselves by PKCE, and their tokens last two hours and are renewed.
"""

import json
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken as OAuthToken
from oauth2_provider.models import Application, Grant, RefreshToken
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator

from esa.prepared import Prepared
from teams import scopes
from teams.models import Member, User
from teams.models.access_token import Access, digest_of, legacy_access

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
LASTING = 100 * 365 * 24 * 3600  # seconds
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
APPS = {"cursor", "vscode", "vscode-insiders", "windsurf", "zed"}
"""Schemes of programs on a person's own machine that are known to sign in like this."""

SCHEMES = ["https", "http", "urn", *sorted(APPS)]
MAX_REDIRECTS = 10


class Backend(OAuthLibCore):
    """Takes the parameters of a JSON body, too."""

    def extract_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            return super().extract_body(request)
        try:
            given = json.loads(request.body or b"{}")
        except (ValueError, RecursionError):
            return []
        fields = given.items() if isinstance(given, dict) else ()
        return [(name, str(value)) for name, value in fields if isinstance(value, str | int)]


class Validator(OAuth2Validator):
    def validate_scopes(
        self, client_id: str, scopes_: Any, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        try:
            scopes.parse(scopes_)
        except scopes.UnknownScope:
            return False
        return True

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return needs_pkce(client_id)

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        return super().validate_code(client_id, code, client, request, *args, **kwargs) and request.user.is_active

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        return (
            super().validate_refresh_token(refresh_token, client, request, *args, **kwargs) and request.user.is_active
        )

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> Any:
        lasting = is_classic(request.client)
        if lasting:
            token["expires_in"] = LASTING
            token.pop("refresh_token", None)
        super()._save_bearer_token(token, request, *args, **kwargs)
        if lasting:
            del token["expires_in"]
        token["created_at"] = int(time.time())


def is_classic(application: Application) -> bool:
    return (
        application.client_type == Application.CLIENT_CONFIDENTIAL
        and application.registration_source == Application.RegistrationSource.MANUAL
    )


def needs_pkce(client_id: str) -> bool:
    """A secret stands for it with classic applications, which know nothing of it."""
    application = Application.objects.filter(client_id=client_id).first()
    return application is None or not is_classic(application)


# --- At the door ------------------------------------------------------------------------------------------------------


_of_digest = Prepared(
    lambda digest: OAuthToken.objects.select_related("user", "application").filter(
        token_checksum=digest, user__is_active=True
    )[:1]
)


@dataclass(frozen=True)
class OAuthCredential:
    """The token of an application, as the door of the API sees it."""

    token: OAuthToken

    kind = "oauth"

    @classmethod
    def of_secret(cls, secret: str) -> "OAuthCredential | None":
        token = _of_digest.first(digest_of(secret))
        return cls(token) if token and token.expires > timezone.now() else None

    @property
    def user(self) -> User:
        person: User = self.token.user
        return person

    @property
    def granted(self) -> frozenset[str]:
        return frozenset(self.token.scope.split())

    @property
    def name(self) -> str:
        return str(self.token.application)

    def access_to(self, member: Member) -> Access | None:
        return legacy_access(member.team, self.granted)

    def reach(self, members: list[Member]) -> list[Member]:
        return [member for member in members if legacy_access(member.team, self.granted).scopes]

    def touch(self) -> None:
        """When it was last used is not kept; the team's log of requests has it."""

    def info(self) -> dict[str, Any]:
        lasting = is_classic(self.token.application)
        left = int((self.token.expires - timezone.now()).total_seconds())
        return {
            "resource_owner_id": self.user.pk,
            "scope": sorted(self.granted),
            "expires_in": None if lasting else left,
            "application": {"uid": self.token.application.client_id},
            "created_at": int(self.token.created.timestamp()),
            "user": {"id": self.user.pk},
        }


# --- Applications -----------------------------------------------------------------------------------------------------


def check_redirect(uri: str) -> None:
    """https anywhere, http on the person's own machine only, a known program's scheme, or the page that shows the code."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    clean = bool(re.fullmatch(r"[!-~]{1,500}", uri)) and "#" not in uri and "@" not in parts.netloc and "*" not in uri
    safe = (parts.scheme == "https" and host) or (parts.scheme == "http" and host in LOOPBACK) or parts.scheme in APPS
    if uri != OUT_OF_BAND and not (clean and safe):
        raise ValidationError(
            _("“%(uri)s” cannot be used: give an https address, or http on localhost."), "redirect", {"uri": uri[:100]}
        )


def applications_of(user: User) -> "models.QuerySet[Application]":
    return Application.objects.filter(user=user).order_by("name", "pk")


def find_application(user: User, pk: int) -> Application:
    application = applications_of(user).filter(pk=pk).first()
    if application is None:
        raise Http404
    return application


def create_application(user: User, *, name: str, redirect_uris: list[str]) -> tuple[Application, str]:
    """A classic application and its secret, which nobody can read again."""
    secret = secrets.token_hex(32)
    application = Application.objects.create(
        user=user,
        name=name,
        redirect_uris=" ".join(redirect_uris),
        client_id=secrets.token_hex(32),
        client_secret=secret,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    )
    return application, secret


class RegistrationRefused(Exception):
    """A registration that RFC 7591 has an error word for."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def register(metadata: Any) -> dict[str, Any]:
    """A client that introduces itself; it can do nothing until a person agrees on the consent page."""
    if not isinstance(metadata, dict):
        raise RegistrationRefused("invalid_client_metadata", "the body is not a JSON object")
    uris = metadata.get("redirect_uris")
    if (
        not isinstance(uris, list)
        or not 0 < len(uris) <= MAX_REDIRECTS
        or not all(isinstance(uri, str) for uri in uris)
    ):
        raise RegistrationRefused("invalid_redirect_uri", f"give 1 to {MAX_REDIRECTS} redirect_uris")
    for uri in uris:
        try:
            check_redirect(uri)
        except ValidationError as problem:
            raise RegistrationRefused("invalid_redirect_uri", problem.messages[0]) from problem
    method = metadata.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in {"none", "client_secret_basic", "client_secret_post"}:
        raise RegistrationRefused("invalid_client_metadata", "token_endpoint_auth_method is not supported")
    grants = metadata.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or not {"authorization_code"} <= {str(each) for each in grants} <= {
        "authorization_code",
        "refresh_token",
    }:
        raise RegistrationRefused("invalid_client_metadata", "only authorization_code and refresh_token are supported")
    name = metadata.get("client_name")
    name = name.replace("\x00", "").strip()[:100] if isinstance(name, str) else ""
    secret = "" if method == "none" else secrets.token_hex(32)
    application = Application.objects.create(
        name=name or urlsplit(uris[0]).hostname or "client",
        redirect_uris=" ".join(uris),
        client_id=secrets.token_hex(32),
        client_secret=secret,
        client_type=Application.CLIENT_CONFIDENTIAL if secret else Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        registration_source=Application.RegistrationSource.DCR,
    )
    told = {
        "client_id": application.client_id,
        "client_id_issued_at": int(time.time()),
        "client_name": application.name,
        "redirect_uris": uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    }
    return told | ({"client_secret": secret, "client_secret_expires_at": 0} if secret else {})


def agreed_applications(user: User) -> list[Application]:
    """Those that hold a token of the person that still works, with when the newest was given."""
    now = timezone.now()
    held = models.Q(accesstoken__user=user, accesstoken__expires__gt=now) | models.Q(
        refreshtoken__user=user, refreshtoken__revoked=None
    )
    found = Application.objects.filter(held).annotate(since=Max("accesstoken__created")).order_by("name", "pk")
    return list(found.distinct())


@transaction.atomic
def withdraw(user: User, pk: int) -> None:
    """Everything that an application holds of a person: gone with the next request."""
    RefreshToken.objects.filter(user=user, application=pk).delete()
    OAuthToken.objects.filter(user=user, application=pk).delete()
    Grant.objects.filter(user=user, application=pk).delete()


def describe(scope: str) -> str:
    """A right in words, for the consent page."""
    action, _colon, resource = scope.partition(":")
    if not resource:
        return (
            _("Read everything that you can read") if action == "read" else _("Write, change and delete in your name")
        )
    things = {
        "post": _("posts"),
        "comment": _("comments"),
        "category": _("categories"),
        "tag": _("tags"),
        "attachment": _("files"),
        "member": _("members"),
        "team": _("teams"),
        "user": _("your profile, with your e-mail address"),
        "invitation": _("invitations"),
        "emoji": _("emoji"),
        "feedback": _("feedback"),
        "revision": _("the history of posts"),
    }
    words = {
        "read": _("Read: %(things)s"),
        "write": _("Write: %(things)s"),
        "delete": _("Delete: %(things)s"),
        "admin": _("Read, write and delete: %(things)s"),
    }
    return words[action] % {"things": things.get(resource, resource)}

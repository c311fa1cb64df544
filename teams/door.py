"""The API's door: everything under /v1 goes through here, and past none of what knows cookies, forms or sessions."""

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from ninja.security.base import AuthBase

from esa import api, condition
from esa.failures import unavailable
from esa.prepared import Prepared
from esa.uploads import FileTooLarge
from teams import scopes
from teams.http import MemberRequest
from teams.models import AccessToken, ApiCall, Member, Team, User
from teams.models.access_token import Access
from teams.oauth import OAuthCredential

logger = logging.getLogger(__name__)

PAGES = {"/v1/docs"}
"""For people: these go the way of all pages."""

WINDOW = 15 * 60
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
READABLE = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, ETag, X-Request-Id"


class Credential(Protocol):
    """What a program shows at the door: a personal access token, or one of an OAuth application."""

    @property
    def user(self) -> User: ...
    @property
    def granted(self) -> frozenset[str]: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    def access_to(self, member: Member) -> Access | None: ...
    def reach(self, members: list[Member]) -> list[Member]: ...
    def touch(self) -> None: ...


_membership = Prepared(
    lambda name, user: (
        Member.objects.active().for_display().filter(team__name=name, user_id=user, team__deleted_at=None)[:1]
    )
)


def credential_of(secret: str) -> Credential | None:
    """Whoever a secret speaks for, while it is valid and its person is active."""
    return AccessToken.objects.of_secret(secret) or OAuthCredential.of_secret(secret)


class ApiRequest(MemberRequest):
    """A request that passed a Token check with a team in its path."""

    credential: Credential
    access: Access
    params: dict[str, Any]
    via: str  # how revisions are marked: Revision.Via


class PersonApiRequest(ApiRequest):
    """A request that passed a Token check without a team: `team` and `member` are None."""


class Token(AuthBase):
    """Says on an endpoint which right a token needs there; brings team and member, or 401, 403, 404."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = (
        "A personal access token, as `Authorization: Bearer TOKEN`, as the query parameter `access_token`,"
        " or as the member `access_token` of the body."
    )

    def __init__(self, scope: str, *, owners: bool = False) -> None:
        super().__init__()
        self.scope, self.owners = scope, owners

    def __call__(self, request: Any) -> bool:
        if request.credential is None:
            raise api.Unauthorized
        name = request.resolver_match.kwargs.get("team_name")
        if name is None:
            self._check(request, scopes.covers(request.credential.granted, self.scope))
        else:
            request.team, request.member, request.access = self._enter(request, name)
            self._check(request, request.access.allows(self.scope), request.access.refusal)
            if self.owners and not request.member.is_owner:
                raise api.Forbidden("Forbidden: owners of the team only")
        if isinstance(request.misread, FileTooLarge) and request.team:
            raise FileTooLarge(request.team.largest_file)
        if request.misread:
            raise request.misread
        return True

    def _check(self, request: Any, allowed: bool, refusal: str = "Forbidden") -> None:
        if not allowed:
            raise api.Forbidden(refusal if refusal != "Forbidden" else f"Forbidden: the token lacks {self.scope}")

    def _enter(self, request: Any, name: str) -> tuple[Team, Member, Access]:
        """A team that does not exist, that the person is not in, or that the token was not made for: all the same 404."""
        member = _membership.first(name, request.user.pk)
        access = request.credential.access_to(member) if member else None
        if member is None or access is None:
            raise Http404
        if request.writable:
            member.touch()
        return member.team, member, access


class ApiDoor:
    """Reads the token and the parameters, dispatches, and gives every answer what all answers have."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not (path == "/v1" or path.startswith("/v1/")) or path.rstrip("/") in PAGES:
            return self.get_response(request)
        asked = request.method
        with translation.override("en"):
            try:
                response = self._answer(request)
            except Exception as problem:
                response = answer_or_apologize(request, problem)
            finally:
                timezone.deactivate()
        return self._finished(request, response, asked=asked or "")

    def _answer(self, request: Any) -> HttpResponse:
        request.team = request.member = request.credential = request.access = request.misread = None
        request.params, request.allowance = {}, Allowance()
        request.via = getattr(request, "marked", "api")
        request.writable = getattr(request, "condition", condition.Condition()).writable
        request.COOKIES, request.META["HTTP_COOKIE"] = {}, ""
        request.get_host()  # refuses a Host that is not ours
        if request.method == "OPTIONS":
            return HttpResponse(status=204)
        request.method = {"HEAD": "GET", "PUT": "PATCH"}.get(request.method, request.method)
        self._identify(request)
        path = request.path_info.rstrip("/")
        if "\x00" in path:
            raise Http404
        request.resolver_match = match = resolve(path)
        if request.method != "GET" and not request.writable:
            message = "esa can only be read for a moment."
            return unavailable(request, "read_only", message, request.condition.retry_after)
        if not request.accepts("application/json"):
            raise api.ApiError(406, "not_acceptable", "Not Acceptable: this API answers in application/json")
        request._body = b"{}"  # what was sent is in params; django-ninja takes an empty body for no parameters
        answer = match.func(request, *match.args, **match.kwargs)
        return answer if isinstance(answer, HttpResponse) else HttpResponse(status=500)

    def _identify(self, request: Any) -> None:
        """Find out who asks: by the token in the header, the query or the body, in this order."""
        secret = _bearer(request) or request.GET.get("access_token", "")
        try:
            request.params = api.parameters(request)
        except Exception as problem:
            if api.answer_to(problem) is None:
                raise
            request.misread = problem  # told to those who may know; others hear of the token first
        given = request.params.pop("access_token", "")
        self._admit(request, secret or (given if isinstance(given, str) else ""))

    def _admit(self, request: Any, secret: str) -> None:
        credential = credential_of(secret) if secret else None
        if credential is None:
            return
        request.credential, request.user = credential, credential.user
        request.allowance = Allowance.spend(credential.user)
        if request.allowance.exceeded:
            raise request.allowance.refusal()
        if request.writable:
            credential.touch()
        try:
            timezone.activate(ZoneInfo(credential.user.time_zone))
        except (ZoneInfoNotFoundError, ValueError):
            timezone.deactivate()

    def _finished(self, request: Any, response: HttpResponse, *, asked: str) -> HttpResponse:
        self._note(request, response, asked)
        if response.status_code == 405:
            response.content = b""
            del response["Content-Type"]
        elif response.status_code == 200 and asked in {"GET", "HEAD"} and not response.has_header("ETag"):
            # Strong: the same text is the same answer, whoever asks; the person's view is in the text.
            etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            response["ETag"] = etag
            response = get_conditional_response(request, etag=etag, response=response) or response
        if not response.content and response.status_code not in {204, 304}:
            response["Content-Length"] = "0"  # some clients read a body unless told that there is none
        if asked == "HEAD":
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        for name, value in getattr(request, "allowance", Allowance()).headers().items():
            response[name] = value
        response["Cache-Control"] = "private, no-cache"
        response["Vary"] = "Authorization, Accept"
        response["X-Content-Type-Options"] = "nosniff"
        response["Access-Control-Allow-Origin"] = "*"  # no cookie counts here, so no page gains by a visitor's browser
        response["Access-Control-Expose-Headers"] = READABLE
        if asked == "OPTIONS":
            response["Allow"] = response["Access-Control-Allow-Methods"] = METHODS
            response["Access-Control-Allow-Headers"] = (
                request.headers.get("Access-Control-Request-Headers") or "Authorization, Content-Type, If-None-Match"
            )[:500]
            response["Access-Control-Max-Age"] = "86400"
        return response

    def _note(self, request: Any, response: HttpResponse, asked: str) -> None:
        """One line in the team's log. An answer is not taken back because its line could not be written."""
        if not getattr(request, "member", None) or not request.writable:
            return
        try:
            with transaction.atomic():
                ApiCall.objects.create(
                    team=request.team,
                    member=request.member,
                    token_kind=request.credential.kind,
                    token_name=request.credential.name[:120],
                    method=asked[:8],
                    path=request.path_info[:500],
                    status=response.status_code,
                )
        except DatabaseError as problem:
            logger.warning("an API request could not be noted: %s", problem)


class Allowance:
    """How many requests a person has left in this quarter of an hour, counted in Valkey for all processes together."""

    def __init__(self, used: int = 0) -> None:
        self.limit = settings.API_RATE_LIMIT
        self.used = used
        self.reset = int(time.time()) // WINDOW * WINDOW + WINDOW

    @classmethod
    def spend(cls, user: User) -> "Allowance":
        """Count one more request. A cache that is down counts from nothing, and says so in the log: nobody is shut out."""
        allowance = cls()
        key = f"api-rate:{user.pk}:{allowance.reset}"
        try:
            allowance.used = cache.incr(key)
        except ValueError:  # the first one of this window
            cache.add(key, 0, timeout=WINDOW + 60)
            try:
                allowance.used = cache.incr(key)
            except ValueError:
                allowance.used = 1
        return allowance

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    def refusal(self) -> api.ApiError:
        seconds = max(1, self.reset - int(time.time()))
        return api.ApiError(
            429, "too_many_requests", f"Retry after {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, self.limit - self.used)),
            "x-ratelimit-reset": str(self.reset),
        }


def answer_or_apologize(request: HttpRequest, problem: Exception) -> HttpResponse:
    """The refusal that an exception means; for a bug a plain 500, with the particulars in the log only."""
    if isinstance(problem, SuspiciousOperation) and api.answer_to(problem) is None:
        return api.error(400, "bad_request", "Bad Request")
    if isinstance(problem, OperationalError | InterfaceError):
        logger.error("%s %s failed: %s", request.method, request.path_info, problem)
        return unavailable(request, "unavailable", "esa cannot reach its database right now.")
    answer = api.answer_to(problem)
    if answer is None:
        logger.error("%s %s failed", request.method, request.path_info, exc_info=problem)
        got_request_exception.send(sender=ApiDoor, request=request)
        answer = api.error(500, "internal_server_error", "Internal Server Error")
    return answer


def _bearer(request: HttpRequest) -> str:
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""

"""The provider's side of OAuth 2.0: consent, tokens, revocation, discovery, registration."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import Application
from oauth2_provider.views import AuthorizationView, RevokeTokenView, TokenView

from esa import hosts
from esa.addresses import client_address
from teams import oauth, scopes
from teams.decorators import base_domain, sign_in_first

FAILURES, MINUTES = 30, 5
REGISTRATIONS, HOUR = 20, 3600


@method_decorator(base_domain, name="dispatch")  # type: ignore[arg-type]  # ours is typed for functions
@method_decorator(never_cache, name="dispatch")
class Consent(AuthorizationView):
    """Asks the person whether an application may speak for them, and how far."""

    template_name = "teams/oauth/consent.html"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") or any(
            "\x00" in str(value) for value in request.POST.values()
        ):
            return render(request, self.template_name, {"error": None}, status=400)
        if (
            request.method == "GET"
            and request.get_host() != settings.ESA_DOMAIN
            and not settings.ESA_SINGLE_TEAM
            and hosts.is_ours(request.get_host())
        ):
            return redirect(hosts.base_url(request.get_full_path()))
        if "approval_prompt" in request.GET:  # a person is asked every time; no parameter changes that
            request.GET = request.GET.copy()
            del request.GET["approval_prompt"]
        if not request.user.is_authenticated and request.method in {"GET", "HEAD"}:
            return sign_in_first(request)
        try:
            return super().dispatch(request, *args, **kwargs)
        except Application.DoesNotExist:
            raise Http404 from None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        shown["rights"] = [oauth.describe(scope) for scope in shown.get("scopes", ())]
        shown["place"] = _place(shown.get("redirect_uri") or "")
        return shown

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        parts = urlsplit(str(context.get("redirect_uri") or ""))
        if parts.scheme in oauth.SCHEMES and parts.scheme != "urn":
            # Browsers hold the redirect after a form to the page's policy, too.
            web = parts.scheme in {"http", "https"}
            origin = f"{parts.scheme}://{parts.netloc}" if web else f"{parts.scheme}:"
            response._csp_update = {"form-action": [origin]}
        return response

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        if redirect_to.startswith(oauth.OUT_OF_BAND):
            told = parse_qs(urlsplit(redirect_to).query)
            code, error = told.get("code", [""])[0], told.get("error", [""])[0]
            shown = {"code": code, "refused": error, "application": application}
            return render(self.request, "teams/oauth/code.html", shown)
        return super().redirect(redirect_to, application)


def for_programs(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """No cookie, no form token; any page's script may ask, for it gains nothing by the visitor's browser."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                answer = HttpResponse(status=204)
                answer["Access-Control-Allow-Methods"] = ", ".join([*methods, "OPTIONS"])
                answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, MCP-Protocol-Version"
            elif request.method not in {*methods, "HEAD" if "GET" in methods else ""}:
                answer = _error("invalid_request", "wrong method", 405)
                answer["Allow"] = ", ".join([*methods, "OPTIONS"])
            elif b"\\u0000" in request.body or b"%00" in request.body or b"\x00" in request.body:
                answer = _error("invalid_request", "a parameter contains a NUL character")
            else:
                answer = view(request, *args, **kwargs)
            answer["Access-Control-Allow-Origin"] = "*"
            return answer

        return wrapped

    return decorate


@for_programs("POST")
def token(request: HttpRequest) -> HttpResponse:
    """A code or a refresh token for an access token. Who guesses is made to wait."""
    key = f"oauth-failures:{client_address(request)}"
    if int(cache.get(key) or 0) >= FAILURES:
        answer = _error("slow_down", "too many failed attempts; wait some minutes", 429)
        answer["Retry-After"] = str(MINUTES * 60)
        return answer
    answer = TokenView.as_view()(request)
    if answer.status_code in {400, 401}:
        cache.add(key, 0, MINUTES * 60)
        try:
            cache.incr(key)
        except ValueError:  # it has just expired
            cache.set(key, 1, MINUTES * 60)
    return answer


@for_programs("GET", "POST")
def info(request: HttpRequest) -> HttpResponse:
    """What the token that is shown here may do, and whose it is."""
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip() if kind.lower() == "bearer" else request.GET.get("access_token", "")
    credential = oauth.OAuthCredential.of_secret(secret) if secret else None
    if credential is None:
        answer = _error("invalid_token", "The access token is unknown, expired or revoked", 401)
        answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return answer
    return JsonResponse(credential.info())


@for_programs("POST")
def revoke(request: HttpRequest) -> HttpResponse:
    """An unknown token is as revoked as can be."""
    answer = RevokeTokenView.as_view()(request)
    return JsonResponse({}) if answer.status_code == 200 else answer


@for_programs("POST")
def register(request: HttpRequest) -> HttpResponse:
    """Dynamic registration, for MCP clients; so many an hour from one address."""
    key = f"oauth-registrations:{client_address(request)}"
    cache.add(key, 0, HOUR)
    try:
        count = cache.incr(key)
    except ValueError:
        count = 1
    if count > REGISTRATIONS:
        answer = _error("slow_down", "too many registrations; wait an hour", 429)
        answer["Retry-After"] = str(HOUR)
        return answer
    try:
        metadata = json.loads(request.body)
    except (ValueError, RecursionError):
        return _error("invalid_client_metadata", "the body is not JSON")
    try:
        return JsonResponse(oauth.register(metadata), status=201)
    except oauth.RegistrationRefused as problem:
        return _error(problem.error, problem.description)


@for_programs("GET")
def server(request: HttpRequest, path: str = "") -> HttpResponse:
    """RFC 8414. People consent on the base domain; programs go on talking to the host that they know."""
    here = _here(request)
    return JsonResponse(
        {
            "issuer": f"{here}/",
            "authorization_endpoint": hosts.absolute("/oauth/authorize"),
            "token_endpoint": f"{here}/oauth/token",
            "registration_endpoint": f"{here}/oauth/dcr",
            "revocation_endpoint": f"{here}/oauth/revoke",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "scopes_supported": [*scopes.LEGACY, *scopes.FINE],
        }
    )


@for_programs("GET")
def resource(request: HttpRequest, path: str = "") -> HttpResponse:
    """RFC 9728: where an MCP client finds out whom to ask for a token."""
    here = _here(request)
    return JsonResponse(
        {
            "resource": f"{here}/mcp",
            "authorization_servers": [f"{here}/"],
            "scopes_supported": list(scopes.LEGACY),
            "bearer_methods_supported": ["header"],
            "resource_name": "esa",
        }
    )


def _here(request: HttpRequest) -> str:
    return f"{hosts.scheme()}://{request.get_host()}"


def _place(uri: str) -> str:
    """Where the answer goes, as the person should see it."""
    parts = urlsplit(uri)
    return "" if uri == oauth.OUT_OF_BAND else parts.netloc or f"{parts.scheme}:"


def _error(error: str, description: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status)

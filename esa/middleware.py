"""What surrounds every request: its line in the log, its numbers, the probes of the platform, and the gate that maintenance shuts."""

import contextvars
import hmac
import logging
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.core import signing
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from esa import condition, health, metrics
from esa.failures import unavailable

logger = structlog.get_logger("esa.requests")
slow_queries = logging.getLogger("esa.queries")
REQUEST_ID = re.compile(r"[A-Za-z0-9._=:;-]{8,200}")
QUIET = {"/healthz", "/readyz", "/metrics"}
Answer = Callable[[HttpRequest], HttpResponseBase]


@dataclass
class Queries:
    """How often the request in this context asked the database, and how long it waited."""

    count: int = 0
    seconds: float = 0.0


current: contextvars.ContextVar[Queries | None] = contextvars.ContextVar("queries", default=None)


class Requests:
    """Gives every request an id, and writes one line when it is answered: who, what, how long, how many queries."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        request_id = given if settings.TRUSTED_PROXIES and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        queries = Queries()
        token = current.set(queries)
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        response["X-Request-Id"] = request_id
        seconds = time.perf_counter() - started
        match = request.resolver_match
        view = (match.view_name or match.route) if match else ""
        metrics.observe(request.method or "", view, response.status_code, seconds, queries.count)
        if not _is_routine(request.path_info) or response.status_code >= 400:
            logger.info(
                "request",
                method=request.method,
                path=request.path_info,
                view=view,
                status=response.status_code,
                team=getattr(getattr(request, "team", None), "name", None),
                user=getattr(getattr(request, "_cached_user", None), "pk", None) or _member_of(request),
                duration_ms=round(seconds * 1000, 1),
                queries=queries.count,
                query_ms=round(queries.seconds * 1000, 1),
            )
        return response


def _is_routine(path: str) -> bool:
    """The probes, and the dozens of files that a page of development asks for."""
    return path in QUIET or path.startswith(settings.STATIC_URL)


def _member_of(request: HttpRequest) -> int | None:
    """The person of an API request, whom a token named."""
    return getattr(getattr(request, "member", None), "user_id", None)


def measured(execute: Any, sql: Any, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
    """Stands around every query of every process; what takes long is written down, without what people typed."""
    started = time.perf_counter()
    try:
        return execute(sql, parameters, many, context)
    finally:
        seconds = time.perf_counter() - started
        if queries := current.get():
            queries.count += 1
            queries.seconds += seconds
        if seconds * 1000 >= settings.SLOW_QUERY_MS > 0:
            slow_queries.warning("slow query", extra={"sql": str(sql)[:2000], "duration_ms": round(seconds * 1000, 1)})


def measure(connection: Any, **_signal: Any) -> None:
    if measured not in connection.execute_wrappers:
        connection.execute_wrappers.append(measured)


def watch_queries() -> None:
    """Called once per process, when the apps are ready."""
    connection_created.connect(measure, dispatch_uid="esa.middleware.measure")


class Probes:
    """Answers the platform before anything else is asked: no session, no Host to fit, no redirect, no maintenance."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in QUIET or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        if request.path_info == "/healthz":
            response = HttpResponse("ok\n", content_type="text/plain")
        elif request.path_info == "/readyz":
            response = health.ready()
        else:
            response = self._metrics(request)
        add_never_cache_headers(response)
        return response

    def _metrics(self, request: HttpRequest) -> HttpResponse:
        """Without the right token there is nothing here."""
        wanted, given = settings.METRICS_TOKEN, request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not wanted or not hmac.compare_digest(wanted.encode(), given.encode()):
            return HttpResponse(status=404)
        return HttpResponse(metrics.page(), content_type=metrics.CONTENT_TYPE)


class Gate:
    """Shuts esa for maintenance, or for writing only; operators with the cookie of a bypass go through the former."""

    COOKIE = "esa_bypass"
    SALT = "esa.maintenance.bypass"
    LASTS = 60 * 60 * 12

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/maintenance/bypass/"):
            return self._let_in(request)
        now = condition.current()
        request.condition = now  # type: ignore[attr-defined]
        if now.mode == condition.MAINTENANCE and not self._may_pass(request):
            return unavailable(
                request,
                "maintenance",
                now.message
                or _(
                    "esa is being looked after and will be back in a few minutes. Unsaved text stays in your browser."
                ),
                now.retry_after,
            )
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Reading goes on; what would write is answered 503, with what was typed."""
        writes = request.method not in {"GET", "HEAD", "OPTIONS"} and not getattr(view, "writes_nothing", False)
        now = getattr(request, "condition", None)
        if now and now.mode == condition.READ_ONLY and writes:
            message = now.message or _("esa can only be read for a moment, because its database is being moved.")
            return unavailable(request, "read_only", message, now.retry_after)
        return None

    @classmethod
    def bypass(cls) -> str:
        """A path that lets whoever opens it through for twelve hours; it needs no table, so no server either."""
        return reverse("maintenance_bypass", args=[signing.dumps("operator", salt=cls.SALT)])

    def _let_in(self, request: HttpRequest) -> HttpResponse:
        token = request.path_info.removeprefix("/maintenance/bypass/")
        if not self._is_good(token):
            return render(request, "404.html", status=404)
        response = HttpResponseRedirect("/")
        response.set_cookie(
            self.COOKIE,
            token,
            max_age=self.LASTS,
            domain=settings.SESSION_COOKIE_DOMAIN,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response

    def _may_pass(self, request: HttpRequest) -> bool:
        return self._is_good(request.COOKIES.get(self.COOKIE, ""))

    def _is_good(self, token: str) -> bool:
        try:
            return signing.loads(token, salt=self.SALT, max_age=self.LASTS) == "operator"
        except signing.BadSignature:
            return False

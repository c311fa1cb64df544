"""Errors of web, worker and beat go to Sentry when there is an address for them; what people write does not."""

from typing import Any

import structlog

from esa.environment import SettingError


def start(dsn: str, *, environment: str, release: str, traces: float, transport: Any = None) -> None:
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.utils import BadDsn

    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            release=release,
            traces_sample_rate=traces,
            # Who somebody is, cookies and keys stay here unless asked for; that is the library's default.
            max_request_body_size="never",  # bodies are posts
            include_local_variables=False,  # and so are variables
            before_breadcrumb=harmless,
            before_send=complete,
            before_send_transaction=complete,
            auto_enabling_integrations=False,  # they know nothing of what is private here
            transport=transport,
            integrations=[DjangoIntegration(), CeleryIntegration(monitor_beat_tasks=False)],
        )
    except BadDsn as problem:
        raise SettingError(f"SENTRY_DSN is not an address of Sentry: {problem}.") from None


def harmless(crumb: Any, _hint: Any) -> Any:
    """Of what went before only queries, which come without their values, and lines of the log. Others hold keys of sessions
    and the addresses of people's webhooks."""
    return crumb if crumb.get("category") == "query" or crumb.get("type") == "log" else None


def complete(event: Any, _hint: Any) -> Any:
    """With the id by which the log knows this request, or the task that came from it; without what was asked for."""
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        event.setdefault("tags", {})["request_id"] = request_id
    for part in ("query_string", "data", "cookies"):
        event.get("request", {}).pop(part, None)
    if "spans" in event:
        event["spans"] = [span for span in event["spans"] if not str(span.get("op")).startswith(("http", "cache"))]
    return event

"""Logs to standard output, one JSON object a line (in development: coloured text), with what is known of the request or task."""

import logging
from typing import Any

import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
]
COURSE = ("task_enqueued", "task_started", "task_succeeded")


def without_course(_logger: Any, _method: str, line: Any) -> Any:
    """Keeps the ordinary course of tasks out of a terminal, where it would push up what is to be read there."""
    if line["event"] in COURSE:
        raise structlog.DropEvent
    return line


def configuration(level: str, form: str, *, colours: bool = True) -> dict[str, Any]:
    """What Django, gunicorn and Celery configure the standard library's logging with."""
    logging.captureWarnings(capture=True)
    stamp = structlog.processors.TimeStamper
    time = stamp(fmt="iso", utc=True) if form == "json" else stamp(fmt="%H:%M:%S", utc=False)
    quiet = [without_course] if form == "console" and level != "DEBUG" else []
    structlog.configure(
        processors=[*SHARED[:3], *quiet, time, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=colours)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*SHARED, time],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "gunicorn.error": {"handlers": [], "propagate": True},
            "gunicorn.access": {"handlers": [], "level": "WARNING"},  # esa.requests has more to say
            "django": {"handlers": [], "propagate": True, "level": "INFO"},
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},  # runserver's own access log
            "django.request": {"level": "ERROR"},  # a 404 has its line as every request has
            "django.template": {"level": "INFO"},
            "botocore": {"level": "WARNING"},
            "boto3": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},  # task_started and task_succeeded say it with the request's id
            "celery.beat": {"level": "WARNING"},  # as task_enqueued does
            "celery.worker.strategy": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "amqp": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
            "mcp": {"level": "WARNING"},  # its transport begins and ends with each request
        },
    }

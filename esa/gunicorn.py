"""gunicorn as the image runs it: `gunicorn --config python:esa.gunicorn esa.wsgi`."""

from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from esa import settings

bind = f"{settings.WEB_HOST}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a heartbeat on disk blocks when the disk does)
timeout = 60
graceful_timeout = 25  # below the 30 s after which platforms kill
keepalive = 75  # longer than a balancer keeps an idle line, so that it never sends into a line that we close
max_requests = settings.WEB_MAX_REQUESTS
max_requests_jitter = settings.WEB_MAX_REQUESTS // 10
control_socket_disable = True  # it would want a writable home
reload = settings.DEBUG
reload_extra_files = (
    [str(path) for path in settings.BASE_DIR.glob("*/templates/**/*") if path.is_file()] if settings.DEBUG else []
)
forwarded_allow_ips = "*" if settings.USE_X_FORWARDED_HOST else "127.0.0.1"
accesslog = None  # esa.middleware.Requests writes that line, and knows who asked and how many queries it took
logconfig_dict = settings.LOGGING


def child_exit(_server: Any, worker: Any) -> None:
    if settings.PROMETHEUS_MULTIPROC_DIR:
        multiprocess.mark_process_dead(worker.pid)

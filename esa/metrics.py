"""Numbers for Prometheus: requests as they are answered, and what waits for the worker at the moment of asking."""

from collections.abc import Iterator

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

requests = Counter("esa_http_requests", "Requests answered", ["method", "view", "status"])
durations = Histogram(
    "esa_http_request_seconds",
    "Time to the answer",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
queries = Histogram("esa_http_request_queries", "Queries of a request", ["view"], buckets=(1, 5, 10, 20, 40, 80, 160))


def observe(method: str, view: str, status: int, seconds: float, query_count: int) -> None:
    """`view` is the name in the URLconf, never the path: the number of series stays bounded."""
    requests.labels(method if method in METHODS else "other", view or "none", status).inc()
    durations.labels(view or "none").observe(seconds)
    queries.labels(view or "none").observe(query_count)


def page() -> bytes:
    """Of all processes of this container, where gunicorn has more than one."""
    registry = REGISTRY
    if settings.PROMETHEUS_MULTIPROC_DIR:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    waiting = CollectorRegistry()
    waiting.register(Waiting())
    return generate_latest(registry) + generate_latest(waiting)


class Waiting(Collector):
    """The outbox and the queues: read when asked, the same from every process."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("esa_up", "Whether a server that esa needs answers", labels=["server"])
        yield from self._outbox(up)
        yield from self._queues(up)
        yield up

    def _outbox(self, up: GaugeMetricFamily) -> Iterator[Metric]:
        table = connection.ops.quote_name(apps.get_model("teams", "Event")._meta.db_table)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)"  # noqa: S608 (our own name)
                    f" FROM {table} WHERE relayed_at IS NULL"
                )
                count, age = cursor.fetchone()
        except DatabaseError:
            up.add_metric(["postgresql"], 0)
            return
        up.add_metric(["postgresql"], 1)
        yield GaugeMetricFamily("esa_events_waiting", "Events that no reader has seen yet", value=count)
        yield GaugeMetricFamily("esa_events_waiting_seconds", "Age of the oldest of them", value=float(age))

    def _queues(self, up: GaugeMetricFamily) -> Iterator[Metric]:
        lengths = GaugeMetricFamily("esa_queue_length", "Tasks that no worker has taken yet", labels=["queue"])
        try:
            with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as broker:
                for queue in settings.WORKER_QUEUES:
                    lengths.add_metric([queue], int(broker.llen(f"esa:{queue}")))
        except (redis.RedisError, OSError):
            up.add_metric(["valkey"], 0)
            return
        up.add_metric(["valkey"], 1)
        yield lengths

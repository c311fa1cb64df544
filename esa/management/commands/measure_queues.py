"""`manage.py measure_queues`: tells CloudWatch how many tasks wait, which is what the workers are scaled by.

It runs beside beat and not as a task: a task would wait behind those that it counts. The line it prints is CloudWatch's
embedded metric format; the log driver carries it, so it needs no credentials and no client of AWS.
"""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from kombu.exceptions import OperationalError

from esa.celery import app

PAUSE = 1  # seconds until a broker that does not answer is asked once more


class Command(BaseCommand):
    """Prints the number of waiting tasks every minute."""

    help = "Print how many tasks wait, as a metric of CloudWatch, every minute."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queue", action="append", help="a queue to count (all that the workers take from)")
        parser.add_argument("--every", type=float, default=60, metavar="SECONDS")
        parser.add_argument("--once", action="store_true", help="count once and end")

    def handle(self, *, queue: list[str] | None, every: float, once: bool, **options: Any) -> None:
        queues = queue or list(app.amqp.queues)
        while True:
            try:
                self.stdout.write(json.dumps(metric(waiting(queues))))
            except OperationalError as problem:  # no line is an alarm in itself
                self.stderr.write(f"The broker cannot be asked: {problem}")
            if once:
                return
            time.sleep(every)


def waiting(queues: list[str]) -> dict[str, int]:
    """How many tasks wait in each queue."""
    found = {}
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, interval_start=PAUSE)
        # The polite way, a passive declaration, asks Redis for a key without its prefix (kombu 5.7).
        channel: Any = connection.channel()
        with channel:
            for name in queues:
                found[name] = int(channel._size(name))
    return found


def metric(queues: dict[str, int]) -> dict[str, Any]:
    about = {"Namespace": "esa", "Dimensions": [["Environment"]], "Metrics": [{"Name": "QueueDepth", "Unit": "Count"}]}
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [about]},
        "Environment": settings.ESA_ENVIRONMENT,
        "QueueDepth": sum(queues.values()),
        "queues": queues,
    }

"""What our workers do beside tasks: they give a sign of life, and take no task while esa is not open."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, bootsteps
from django.conf import settings

from esa import condition

SIGN_OF_LIFE = 15.0

logger = logging.getLogger(__name__)


class Alive(bootsteps.StartStopStep):
    """A file that healthcheck.py looks at: the loop of the worker turns, whatever the broker does."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        path = Path(tempfile.gettempdir()) / "esa-worker.alive"
        path.touch()
        worker.timer.call_repeatedly(SIGN_OF_LIFE, path.touch)


class Pause(bootsteps.StartStopStep):
    """Stops taking tasks within seconds of the switch; they wait in their queues, and what runs is finished."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        self.paused: list[str] = []
        self.entry: Any = None
        super().__init__(consumer, **options)

    def start(self, consumer: Any) -> None:
        self.paused = []
        self._look(consumer)
        self.entry = consumer.timer.call_repeatedly(condition.EFFECTIVE_WITHIN, self._look, (consumer,))

    def stop(self, consumer: Any) -> None:
        if self.entry:
            self.entry.cancel()
        for queue in self.paused:  # or a connection that is made anew would listen to nothing for ever
            consumer.app.amqp.queues.select_add(queue)
        self.paused = []

    def _look(self, consumer: Any) -> None:
        if condition.current().writable:
            for queue in self.paused:
                consumer.add_task_queue(queue)
            if self.paused:
                logger.info("esa is open again: taking tasks")
            self.paused = []
        elif not self.paused:
            self.paused = list(consumer.app.amqp.queues.consume_from)
            for queue in self.paused:
                consumer.cancel_task_queue(queue)
            logger.info("esa is not open: tasks wait")


def name_task(task: Any, **_signal: Any) -> None:
    """Every line that a task writes says which one, its last word too."""
    structlog.contextvars.bind_contextvars(task=task.name)


def equip(app: Celery) -> None:
    app.steps["worker"].add(Alive)
    app.steps["consumer"].add(Pause)
    if settings.configured:
        from django_structlog.celery.signals import bind_extra_task_metadata
        from django_structlog.celery.steps import DjangoStructLogInitStep

        bind_extra_task_metadata.connect(name_task)
        app.steps["worker"].add(DjangoStructLogInitStep)

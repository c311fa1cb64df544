"""The door for Celery: `celery -A esa worker`, `celery -A esa beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esa.settings")

app = Celery("esa")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["teams", "posts"], related_name="models")
app.autodiscover_tasks(["esa"], related_name="tasks")


@setup_logging.connect
def leave_logging_alone(**_signal: Any) -> None:
    """Django's settings have set it up; a receiver of this signal keeps Celery from doing so once more."""


@app.on_after_configure.connect
def equip(sender: Celery, **_signal: Any) -> None:
    from esa.worker import equip

    equip(sender)

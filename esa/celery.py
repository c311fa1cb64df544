"""The door for Celery: `celery -A esa worker`, `celery -A esa beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esa.settings")

app = Celery("esa")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["teams", "posts"], related_name="models")
app.autodiscover_tasks(["esa"], related_name="tasks")

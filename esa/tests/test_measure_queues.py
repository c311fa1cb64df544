"""The number of waiting tasks, as CloudWatch reads it, from the real broker."""

import json
from io import StringIO
from typing import Any

from celery import Celery
from django.core.management import call_command

from esa.celery import app
from esa.management.commands import measure_queues


def counted(*queues: str) -> dict[str, Any]:
    told = StringIO()
    call_command("measure_queues", queue=list(queues) or None, once=True, stdout=told)
    return dict(json.loads(told.getvalue()))


def test_waiting_tasks_are_counted_over_all_queues() -> None:
    with app.connection_for_write() as connection:
        slow, quick = connection.SimpleQueue("measured-slow"), connection.SimpleQueue("measured-quick")
        try:
            for number in range(3):
                slow.put({"task": number})
            quick.put({"task": 4})
            line = counted("measured-slow", "measured-quick", "measured-empty")
        finally:
            slow.clear()
            quick.clear()
    assert line["QueueDepth"] == 4
    assert line["queues"] == {"measured-slow": 3, "measured-quick": 1, "measured-empty": 0}


def test_the_line_is_a_metric_of_its_environment(settings: Any) -> None:
    settings.ESA_ENVIRONMENT = "staging"
    line = counted()
    about = line["_aws"]["CloudWatchMetrics"][0]
    assert about["Namespace"] == "esa"
    assert [line[name] for name in about["Dimensions"][0]] == ["staging"]
    assert [metric["Name"] for metric in about["Metrics"]] == ["QueueDepth"]
    assert "celery" in line["queues"]


def test_a_broker_that_is_down_is_told_and_waited_for(monkeypatch: Any) -> None:
    gone = Celery(broker="redis://127.0.0.1:9/0", set_as_current=False)  # or every later test would publish there
    monkeypatch.setattr(measure_queues, "app", gone)
    monkeypatch.setattr(measure_queues, "PAUSE", 0)
    told, trouble = StringIO(), StringIO()
    call_command("measure_queues", queue=["celery"], once=True, stdout=told, stderr=trouble)
    assert told.getvalue() == ""
    assert "The broker cannot be asked" in trouble.getvalue()

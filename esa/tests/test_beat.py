"""Of several beats one fires, and another goes on where it was."""

import pytest

from esa import condition
from esa.beat import Scheduler
from esa.celery import app


@pytest.fixture
def beats(transactional_db, monkeypatch):
    """Beats that write down what they would hand to the broker, and nothing else in their place."""
    fired: list[tuple[str, str]] = []
    made: dict[str, Scheduler] = {}

    def send(task, *_arguments, **_options):
        (holder,) = [name for name, scheduler in made.items() if scheduler.line and not scheduler.line.closed]
        fired.append((holder, task.name))

    monkeypatch.setattr("celery.app.task.Task.apply_async", send)

    def beat(name: str) -> Scheduler:
        made[name] = Scheduler(app=app)
        return made[name]

    yield beat, fired
    for scheduler in made.values():
        scheduler._dirty.clear()
        scheduler.let_go()


def due(scheduler: Scheduler) -> None:
    from datetime import timedelta

    from django.utils import timezone
    from django_celery_beat.models import PeriodicTask, PeriodicTasks

    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(days=2))
    PeriodicTasks.update_changed()


def test_two_beats_do_not_fire_twice(beats):
    make, fired = beats
    first, second = make("first"), make("second")
    due(first)
    for _ in range(30):
        first.tick()
        second.tick()
    names = [name for _beat, name in fired]
    assert "teams.models.event.relay_waiting_events" in names
    assert len(names) == len(set(names))
    assert {beat for beat, _name in fired} == {"first"}


def test_the_next_goes_on_when_the_first_dies_and_does_not_repeat_it(beats):
    make, fired = beats
    first, second = make("first"), make("second")
    due(first)
    for _ in range(30):
        first.tick()
        second.tick()
    before = len(fired)
    assert first.line
    first.line.close()  # as its process ends: killed, it says goodbye to nobody
    for _ in range(4):
        second.tick()
    assert second.line
    assert len(fired) == before


def test_beat_rests_while_esa_is_not_open(beats, settings):
    make, fired = beats
    beat = make("first")
    due(beat)
    settings.ESA_READ_ONLY = True
    assert not condition.current().writable
    beat.tick()
    assert fired == []

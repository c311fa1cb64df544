"""What the worker does, done here and now."""

from teams.models import Delivery, Event, Mailing
from teams.models.event import relay_waiting_events


def relay() -> None:
    """Everything that waits is read by all readers."""
    relay_waiting_events()
    assert [event.problem for event in Event.objects.waiting()] == []


def send_mail() -> None:
    for mailing in Mailing.objects.due().order_by("pk"):
        mailing.send()


def deliver() -> None:
    for delivery in Delivery.objects.due().order_by("pk"):
        delivery.make()

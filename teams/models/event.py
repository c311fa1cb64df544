"""The log of what a team should hear about. Each verb writes one row in its own transaction; notifications, mail,
webhooks, activity and audit are readers of it, in the worker, so a dead broker or worker loses nothing."""

import logging
from typing import TYPE_CHECKING, Any, Self

from celery import shared_task
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from teams.models.member import Member

logger = logging.getLogger(__name__)


class EventQuerySet(models.QuerySet["Event"]):
    def waiting(self) -> Self:
        """Not yet read by all readers: the outbox."""
        return self.filter(relayed_at=None)


class Event(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="events")
    actor = models.ForeignKey("teams.Member", models.CASCADE, related_name="events")
    action = models.CharField(max_length=40)  # esa's webhook kinds: post_create, comment_create, member_join …
    # The one generic relation of the code base: the log is about anything, and outlives it.
    subject_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    particulars = models.JSONField(default=dict)
    quiet = models.BooleanField(default=False)  # saved as WIP, or [skip notice]: activity shows it, nobody is told
    created_at = models.DateTimeField(default=timezone.now)
    relayed_at = models.DateTimeField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at"], name="event_timeline"),
            models.Index(fields=["subject_type", "subject_id", "-created_at"], name="event_subject"),
            # Small: only what waits is in it.
            models.Index(fields=["id"], condition=models.Q(relayed_at=None), name="event_outbox"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_id} by {self.actor_id}"

    def relay_later(self) -> None:
        """Hand the event to the worker after commit; if the broker is down, beat picks it up from the table."""
        transaction.on_commit(self._enqueue, robust=True)

    def relay(self) -> None:
        """Let every reader act on the event; once, and harmlessly if it was done half before."""
        with transaction.atomic():
            event = Event.objects.select_for_update().filter(pk=self.pk, relayed_at=None).first()
            if event:
                if isinstance(event.subject, Eventful):
                    event.subject.react(event)
                Event.objects.filter(pk=event.pk).update(relayed_at=timezone.now())

    def _enqueue(self) -> None:
        try:
            relay_event.delay(self.pk)
        except (OperationalError, OSError) as problem:
            logger.warning("broker unavailable, event %s waits: %s", self.pk, problem)


class Eventful(models.Model):
    """Mixed into models whose changes a team should hear about."""

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        pk: Any
        team: Any

    def record(self, verb: str, *, by: "Member", quiet: bool = False, **particulars: Any) -> Event:
        """Write down that `by` did `verb` to this; called inside the verb's transaction."""
        event = Event(
            team_id=by.team_id,
            actor=by,
            action=f"{self._meta.model_name}_{verb}",
            subject_type=ContentType.objects.get_for_model(type(self)),
            subject_id=self.pk,
            particulars=particulars,
            quiet=quiet,
        )
        event.save(force_insert=True)
        event.relay_later()
        return event

    def react(self, event: Event) -> None:
        """What the subject itself does in the worker when it hears of the event; running twice is harmless."""

    def audience_of(self, event: Event) -> "models.QuerySet[Member]":
        """Who should hear of it; the subject decides, so that teams need not know posts."""
        return self.team.members.none()


@shared_task
def relay_event(event_id: int) -> None:
    if event := Event.objects.filter(pk=event_id).first():
        event.relay()


@shared_task
def relay_waiting_events() -> None:
    """Beat's sweep of the outbox: what the broker did not get, in order, a bounded number at a time."""
    for event in Event.objects.waiting().order_by("id")[:200]:
        try:
            event.relay()
        except Exception:  # whatever keeps one event back (a mail server that is down) must not keep back those behind it
            logger.exception("event %s could not be relayed, it waits", event.pk)

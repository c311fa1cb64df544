"""The log of what a team should hear about. Each verb writes one row in its own transaction; notifications, mail,
webhooks, activity and audit are readers of it, in the worker, so a dead broker or worker loses nothing."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from celery import shared_task
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from teams.models.member import Member

    Hearers = tuple[str, models.QuerySet[Member]]

logger = logging.getLogger(__name__)


LEASE = timedelta(minutes=2)
"""How long one attempt may take; longer than the hard limit of tasks, so that two never overlap."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
MOST_ATTEMPTS = 30
"""About a day of trying; then the event is set aside with its error, for the operators to see."""

SWEPT_AT_ONCE = 200
"""Events that one sweep of the outbox reads."""

Reader = Callable[["Event"], None]


def readers() -> dict[str, Reader]:
    """Who reads the log, in this order; the names are stored with each event, so they stay as they are."""
    from teams.models.notification import Notification
    from teams.models.webhook import Webhook

    return {"subject": _react, "notifications": Notification.tell, "webhooks": Webhook.hear}


def _react(event: "Event") -> None:
    if isinstance(event.subject, Eventful):
        event.subject.react(event)


DEEDS = {
    "": _("%(name)s did something"),
    "mention": _("%(name)s mentioned you"),
    "post_begin": _("%(name)s began a post"),
    "post_create": _("%(name)s wrote a post"),
    "post_ship": _("%(name)s shipped a post"),
    "post_update": _("%(name)s updated a post"),
    "post_archive": _("%(name)s archived a post"),
    "post_delete": _("%(name)s deleted a post"),
    "post_restore": _("%(name)s restored a post"),
    "post_start_sharing": _("%(name)s shared a post with the world"),
    "post_stop_sharing": _("%(name)s no longer shares a post with the world"),
    "post_star": _("%(name)s starred a post"),
    "comment_create": _("%(name)s commented"),
    "comment_update": _("%(name)s edited a comment"),
    "comment_delete": _("%(name)s deleted a comment"),
    "comment_star": _("%(name)s starred a comment"),
    "member_join": _("%(name)s joined the team"),
    "member_leave": _("%(name)s left the team, or removed somebody"),
    "member_role": _("%(name)s changed somebody's role"),
    "member_lock": _("The account of %(name)s is locked"),
    "member_hello": _("%(name)s tries out a webhook"),
    "team_update": _("%(name)s changed the settings of the team"),
    "group_create": _("%(name)s made a group"),
    "group_update": _("%(name)s changed a group"),
    "group_delete": _("%(name)s deleted a group"),
    "invitation_create": _("%(name)s invited somebody"),
    "tokengrant_request": _("%(name)s asks for access with a token"),
}
"""What happened, in words; the subject is named beside them."""


class EventQuerySet(models.QuerySet["Event"]):
    def waiting(self) -> Self:
        """Not yet read by all readers: the outbox."""
        return self.filter(relayed_at=None, set_aside_at=None)

    def due(self) -> Self:
        """Waiting, and nobody is at it; after a failure, when the pause is over."""
        return self.waiting().filter(models.Q(retry_at=None) | models.Q(retry_at__lte=timezone.now()))

    def set_aside(self) -> Self:
        """Given up after MOST_ATTEMPTS; `problem` says why."""
        return self.exclude(set_aside_at=None)


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
    relayed_at = models.DateTimeField(null=True)  # all readers have done their part
    read_by = ArrayField(models.CharField(max_length=20), default=list)  # these have, so far
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)  # of the last attempt, per reader
    set_aside_at = models.DateTimeField(null=True)

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

    @classmethod
    def record_many(
        cls, verb: str, subjects: "Sequence[tuple[Eventful, dict[str, Any]]]", *, by: "Member", quiet: bool = False
    ) -> None:
        """What `record` does, for one deed on many things: in few statements, and with few words to the broker."""
        if not subjects:
            return
        model = type(subjects[0][0])
        about = ContentType.objects.get_for_model(model)
        action = f"{model._meta.model_name}_{verb}"
        rows = [
            cls(
                team_id=by.team_id,
                actor=by,
                action=action,
                subject_type=about,
                subject_id=subject.pk,
                particulars=particulars,
                quiet=quiet,
            )
            for subject, particulars in subjects
        ]
        created = cls.objects.bulk_create(rows, batch_size=1000)
        if len(created) <= SWEPT_AT_ONCE:
            for event in created:
                event.relay_later()
        else:
            transaction.on_commit(_sweep, robust=True)

    def relay_later(self) -> None:
        """Hand the event to the worker after commit; if the broker is down, beat picks it up from the table."""
        transaction.on_commit(self._enqueue, robust=True)

    def relay(self) -> None:
        """Let every reader act on the event, once each; one that fails holds up neither the others nor itself for good.

        The attempt is counted first, in a commit of its own: an event that kills its worker is counted, too. What a
        reader wrote and the note that it has read are one transaction.
        """
        attempt = Event.objects.due().filter(pk=self.pk)
        if not attempt.update(attempts=F("attempts") + 1, retry_at=timezone.now() + LEASE):
            return
        with transaction.atomic():
            event = Event.objects.waiting().select_for_update(skip_locked=True).filter(pk=self.pk).first()
            if event:
                event._be_read()

    def deed(self, *, mention: bool = False) -> str:
        """What happened, in the reader's language: "Bob commented"."""
        words = DEEDS["mention" if mention else self._deed_key]
        return str(words) % {"name": self.actor.display_name}

    @property
    def excerpt(self) -> str:
        """A few words of what was said."""
        return self.subject.excerpt_of(self) if isinstance(self.subject, Eventful) else ""

    @property
    def _deed_key(self) -> str:
        if self.action == "post_update" and self.particulars.get("shipped"):
            return "post_ship"
        if self.action == "post_create" and self.particulars.get("wip"):
            return "post_begin"
        return self.action if self.action in DEEDS else ""

    def retry(self) -> None:
        """Take up again what was set aside, after whatever was wrong is mended."""
        Event.objects.filter(pk=self.pk, relayed_at=None).update(
            set_aside_at=None, retry_at=None, attempts=0, problem=""
        )

    def _be_read(self) -> None:
        problems: list[str] = []
        if self.attempts > MOST_ATTEMPTS:
            problems = ["the worker died in every attempt"]
        else:
            for name, reader in readers().items():
                if name not in self.read_by:
                    try:
                        with transaction.atomic():
                            reader(self)
                    except Exception as problem:  # whatever it is, it is this reader's alone; stored, and tried again
                        logger.exception("event %s: %s failed", self.pk, name)
                        problems.append(f"{name}: {type(problem).__name__}: {problem}"[:2000].replace("\x00", ""))
                    else:
                        self.read_by.append(name)
        self.problem = "\n".join(problems)
        now = timezone.now()
        if not problems:
            self.relayed_at, self.retry_at = now, None
        elif self.attempts >= MOST_ATTEMPTS:
            self.set_aside_at = now
            logger.error("event %s is set aside after %s attempts: %s", self.pk, self.attempts, self.problem)
        else:
            self.retry_at = now + min(FIRST_PAUSE * 2 ** min(self.attempts, 12), LONGEST_PAUSE)
        self.save(update_fields=["read_by", "problem", "relayed_at", "retry_at", "set_aside_at"])

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

    def hearers_of(self, event: Event) -> "list[Hearers]":
        """Who is told of it, and why (a kind of Notification); the subject decides, so that teams need not know posts.

        Somebody who is in two lists is told for the first reason.
        """
        return []

    @property
    def thread(self) -> "Eventful":
        """What notifications about this are gathered under: a comment belongs to its post."""
        return self

    @property
    def title_in_notices(self) -> str:
        """Its name as plain text."""
        return str(self)

    def address_in_notices(self) -> str:
        """Its path on the team's host; "" if it has no page."""
        return ""

    def excerpt_of(self, event: Event, *, whole: bool = False) -> str:
        """A few words of what was said, as plain text; `whole` also reads the text itself."""
        return ""

    def mailed_of(self, event: Event, address: str) -> str:
        """What was said as safe HTML for a mail about it, with links that start from this address; "" if its excerpt will do."""
        return ""

    def payload_of(self, event: Event) -> dict[str, Any] | None:
        """What a Generic webhook carries besides kind, team and user; None if webhooks do not hear of it."""
        return None

    def fits(self, event: Event, *, category: str, tag: str, query: str) -> bool:
        """Whether a webhook that asks for these wants to hear of it."""
        return True

    @classmethod
    def for_notices(cls) -> "models.QuerySet[Any]":
        """The rows with what notices show of them, and no more."""
        return cls._base_manager.all()


@shared_task
def relay_event(event_id: int) -> None:
    if event := Event.objects.filter(pk=event_id).first():
        event.relay()


@shared_task
def relay_waiting_events() -> None:
    """Beat's sweep of the outbox: what the broker did not get, in order, a bounded number at a time."""
    due = list(Event.objects.due().order_by("id")[:SWEPT_AT_ONCE])
    for event in due:
        event.relay()
    if len(due) == SWEPT_AT_ONCE:
        _sweep()


def _sweep() -> None:
    try:
        relay_waiting_events.delay()
    except (OperationalError, OSError) as problem:
        logger.warning("broker unavailable, events wait for beat: %s", problem)

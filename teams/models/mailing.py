"""The outbox of mail: a message is a row before it is sent, so that no crash loses it, and each is sent under one Message-ID
for good. Somebody who has left, or whose account is locked, gets nothing that was still waiting; no more does who was
invited, once the invitation has ended."""

import logging
import smtplib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from kombu.exceptions import OperationalError

from esa import hosts

if TYPE_CHECKING:
    from teams.models.invitation import Invitation
    from teams.models.member import Member
    from teams.models.user import User

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=5)
"""How long whoever took a message may be at it; then it is taken for dead, and the message is sent again with its id."""

FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(hours=2), 30
KEPT = timedelta(days=14)


class in_their_words:  # noqa: N801 - reads as a statement: with in_their_words(user): …
    """Everything in here is said in a person's language and time zone."""

    def __init__(self, user: "User | None") -> None:
        self.language = translation.override((user and user.language) or settings.LANGUAGE_CODE)
        self.zone = timezone.override(zone_of(user))

    def __enter__(self) -> None:
        self.language.__enter__()
        self.zone.__enter__()

    def __exit__(self, *problem: Any) -> None:
        self.zone.__exit__(*problem)
        self.language.__exit__(*problem)


def zone_of(user: "User | None") -> ZoneInfo:
    try:
        return ZoneInfo(user.time_zone if user else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


class MailingQuerySet(models.QuerySet["Mailing"]):
    def waiting(self) -> Self:
        return self.filter(sent_at=None, given_up_at=None)

    def due(self) -> Self:
        """Waiting, its pause over, and in nobody's hands."""
        now = timezone.now()
        return self.waiting().filter(
            Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM), Q(retry_at=None) | Q(retry_at__lte=now)
        )


class Message(EmailMultiAlternatives):
    """A mail whose long headers stay on one line, as RFC 5322 lets them: a Message-ID or the address that ends mails
    cannot be broken, and folded before them the first line would be empty, which not every program reads."""

    def message(self, *arguments: Any, **options: Any) -> Any:
        message: Any = super().message(*arguments, **options)
        message.policy = message.policy.clone(max_line_length=998)
        return message


class Mailing(models.Model):
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="mailings")
    # An invitation goes to somebody who is no member yet: then this is who invites, and without them it ends.
    invitation = models.ForeignKey("teams.Invitation", models.CASCADE, null=True, related_name="mailings")
    key = models.CharField(max_length=120, unique=True)  # what it is about: the same thing is never written twice
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        indexes = [
            # Small: only what waits is in it.
            models.Index(fields=["id"], condition=Q(sent_at=None, given_up_at=None), name="mailing_outbox"),
            models.Index(fields=["created_at"], name="mailing_age"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def message_id(self) -> str:
        """The same in every attempt, so that a message that arrives twice is seen as one."""
        return f"<{self.key.replace(':', '.')}@{settings.DOMAIN_NAME}>"

    @classmethod
    def write(
        cls,
        to: "Member",
        *,
        key: str,
        template: str,
        about: dict[str, Any],
        headers: dict[str, str] | None = None,
        subject: str = "",
        invitation: "Invitation | None" = None,
    ) -> "Mailing | None":
        """Put a message into the outbox, rendered from mail/TEMPLATE.txt and .html; None if this key was written before.

        The first line of the text is the subject, unless one is given.
        """
        with in_their_words(to.user):
            about = {"member": to, "team": to.team, "preferences_url": hosts.absolute("/user/notifications")} | about
            text = str(render_to_string(f"mail/{template}.txt", about))
            html = render_to_string(f"mail/{template}.html", about)
        if not subject:
            subject, _newline, text = text.partition("\n")
        mailing, created = cls.objects.get_or_create(
            key=key,
            defaults={
                "member": to,
                "invitation": invitation,
                "subject": " ".join(subject.split())[:300],
                "text": text.strip() + "\n",
                "html": html,
                "headers": headers or {},
            },
        )
        if created:
            transaction.on_commit(mailing._enqueue, robust=True)
        return mailing if created else None

    def send(self) -> None:
        """Send it if nobody else does: whoever sets the claim sends. Trouble is stored, and tried again after a pause."""
        now = timezone.now()
        if not Mailing.objects.due().filter(pk=self.pk).update(claimed_at=now, attempts=F("attempts") + 1):
            return
        mailing = Mailing.objects.select_related("member__user", "member__team", "invitation").get(pk=self.pk)
        if not mailing.member.active or mailing.member.team.deleted_at:
            mailing._give_up("the member is gone")
        elif mailing.invitation and not mailing.invitation.holds:
            mailing._give_up("the invitation has ended")
        elif mailing.attempts > MOST_ATTEMPTS:
            mailing._give_up(mailing.problem or "the worker died in every attempt")
        else:
            mailing._send()

    def _send(self) -> None:
        try:
            self._message().send()
        except smtplib.SMTPRecipientsRefused as problem:
            codes = [code for code, _words in problem.recipients.values()]
            if all(code >= 500 for code in codes):
                self._give_up(f"the address was refused: {problem}")
            else:
                self._put_off(problem)
        except (smtplib.SMTPException, OSError) as problem:
            self._put_off(problem)
        else:
            self._note_sent()

    @transaction.atomic
    def _note_sent(self) -> None:
        """Here and at the invitation, or at neither: a worker that dies in between must not leave half of it."""
        # The text has gone to whom it was for; there is no reason to keep it here.
        self.sent_at, self.problem, self.text, self.html = timezone.now(), "", "", ""
        self.save(update_fields=["sent_at", "problem", "text", "html"])
        if self.invitation:
            self.invitation.note_sent(self.sent_at)

    @property
    def _address(self) -> str:
        if self.invitation:
            return self.invitation.email
        return self.member.user.email if self.member.user else ""

    def _message(self) -> Message:
        headers = {
            "Message-ID": self.message_id,
            "Date": self.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            "Auto-Submitted": "auto-generated",
        }
        if not self.invitation:  # whoever is invited is on no list
            headers["List-Id"] = f"{self.member.team.name} <{self.member.team.name}.{settings.DOMAIN_NAME}>"
        message = Message(
            self.subject,
            self.text,
            to=[self._address],
            headers=headers | self.headers,
        )
        if self.html:
            message.attach_alternative(self.html, "text/html")
        return message

    def _put_off(self, problem: Exception) -> None:
        logger.warning("mail %s could not be sent: %s", self.pk, problem)
        pause = min(FIRST_PAUSE * 2 ** min(self.attempts - 1, 12), LONGEST_PAUSE)
        self.claimed_at, self.retry_at = None, timezone.now() + pause
        self.problem = str(problem).replace("\x00", "")[:500]
        self.save(update_fields=["claimed_at", "retry_at", "problem"])

    def _give_up(self, why: str) -> None:
        logger.warning("mail %s is given up: %s", self.pk, why)
        self.given_up_at, self.problem, self.text, self.html = timezone.now(), why.replace("\x00", "")[:500], "", ""
        self.save(update_fields=["given_up_at", "problem", "text", "html"])

    def _enqueue(self) -> None:
        try:
            send_mailing.delay(self.pk)
        except (OperationalError, OSError) as problem:
            logger.warning("broker unavailable, mail %s waits: %s", self.pk, problem)


@shared_task
def send_mailing(mailing_id: int) -> None:
    if mailing := Mailing.objects.filter(pk=mailing_id).first():
        mailing.send()


@shared_task
def send_waiting_mailings() -> None:
    """Beat's sweep of the outbox."""
    for mailing in Mailing.objects.due().order_by("id")[:200]:
        mailing.send()


@shared_task
def forget_old_mailings() -> None:
    Mailing.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(sent_at=None, given_up_at=None).delete()

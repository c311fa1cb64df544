"""What people tell the operators: kept, and mailed to them."""

import json
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from teams.models.user import User

MAILED_WITHIN = timedelta(days=14)


class Feedback(models.Model):
    user = models.ForeignKey("teams.User", models.SET_NULL, null=True, related_name="+")
    team_name = models.CharField(max_length=32, blank=True)  # outlives the team
    message = models.TextField()
    email = models.EmailField(blank=True)  # where an answer should go, if not to the account's address
    meta = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.message[:60]

    @classmethod
    @transaction.atomic
    def give(cls, *, by: User, message: str, email: str = "", meta: Any = None, team_name: str = "") -> "Feedback":
        feedback = cls.objects.create(user=by, team_name=team_name, message=message, email=email, meta=meta or {})
        transaction.on_commit(feedback._mail_later, robust=True)
        return feedback

    @transaction.atomic
    def mail(self) -> None:
        """To the operators, once; a worker that dies before it has noted that sends it again, under the same id."""
        # Locked while it is sent, for beat's sweep may come to it as well.
        if not Feedback.objects.select_for_update(skip_locked=True).filter(pk=self.pk, mailed_at=None).exists():
            return
        to = (
            [settings.FEEDBACK_EMAIL]
            if settings.FEEDBACK_EMAIL
            else list(User.objects.filter(is_superuser=True, is_active=True).values_list("email", flat=True))
        )
        if not to:
            return
        sender = self.email or (self.user.email if self.user else "")
        about = f"{self.user or 'somebody'} <{sender}>, team {self.team_name or '-'}\n{json.dumps(self.meta, ensure_ascii=False)}"
        EmailMessage(
            "Feedback on esa",
            f"{self.message}\n\n-- \n{about}\n",
            to=to,
            reply_to=[sender] if sender else None,
            headers={"Message-ID": f"<feedback.{self.pk}@{settings.DOMAIN_NAME}>"},
        ).send()
        self.mailed_at = timezone.now()
        self.save(update_fields=["mailed_at"])

    def _mail_later(self) -> None:
        try:
            mail_feedback.delay(self.pk)
        except (OperationalError, OSError):
            return  # beat's sweep finds it


@shared_task
def mail_feedback(feedback_id: int) -> None:
    if feedback := Feedback.objects.filter(pk=feedback_id).first():
        feedback.mail()


@shared_task
def mail_waiting_feedback() -> None:
    """Beat's sweep: what the broker did not get, a mail server refused, or came before there was somebody to mail it to."""
    for feedback in Feedback.objects.filter(mailed_at=None, created_at__gt=timezone.now() - MAILED_WITHIN):
        feedback.mail()

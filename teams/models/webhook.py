"""Webhooks: a team's events, sent to programs of its own and to chats. Each event goes to each hook at most once, under one
delivery id for good; what cannot be delivered is tried again for a day, and a hook that fails for long is switched off.

A hook works as long as an owner answers for it: whoever made it or took it over. When they leave, stop being an owner or are
locked out, it stops in the same moment, so that nobody who was sent away goes on listening; owners are told, and may take it over.
"""

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from celery import shared_task
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from esa import outbound
from teams.models import chats
from teams.models.event import Event, Eventful
from teams.models.mailing import Mailing

if TYPE_CHECKING:
    from teams.models.member import Member
    from teams.models.team import Team

logger = logging.getLogger(__name__)

USER_AGENT = "esa-Hookshot/v1"  # consumers compare it
CLAIM = timedelta(minutes=2)
PAUSES = [timedelta(seconds=30), *(timedelta(minutes=m) for m in (2, 10, 30, 60, 180, 360, 720))]
"""Between the attempts of one delivery; after the last it is given up."""

FAILURES_IN_A_ROW, FAILING_FOR = 10, timedelta(hours=1)
KEPT = timedelta(days=30)
MOST_HOOKS = 50
SHOWN_BYTES = 4000

KINDS = {
    "post_create": _("A post is written"),
    "post_update": _("A post is changed or shipped"),
    "post_archive": _("A post is archived"),
    "post_delete": _("A post is deleted"),
    "post_restore": _("A post is restored"),
    "post_start_sharing": _("A post is shared with the world"),
    "post_stop_sharing": _("A post is no longer shared"),
    "comment_create": _("Somebody comments"),
    "member_join": _("Somebody joins the team"),
}


def all_kinds() -> list[str]:
    return list(KINDS)


def validate_url(url: str) -> None:
    try:
        outbound.check(url)
    except outbound.Refused as refusal:
        raise ValidationError(str(refusal), "url") from None


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def working(self) -> Self:
        """Switched on, and answered for by somebody who is an owner now."""
        return self.filter(
            disabled_at=None,
            team__deleted_at=None,
            responsible__left_at=None,
            responsible__role="owner",
            responsible__user__is_active=True,
        )

    def for_display(self) -> Self:
        return self.select_related("responsible__user", "team")


class Webhook(models.Model):
    class Format(models.TextChoices):
        GENERIC = "generic", _("Generic (JSON)")
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        DISCORD = "discord", "Discord"
        CHATWORK = "chatwork", "Chatwork"

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="webhooks")
    responsible = models.ForeignKey("teams.Member", models.CASCADE, related_name="webhooks")
    name = models.CharField(_("name"), max_length=80, help_text=_("What you call it, for example the channel."))
    format = models.CharField(_("format"), max_length=8, choices=Format.choices, default=Format.GENERIC)
    url = models.CharField(_("address"), max_length=2000, validators=[validate_url])
    secret = models.CharField(
        _("secret"),
        max_length=200,
        blank=True,
        help_text=_("Generic: signs each request (X-Esa-Signature). Chatwork: the API token."),
    )
    kinds = ArrayField(models.CharField(max_length=24), default=all_kinds)
    category = models.CharField(
        _("category"), max_length=300, blank=True, help_text=_("Only posts in it and below it.")
    )
    tag = models.CharField(_("tag"), max_length=50, blank=True, help_text=_("Only posts with it."))
    query = models.CharField(
        _("search query"), max_length=500, blank=True, help_text=_("Only posts that a search for this finds.")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_by_failure = models.BooleanField(default=False)
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["team"], condition=Q(disabled_at=None), name="webhook_of_team")]

    def __str__(self) -> str:
        return self.name

    @property
    def answered_for(self) -> bool:
        return self.responsible.is_owner and self.responsible.active

    @property
    def working(self) -> bool:
        return self.disabled_at is None and self.answered_for

    @property
    def kinds_in_words(self) -> list[str]:
        return [str(KINDS[kind]) for kind in self.kinds if kind in KINDS]

    @property
    def page(self) -> str:
        return reverse("webhook", args=[self.pk])

    @classmethod
    @transaction.atomic
    def make(cls, *, by: "Member", **fields: Any) -> "Webhook":
        hook = cls(team=by.team, responsible=by, **fields)
        hook.full_clean(exclude=["team", "responsible"])
        if by.team.webhooks.count() >= MOST_HOOKS:
            raise ValidationError(_("A team may have %(most)s webhooks."), "too_many", {"most": MOST_HOOKS})
        hook.save()
        return hook

    @transaction.atomic
    def change(self, *, by: "Member", **fields: Any) -> None:
        """Set it up anew; whoever does so answers for it from now on."""
        for name, value in fields.items():
            setattr(self, name, value)
        self.responsible = by
        self.full_clean(exclude=["team", "responsible"])
        self.save()

    @transaction.atomic
    def switch_on(self, *, by: "Member") -> None:
        """Let it work (again), and answer for it. What happened in between is not made up for."""
        self.responsible, self.disabled_at, self.disabled_by_failure = by, None, False
        self.failures, self.failing_since = 0, None
        self.save()

    @transaction.atomic
    def switch_off(self) -> None:
        if self.disabled_at is None:
            self.disabled_at = timezone.now()
            self.save(update_fields=["disabled_at"])
        self.deliveries.waiting().update(given_up_at=timezone.now())

    @classmethod
    def hear(cls, event: Event) -> None:
        """Read the log: put a delivery into the outbox of every hook that wants this event."""
        subject = event.subject
        if event.quiet or event.action not in KINDS or not isinstance(subject, Eventful):
            return
        hooks = list(cls.objects.working().filter(team=event.team_id, kinds__contains=[event.action]))
        if not hooks or (payload := subject.payload_of(event)) is None:
            return
        whole = {"kind": event.action, "team": {"name": event.team.name}, **payload}
        for hook in hooks:
            heard = subject.thread.fits(event, category=hook.category, tag=hook.tag, query=hook.query)
            if heard or (event.action == "post_delete" and hook.has_told_of(event)):
                hook._deliver(event, hook.body_of(event, whole))

    def has_told_of(self, event: Event) -> bool:
        """A post in the bin fits no search; those that heard of it before hear that it is gone."""
        return self.deliveries.filter(
            event__subject_type=event.subject_type_id, event__subject_id=event.subject_id
        ).exists()

    def body_of(self, event: Event, payload: dict[str, Any]) -> str:
        """What is sent, byte for byte: compact UTF-8, so that a signature over a re-serialised body fits, too."""
        if self.format == self.Format.GENERIC:
            return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        news = chats.news_of(event, payload)
        if self.format == self.Format.CHATWORK:
            return urlencode(chats.chatwork(news))
        shape: Callable[[chats.News], dict[str, Any]] = {
            self.Format.SLACK: chats.slack,
            self.Format.TEAMS: chats.teams,
            self.Format.DISCORD: chats.discord,
        }[self.Format(self.format)]
        return json.dumps(shape(news), ensure_ascii=False, separators=(",", ":"))

    def try_out(self, *, by: "Member") -> "Delivery":
        """Send something harmless, so that one sees whether it arrives."""
        event = by.record("hello", by=by, quiet=True)
        whole = {"kind": "member_join", "team": {"name": self.team.name}, **(by.payload_of(event) or {})}
        return self._deliver(event, self.body_of(event, whole))

    def _deliver(self, event: Event, body: str) -> "Delivery":
        delivery, created = Delivery.objects.get_or_create(
            webhook=self, event=event, defaults={"kind": event.action, "body": body.replace("\x00", "")}
        )
        if created:
            transaction.on_commit(delivery._enqueue, robust=True)
        return delivery

    @transaction.atomic
    def note(self, *, delivered: bool) -> None:
        """Keep count of failures in a row, and switch off what has failed for long."""
        hook = Webhook.objects.select_for_update(of=("self",)).get(pk=self.pk)
        now = timezone.now()
        if delivered:
            if hook.failures:
                hook.failures, hook.failing_since = 0, None
                hook.save(update_fields=["failures", "failing_since"])
            return
        hook.failures += 1
        hook.failing_since = hook.failing_since or now
        if hook.disabled_at is None and hook.failures >= FAILURES_IN_A_ROW and now - hook.failing_since >= FAILING_FOR:
            hook.disabled_at, hook.disabled_by_failure = now, True
            hook._tell_owners()
        hook.save(update_fields=["failures", "failing_since", "disabled_at", "disabled_by_failure"])

    def _tell_owners(self) -> None:
        last = self.deliveries.exclude(attempts=0).order_by("-attempted_at").first()
        about = {"webhook": self, "last": last, "url": self.team.url(self.page)}
        for owner in self.team.members.owners().for_display():
            Mailing.write(
                owner,
                key=f"webhook_off:{self.pk}:{int(timezone.now().timestamp())}:{owner.pk}",
                template="webhook_off",
                about=about,
            )


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        return self.filter(delivered_at=None, given_up_at=None)

    def due(self) -> Self:
        now = timezone.now()
        return self.waiting().filter(
            Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM), Q(retry_at=None) | Q(retry_at__lte=now)
        )


class Delivery(models.Model):
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey("teams.Event", models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    # Of the last attempt:
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    problem = models.CharField(max_length=500, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "event"], name="delivered_once")]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_log"),
            models.Index(fields=["id"], condition=Q(delivered_at=None, given_up_at=None), name="delivery_outbox"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def headers(self) -> dict[str, str]:
        """The same in every attempt; the secret signs the raw body."""
        hook = self.webhook
        if hook.format == Webhook.Format.CHATWORK:
            return {
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": USER_AGENT,
                "X-ChatWorkToken": hook.secret,
            }
        headers = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": USER_AGENT}
        if hook.format == Webhook.Format.GENERIC:
            headers["X-Esa-Delivery"] = str(self.pk)
            if hook.secret:
                signature = hmac.new(hook.secret.encode(), self.body.encode(), hashlib.sha256).hexdigest()
                headers["X-Esa-Signature"] = f"sha256={signature}"
        return headers

    @property
    def shown_headers(self) -> dict[str, str]:
        """For the log: what opens doors stays hidden."""
        return {name: "…" if name == "X-ChatWorkToken" else value for name, value in self.headers.items()}

    @property
    def state(self) -> str:
        if self.delivered_at:
            return "delivered"
        return "given_up" if self.given_up_at else "waiting"

    def replay(self) -> None:
        """Send it once more, under the same id and byte for byte."""
        Delivery.objects.filter(pk=self.pk).update(
            delivered_at=None, given_up_at=None, claimed_at=None, retry_at=None, attempts=0
        )
        transaction.on_commit(self._enqueue, robust=True)

    def make(self) -> None:
        """Send it if nobody else does: whoever sets the claim sends. If they die, the next one does, with the same id."""
        now = timezone.now()
        claim = Delivery.objects.due().filter(pk=self.pk)
        if not claim.update(claimed_at=now, attempted_at=now, attempts=F("attempts") + 1):
            return
        delivery = Delivery.objects.select_related("webhook__team", "webhook__responsible__user").get(pk=self.pk)
        if not delivery.webhook.working or delivery.webhook.team.deleted_at:
            delivery._settle(given_up_at=now, problem=gettext_noop("The webhook is switched off."))
        else:
            delivery._make()

    def _make(self) -> None:
        now = timezone.now()
        outcome: dict[str, Any] = {"status": None, "answer": "", "problem": "", "milliseconds": None}
        try:
            answer = outbound.post(self.webhook.url, self.body.encode(), headers=self.headers)
        except (outbound.Refused, outbound.Unreachable) as problem:
            outcome["problem"] = str(problem)
            delivered = False
        else:
            delivered = answer.ok
            outcome |= {
                "status": answer.status,
                "answer": answer.text[:SHOWN_BYTES].replace("\x00", ""),
                "milliseconds": round(answer.seconds * 1000),
            }
        if delivered:
            outcome["delivered_at"] = timezone.now()
        elif self.attempts > len(PAUSES):
            outcome["given_up_at"] = now
        else:
            outcome["retry_at"] = now + PAUSES[self.attempts - 1]
        with transaction.atomic():
            self._settle(**outcome)
            self.webhook.note(delivered=delivered)

    def _settle(self, **outcome: Any) -> None:
        outcome["problem"] = outcome.get("problem", "").replace("\x00", "")[:500]
        Delivery.objects.filter(pk=self.pk).update(claimed_at=None, **outcome)

    def _enqueue(self) -> None:
        try:
            make_delivery.delay(self.pk)
        except (OperationalError, OSError) as problem:
            logger.warning("broker unavailable, delivery %s waits: %s", self.pk, problem)


def new_secret() -> str:
    return secrets.token_hex(20)


def webhooks_left_by(team: "Team", member: "Member") -> int:
    """Hooks that stopped because this member, who answered for them, is gone."""
    return team.webhooks.filter(responsible=member, disabled_at=None).count()


@shared_task
def make_delivery(delivery_id: int) -> None:
    if delivery := Delivery.objects.filter(pk=delivery_id).first():
        delivery.make()


@shared_task
def make_waiting_deliveries() -> None:
    """Beat's sweep of the outbox: one task each, for a slow receiver must not hold up the others."""
    for pk in Delivery.objects.due().order_by("id").values_list("pk", flat=True)[:500]:
        make_delivery.delay(pk)


@shared_task
def forget_old_deliveries() -> None:
    old = Delivery.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(delivered_at=None, given_up_at=None)
    old.delete()

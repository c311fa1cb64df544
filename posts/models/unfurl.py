"""Links to posts in Slack: what they lead to is shown in the channel, if whoever posted the link reads it here.

A row per event of Slack is the outbox: an event that comes twice is one row, and a worker that dies leaves it to the next.
"""

import logging
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from celery import shared_task
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from posts import title
from posts.glimpses import first_lines
from posts.models.post import Post
from teams.models import Member
from teams.models.slack import Slack, SlackTrouble

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)
PAUSES = [timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)]
"""Slack takes no card for a link that is older than half an hour."""

KEPT = timedelta(days=7)
MOST_LINKS = 20


class UnfurlQuerySet(models.QuerySet["Unfurl"]):
    def waiting(self) -> Self:
        return self.filter(done_at=None)

    def due(self) -> Self:
        now = timezone.now()
        return self.waiting().filter(
            Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM), Q(retry_at=None) | Q(retry_at__lte=now)
        )


class Unfurl(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="unfurls")
    event = models.CharField(max_length=64)  # Slack's id of it
    place = models.JSONField()  # of the message, as Slack wants it back
    person = models.CharField(max_length=32)  # Slack's id of whoever posted the links
    links = ArrayField(models.CharField(max_length=2000))
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    shown = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    objects = UnfurlQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "event"], name="one_unfurl_per_event")]
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at=None), name="unfurl_outbox"),
            models.Index(fields=["team", "-id"], name="unfurl_log"),
        ]

    def __str__(self) -> str:
        return self.event

    @classmethod
    @transaction.atomic
    def hear(cls, slack: Slack, told: dict[str, Any]) -> "Unfurl | None":
        """Keep what Slack told, once; nothing of a channel that is shared with other companies."""
        event = told.get("event")
        if not isinstance(event, dict) or event.get("type") != "link_shared" or not slack.unfurls:
            return None
        if told.get("is_ext_shared_channel"):
            return None
        names = ("unfurl_id", "source") if event.get("unfurl_id") else ("channel", "message_ts")
        place = {("ts" if name == "message_ts" else name): _text(event.get(name), 200) for name in names}
        listed = event.get("links")
        given = [each.get("url") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        links = [link for link in (_text(url, 2000) for url in given[:MOST_LINKS]) if number_in(link, slack)]
        person, key = _text(event.get("user"), 32), _text(told.get("event_id"), 64)
        if not (links and person and key and all(place.values())):
            return None
        unfurl, created = cls.objects.get_or_create(
            team=slack.team, event=key, defaults={"place": place, "person": person, "links": links}
        )
        if created:
            transaction.on_commit(unfurl._enqueue, robust=True)
        return unfurl

    def make(self) -> None:
        """Show the cards if nobody else does: whoever sets the claim does. Twice would show the same, in the same place."""
        claim = Unfurl.objects.due().filter(pk=self.pk)
        if not claim.update(claimed_at=timezone.now(), attempts=F("attempts") + 1):
            return
        unfurl = Unfurl.objects.select_related("team").get(pk=self.pk)
        slack = Slack.objects.select_related("responsible__user", "team").filter(team=unfurl.team).first()
        if slack is None or not slack.unfurls or not slack.answered_for or unfurl.team.deleted_at:
            unfurl._settle(done_at=timezone.now(), problem=gettext_noop("Slack is not connected, or shows no posts."))
            return
        try:
            shown, problem = unfurl._show(slack)
        except SlackTrouble as trouble:
            over = trouble.lasting or unfurl.attempts > len(PAUSES)
            when = {"done_at": timezone.now()} if over else {"retry_at": timezone.now() + PAUSES[unfurl.attempts - 1]}
            unfurl._settle(problem=str(trouble), **when)
        else:
            unfurl._settle(done_at=timezone.now(), shown=shown, problem=problem)

    def _show(self, slack: Slack) -> tuple[int, str]:
        person = slack.ask("users.info", user=self.person).get("user")
        member = member_of(slack, person) if isinstance(person, dict) else None
        if member is None:
            return 0, gettext_noop("Whoever posted the link is not known here by a confirmed e-mail address.")
        cards = self._cards(slack, member)
        if not cards:
            return 0, gettext_noop("There is no such post for whoever posted the link.")
        slack.tell("chat.unfurl", {**self.place, "unfurls": cards})
        return len(cards), ""

    def _cards(self, slack: Slack, member: Member) -> dict[str, Any]:
        """Through the gate, as if the member asked."""
        from posts.scoping import as_seen_by, readable_posts

        numbers = {link: number_in(link, slack) for link in self.links}
        found = {post.number: post for post in readable_posts(as_seen_by(member)).filter(number__in=numbers.values())}
        return {link: card_of(found[number], link) for link, number in numbers.items() if number in found}

    def _settle(self, *, problem: str, **outcome: Any) -> None:
        Unfurl.objects.filter(pk=self.pk).update(claimed_at=None, problem=problem.replace("\x00", "")[:300], **outcome)

    def _enqueue(self) -> None:
        try:
            make_unfurl.delay(self.pk)
        except (OperationalError, OSError) as problem:
            logger.warning("broker unavailable, unfurl %s waits: %s", self.pk, problem)


def number_in(link: str, slack: Slack) -> int | None:
    """The number of the post of this team that an address leads to."""
    try:
        parts, home = urlsplit(link), urlsplit(slack.team.url("/"))
        if (parts.scheme, parts.netloc.lower()) != (home.scheme, home.netloc):
            return None
        match = resolve(parts.path)
    except (ValueError, Resolver404):
        return None
    number = match.kwargs.get("number", 0) if match.url_name == "post" else 0
    return number if 0 < number < 2**31 else None


def member_of(slack: Slack, person: dict[str, Any]) -> Member | None:
    """Who somebody in Slack is here: by the e-mail address that both Slack and we have confirmed. Guests and bots are nobody."""
    profile = person.get("profile")
    email = profile.get("email") if isinstance(profile, dict) else None
    strange = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    if not isinstance(email, str) or not email or any(person.get(name) for name in strange):
        return None
    if person.get("is_email_confirmed") is not True:
        return None
    users = EmailAddress.objects.filter(email__iexact=email, verified=True).values("user")
    member: Member | None = slack.team.members.active().filter(user__in=users).for_display().first()
    return member


def card_of(post: Post, link: str) -> dict[str, Any]:
    """Title, first lines, and where it stands; in Slack's blocks."""
    name = _escaped(title.unescape(post.name))
    about = [post.category and title.unescape(post.category), "WIP" if post.wip else "", post.created_by.display_name]
    blocks: list[dict[str, Any]] = [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": f"*<{link.replace('|', '%7C').replace('>', '%3E')}|{name}>*"},
        }
    ]
    if lines := first_lines(post.body_html):
        blocks.append({"type": "section", "text": {"type": "plain_text", "text": lines, "emoji": False}})
    context = " · ".join(part for part in about if part)
    blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": context[:1000], "emoji": False}]})
    return {"blocks": blocks}


def _text(value: object, most: int) -> str:
    """What can be stored of what was sent."""
    text = value if isinstance(value, str) else ""
    return text.encode(errors="ignore").decode().replace("\x00", "")[:most]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "∗")


@shared_task
def make_unfurl(unfurl_id: int) -> None:
    if unfurl := Unfurl.objects.filter(pk=unfurl_id).first():
        unfurl.make()


@shared_task
def make_waiting_unfurls() -> None:
    """Beat's sweep of the outbox."""
    for pk in Unfurl.objects.due().order_by("id").values_list("pk", flat=True)[:200]:
        make_unfurl.delay(pk)


@shared_task
def forget_old_unfurls() -> None:
    Unfurl.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(done_at=None).delete()

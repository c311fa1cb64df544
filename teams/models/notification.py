"""What a member is told: an inbox entry per event, a mail at once or in a daily digest, and a weekly look back."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from celery import shared_task
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.core import signing
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from esa import hosts
from teams.models.event import Event, Eventful
from teams.models.mailing import Mailing, in_their_words, zone_of

if TYPE_CHECKING:
    from teams.models.member import Member
    from teams.models.user import User

COUNTED = 99
"""The bell shows no more than that."""

KEPT = timedelta(days=180)
DIGEST_HOUR = 8  # of the person's own day
DIGEST_LENGTH = 50
HOT = 7
UNSUBSCRIBE_SALT = "teams.unsubscribe"
WEEKLY = "weekly"


class Kind(models.TextChoices):
    """Why somebody is told."""

    MENTION = "mention", gettext_lazy("Somebody mentions you")
    COMMENT = "comment", gettext_lazy("Comments on posts that you watch")
    POST = "post", gettext_lazy("Changes of posts that you watch")
    NEW = "new", gettext_lazy("Posts shipped in categories and searches that you watch")
    STAR = "star", gettext_lazy("Stars for what you wrote")
    TEAM = "team", gettext_lazy("People who join and leave, for owners")
    ACCESS = "access", gettext_lazy("Tokens that wait for approval, for owners")


class Email(models.TextChoices):
    NONE = "none", gettext_lazy("No mail")
    NOW = "now", gettext_lazy("At once")
    DAILY = "daily", gettext_lazy("Once a day")


USUALLY: dict[str, tuple[bool, str]] = {
    Kind.MENTION: (True, Email.NOW),
    Kind.COMMENT: (True, Email.NOW),
    Kind.POST: (True, Email.DAILY),
    Kind.NEW: (True, Email.DAILY),
    Kind.STAR: (True, Email.NONE),
    Kind.TEAM: (True, Email.DAILY),
    Kind.ACCESS: (True, Email.NOW),
    WEEKLY: (False, Email.NOW),  # once a week, that is
}
"""Per kind: shown in esa, and mail. What somebody has not chosen."""


class Preference(models.Model):
    """What somebody chose for one kind, in all their teams."""

    user = models.ForeignKey("teams.User", models.CASCADE, related_name="preferences")
    kind = models.CharField(max_length=8, choices=[*Kind.choices, (WEEKLY, gettext_lazy("What happened in the week"))])
    in_app = models.BooleanField(default=True)
    email = models.CharField(max_length=8, choices=Email.choices, default=Email.NONE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_preference_per_kind")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}: {self.email}"

    @classmethod
    def of(cls, users: "Iterable[User]") -> "dict[int, dict[str, tuple[bool, str]]]":
        """What holds for each of them, per kind; one query for all."""
        ids = [user.pk for user in users]
        holds = {pk: dict(USUALLY) for pk in ids}
        for chosen in cls.objects.filter(user__in=ids):
            holds[chosen.user_id][chosen.kind] = (chosen.in_app, chosen.email)
        return holds

    @classmethod
    @transaction.atomic
    def choose(cls, user: "User", kind: str, *, in_app: bool | None = None, email: str | None = None) -> None:
        """Change one kind, or one half of it."""
        shown, mailed = cls.of([user])[user.pk][kind]
        chosen = {"in_app": shown if in_app is None else in_app, "email": mailed if email is None else email}
        cls.objects.update_or_create(user=user, kind=kind, defaults=chosen)


def unsubscribe_url(user: "User", kind: str) -> str:
    """Ends the mails of one kind without signing in; it can do nothing else."""
    token = signing.dumps([user.pk, kind], salt=UNSUBSCRIBE_SALT)
    return hosts.absolute(reverse("unsubscription", args=[token]))


def unsubscribe_headers(user: "User", kind: str) -> dict[str, str]:
    """RFC 8058: mail programs offer it as one click."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(user, kind)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


class NotificationQuerySet(models.QuerySet["Notification"]):
    def in_app(self) -> Self:
        return self.filter(in_app=True)

    def unread(self) -> Self:
        return self.filter(in_app=True, read_at=None)

    def about(self, thread: Eventful) -> Self:
        return self.filter(about_type=ContentType.objects.get_for_model(type(thread)), about_id=thread.pk)

    def for_display(self) -> Self:
        """With people, what it is about and what was said, in a fixed number of queries and without long texts."""
        return self.select_related("event__actor__user", "event__team").prefetch_related(
            listed_subjects("about"), listed_subjects("event__subject")
        )

    def read(self) -> int:
        return self.filter(read_at=None).update(read_at=timezone.now())

    def unread_again(self) -> int:
        return self.exclude(read_at=None).update(read_at=None)


class Notification(models.Model):
    member = models.ForeignKey("teams.Member", models.CASCADE, related_name="notifications")
    event = models.ForeignKey("teams.Event", models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    about_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    about_id = models.BigIntegerField()
    about = GenericForeignKey("about_type", "about_id")  # what it is gathered under
    created_at = models.DateTimeField(default=timezone.now)
    in_app = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    email = models.CharField(max_length=8, choices=Email.choices, default=Email.NONE)
    mailing = models.ForeignKey("teams.Mailing", models.SET_NULL, null=True, related_name="+")  # the digest it is in
    digested_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "event"], name="told_once")]
        indexes = [
            models.Index(fields=["member", "-id"], condition=Q(in_app=True), name="notification_inbox"),
            models.Index(
                fields=["member", "about_type", "about_id"],
                condition=Q(in_app=True, read_at=None),
                name="notification_unread",
            ),
            models.Index(
                fields=["member"], condition=Q(email=Email.DAILY, digested_at=None), name="notification_to_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.member_id}"

    @property
    def read(self) -> bool:
        return self.read_at is not None

    @property
    def deed(self) -> str:
        """What happened, with the name of whoever did it."""
        return self.event.deed(mention=self.kind == Kind.MENTION)

    @property
    def excerpt(self) -> str:
        return self.event.excerpt

    @property
    def path(self) -> str:
        """Where to go: the comment, the post, the member; the inbox if it is gone."""
        for place in (self.event.subject, self.about):
            if isinstance(place, Eventful) and (address := place.address_in_notices()):
                return address
        return reverse("notifications")

    @classmethod
    def tell(cls, event: Event) -> None:
        """Read the log: make an entry for everybody who should hear of the event, and the mails that go out at once.

        Nobody is told of their own deeds, nor of what was saved quietly, nor after they have left.
        """
        subject = event.subject
        if event.quiet or not isinstance(subject, Eventful):
            return
        reasons: dict[int, tuple[Member, str]] = {}
        for kind, members in subject.hearers_of(event):
            here = event.team.members.active().filter(pk__in=members.values("pk")).exclude(pk=event.actor_id)
            for member in here.for_display():
                reasons.setdefault(member.pk, (member, kind))
        if not reasons:
            return
        thread = subject.thread
        about = {"about_type": ContentType.objects.get_for_model(type(thread)), "about_id": thread.pk}
        holds = Preference.of(member.user for member, _kind in reasons.values() if member.user)
        told = set(cls.objects.filter(event=event).values_list("member", flat=True))
        for member, kind in reasons.values():
            in_app, email = holds[member.user_id or 0][kind]
            if member.pk not in told and (in_app or email != Email.NONE):
                notification = cls.objects.create(
                    member=member, event=event, kind=kind, in_app=in_app, email=email, **about
                )
                if email == Email.NOW:
                    notification._mail(member, thread, subject)

    def _mail(self, member: "Member", thread: Eventful, subject: Eventful) -> None:
        if not member.user:
            return
        self.event.subject, self.about = subject, thread
        url = member.team.url(self.path)
        with in_their_words(member.user):
            about = {
                "notification": self,
                "deed": self.deed,
                "title": thread.title_in_notices,
                "excerpt": subject.excerpt_of(self.event, whole=True),
                "mailed": subject.mailed_of(self.event, url),
                "url": url,
                "why": self.get_kind_display(),
                "unsubscribe_url": unsubscribe_url(member.user, self.kind),
            }
            title = f"[{member.team.name}] {thread.title_in_notices}"
        # Every mail about one post answers the same message, which nobody has ever sent: so they stand together.
        root = f"<{thread._meta.model_name}.{thread.pk}.{member.team_id}@{settings.DOMAIN_NAME}>"
        headers = {"In-Reply-To": root, "References": root} | unsubscribe_headers(member.user, self.kind)
        Mailing.write(
            member,
            key=f"notification:{member.pk}:{self.event_id}",
            template="notification",
            about=about,
            headers=headers,
            subject=title,
        )


def eventful_models() -> list[type[Eventful]]:
    """All that events are about."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, Eventful)]


def listed_subjects(lookup: str = "subject") -> GenericPrefetch:
    """Whatever events are about, as notices show it."""
    return GenericPrefetch(lookup, [model.for_notices() for model in eventful_models()])


# --- Digests ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def digest(member: "Member", today: str) -> None:
    """Gather what waits for the daily mail into one; once a day, whatever happens in between."""
    waiting = Notification.objects.filter(member=member, email=Email.DAILY, digested_at=None)
    # Locked, so that two beats do not both gather them.
    ids = list(waiting.select_for_update().order_by("-id").values_list("pk", flat=True))
    key = f"daily:{member.pk}:{today}"
    if not ids or not member.user or Mailing.objects.filter(key=key).exists():
        return
    shown = Notification.objects.filter(pk__in=ids[:DIGEST_LENGTH]).order_by("-id").for_display()
    with in_their_words(member.user):
        mailing = Mailing.write(
            member,
            key=key,
            template="digest",
            about={
                "groups": grouped(shown),
                "more": max(0, len(ids) - DIGEST_LENGTH),
                "inbox_url": member.team.url(reverse("notifications")),
                "unsubscribe_url": unsubscribe_url(member.user, "daily"),
            },
            headers=unsubscribe_headers(member.user, "daily"),
        )
    Notification.objects.filter(pk__in=ids).update(digested_at=timezone.now(), mailing=mailing)


def grouped(notifications: "Iterable[Notification]") -> "list[Group]":
    """By what they are about, in the order of the newest of each. What is gone is left out."""
    groups: dict[tuple[int, int], Group] = {}
    for notification in notifications:
        if isinstance(notification.about, Eventful):
            key = (notification.about_type_id, notification.about_id)
            groups.setdefault(key, Group(notification.about)).notifications.append(notification)
    return list(groups.values())


class Group:
    """Entries about one thing."""

    def __init__(self, about: Eventful) -> None:
        self.about = about
        self.notifications: list[Notification] = []

    @property
    def unread(self) -> bool:
        return any(not each.read for each in self.notifications)

    @property
    def title(self) -> str:
        return self.about.title_in_notices

    @property
    def path(self) -> str:
        """Where the oldest unread entry leads: one reads on from there."""
        unread = [each for each in self.notifications if not each.read]
        return (unread or self.notifications)[-1 if unread else 0].path

    @property
    def url(self) -> str:
        return str(self.about.team.url(self.path))


def local_date(user: "User | None", now: datetime) -> datetime:
    return now.astimezone(zone_of(user))


@shared_task
def send_daily_digests() -> None:
    """Beat asks every quarter of an hour; for whom it is past DIGEST_HOUR gets today's, if there is anything to tell."""
    from teams.models.member import Member

    now = timezone.now()
    waiting = Notification.objects.filter(email=Email.DAILY, digested_at=None).values("member").distinct()
    for member in Member.objects.active().filter(pk__in=waiting).for_display().order_by("pk"):
        here = local_date(member.user, now)
        if here.hour >= DIGEST_HOUR:
            digest(member, here.date().isoformat())


@shared_task
def send_weekly_digests() -> None:
    """Beat asks every hour; on their Monday, past DIGEST_HOUR, people get what happened in the week."""
    from teams.models.team import Team

    now = timezone.now()
    for team in Team.objects.filter(deleted_at=None).order_by("pk"):
        members = list(team.members.active().for_display().order_by("pk"))
        holds = Preference.of(member.user for member in members if member.user)
        due = []
        for member in members:
            here = local_date(member.user, now)
            if here.weekday() == 0 and here.hour >= DIGEST_HOUR and holds[member.user_id or 0][WEEKLY][1] != Email.NONE:
                due.append((member, f"weekly:{member.pk}:{here.date().isoformat()}"))
        written = set(Mailing.objects.filter(key__in=[key for _m, key in due]).values_list("key", flat=True))
        due = [(member, key) for member, key in due if key not in written]
        if due:
            week = Week(team, now)
            for member, key in due:
                week.mail(member, key)


class Week:
    """What happened in a team in the seven days before a moment."""

    def __init__(self, team: Any, now: datetime) -> None:
        from teams.statistics import hot_entries, tally

        self.team, since = team, now - timedelta(days=7)
        self.tally = tally(team, since)
        self.hot = hot_entries(team, since, most=HOT)

    def mail(self, member: "Member", key: str) -> None:
        if not member.user or not any(self.tally.values()):
            return
        about = {
            "tally": self.tally,
            "hot": [(post.title_in_notices, self.team.url(post.address_in_notices())) for post in self.hot],
            "activity_url": self.team.url(reverse("activity")),
            "unsubscribe_url": unsubscribe_url(member.user, WEEKLY),
        }
        Mailing.write(member, key=key, template="weekly", about=about, headers=unsubscribe_headers(member.user, WEEKLY))


@shared_task
def forget_old_notifications() -> None:
    Notification.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


def stop_mails(token: str) -> "tuple[User, str] | None":
    """Whose mails of which kind a link of a mail would end; None if the link is not ours."""
    from teams.models.user import User

    try:
        pk, kind = signing.loads(token, salt=UNSUBSCRIBE_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=pk).first()
    return (user, kind) if user and kind in {*USUALLY, "daily"} else None


@transaction.atomic
def unsubscribe(user: "User", kind: str) -> None:
    """No more mails of this kind; for "daily", of all kinds that came by the daily digest."""
    kinds = (
        [kind]
        if kind != "daily"
        else [k for k, (_shown, mail) in Preference.of([user])[user.pk].items() if mail == Email.DAILY]
    )
    for each in kinds:
        Preference.choose(user, each, email=Email.NONE)
    Notification.objects.filter(member__user=user, kind__in=kinds, email=Email.DAILY, digested_at=None).update(
        email=Email.NONE
    )


def kind_in_words(kind: str) -> str:
    if kind == WEEKLY:
        return _("What happened in the week")
    return _("The daily digest") if kind == "daily" else str(Kind(kind).label)

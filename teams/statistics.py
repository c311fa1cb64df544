"""A team in figures: what happened since a moment, what was talked about most, and how both went over time."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone

if TYPE_CHECKING:
    from teams.models import Event, Team

STAR, COMMENT, CHANGE = 3, 2, 1
"""What each weighs for a hot entry."""

SHIPPED = Q(action="post_create", particulars__wip=False) | Q(action="post_update", particulars__shipped=True)
COMMENTS = Q(action="comment_create")
STARS = Q(action__in=["post_star", "comment_star"])

CANDIDATES = 2000
"""Events that are looked at for it, newest first."""


def people_events(team: "Team", since: datetime) -> Any:
    """What people did; esa_bot is nobody. Whoever is in here was active."""
    return team.events.filter(created_at__gte=since, actor__user__isnull=False)


def active_people(team: "Team", now: datetime | None = None) -> dict[str, int]:
    """How many wrote, changed, commented or starred something within a day, 7 and 30 days."""
    now = now or timezone.now()
    spans = {"day": 1, "week": 7, "month": 30}
    return dict(
        people_events(team, now - timedelta(days=30)).aggregate(
            **{
                name: Count("actor", distinct=True, filter=Q(created_at__gte=now - timedelta(days=days)))
                for name, days in spans.items()
            }
        )
    )


def tally(team: "Team", since: datetime) -> dict[str, int]:
    """What happened, in numbers."""
    return dict(
        team.events.filter(created_at__gte=since).aggregate(
            shipped=Count("pk", filter=SHIPPED),
            changes=Count("pk", filter=Q(action="post_update", quiet=False, particulars__shipped=False)),
            comments=Count("pk", filter=COMMENTS),
            stars=Count("pk", filter=STARS),
            people=Count("actor", distinct=True, filter=Q(actor__user__isnull=False)),
        )
    )


def hot_entries(team: "Team", since: datetime, *, most: int, posts: Any = None) -> list[Any]:
    """The posts that people starred, talked about and worked on most since then; shipped ones that are not archived.

    `posts` are those that the reader may see; all of the team's, unless given.
    """
    events = team.events.filter(
        created_at__gte=since, action__in=["post_star", "comment_create", "comment_star", "post_create", "post_update"]
    ).filter(Q(quiet=False))
    rows = events.order_by("-created_at").values_list("action", "subject_id", "actor")[:CANDIDATES]
    seen = list(dict.fromkeys(rows))  # each person counts once for one thing
    comments = [subject for action, subject, _actor in seen if action.startswith("comment_")]
    everything: Any = team.posts if posts is None else posts
    posts = everything.alive().shipped().not_archived()
    post_of = dict(
        posts.filter(comments__in=set(comments)).order_by().values_list("comments__pk", "pk") if comments else ()
    )
    weights = {"post_star": STAR, "comment_star": STAR, "comment_create": COMMENT}
    heat: dict[int, int] = {}
    for action, subject, _actor in seen:
        post = post_of.get(subject) if action.startswith("comment_") else subject
        if post is not None:
            heat[post] = heat.get(post, 0) + weights.get(action, CHANGE)
    hottest = sorted(heat, key=lambda pk: (-heat[pk], -pk))[: most * 3]  # some may be out of sight
    found = {post.pk: post for post in posts.filter(pk__in=hottest).for_list()}
    return [found[pk] for pk in hottest if pk in found][:most]


def per_day(team: "Team", days: int, zone: Any) -> dict[str, list[tuple[date, int]]]:
    """Posts shipped, comments, stars and active people of each of the last days, in the reader's zone."""
    today = timezone.localdate(timezone=zone)
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, datetime.min.time(), tzinfo=zone)
    rows: Any = (
        team.events.filter(created_at__gte=since)
        .annotate(day=TruncDate("created_at", tzinfo=zone))
        .values("day")
        .order_by("day")
        .annotate(
            shipped=Count("pk", filter=SHIPPED),
            comments=Count("pk", filter=COMMENTS),
            stars=Count("pk", filter=STARS),
            people=Count("actor", distinct=True, filter=Q(actor__user__isnull=False)),
        )
    )
    found = {row["day"]: row for row in rows}
    dates = [first + timedelta(days=offset) for offset in range(days)]
    names = ("shipped", "comments", "stars", "people")
    return {name: [(day, found[day][name] if day in found else 0) for day in dates] for name in names}


def per_month(events: Any, months: int, zone: Any, **counted: Q) -> dict[str, list[tuple[date, int]]]:
    """How many of these events there were in each of the last months, per name and condition, in the reader's zone."""
    today = timezone.localdate(timezone=zone)
    year, month = divmod(today.year * 12 + today.month - months, 12)
    firsts = [date(year + (month + ahead) // 12, (month + ahead) % 12 + 1, 1) for ahead in range(months)]
    rows: Any = (
        events.filter(created_at__gte=datetime.combine(firsts[0], datetime.min.time(), tzinfo=zone))
        .order_by()
        .annotate(month=TruncMonth("created_at", tzinfo=zone))
        .values("month")
        .annotate(**{name: Count("pk", filter=condition) for name, condition in counted.items()})
    )
    found = {row["month"].date(): row for row in rows}
    return {name: [(first, found[first][name] if first in found else 0) for first in firsts] for name in counted}


def latest(events: "Any", most: int) -> "list[Event]":
    """A page of a timeline, with people and subjects, in a fixed number of queries."""
    from teams.models.notification import listed_subjects

    return list(events.select_related("actor__user", "team").prefetch_related(listed_subjects())[:most])

"""What happens in the team: the timeline, what is talked about, and the team in figures."""

from datetime import timedelta

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from teams import plots
from teams.decorators import member_required
from teams.http import MemberRequest
from teams.scoping import team_events, team_members
from teams.statistics import active_people, hot_entries, latest, per_day

PER_PAGE = 50
HOT = 7
SPANS = {30: _("30 days"), 90: _("90 days"), 365: _("A year")}
FILTERS = {
    "": (_("All"), None),
    "posts": (_("Posts"), "post_"),
    "comments": (_("Comments"), "comment_"),
    "people": (_("People"), "member_"),
}


@member_required
def index(request: MemberRequest) -> HttpResponse:
    chosen = request.GET.get("show", "")
    prefix = FILTERS.get(chosen, FILTERS[""])[1]
    events = team_events(request).filter(action__startswith=prefix) if prefix else team_events(request)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        events = events.filter(pk__lt=int(before))
    page = latest(events.order_by("-pk"), PER_PAGE + 1)
    context = {
        "events": page[:PER_PAGE],
        "older": page[PER_PAGE - 1].pk if len(page) > PER_PAGE else None,
        "filters": [(key, label) for key, (label, _prefix) in FILTERS.items()],
        "chosen": chosen,
        "hot": hot_entries(request.team, timezone.now() - timedelta(days=7), most=HOT) if not before else [],
    }
    return render(request, "teams/activity/index.html", context)


@member_required
def stats(request: MemberRequest) -> HttpResponse:
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(span) for span in SPANS} else 30
    zone = timezone.get_current_timezone()
    # A year of a large team is a second of work, and an hour old is as good.
    key = f"stats:{request.team.pk}:{days}:{zone}:{timezone.localdate()}"
    series = cache.get(key)
    if series is None:
        series = per_day(request.team, days, zone)
        cache.set(key, series, 600)
    posts = request.team.posts.alive()
    wip = posts.filter(wip=True).count()
    total = posts.count()
    figures = [
        (_("Members"), team_members(request).count()),
        (_("Posts"), total),
        (_("Shipped"), total - wip),
        (_("WIP"), wip),
    ]
    titles = {
        "shipped": _("Posts shipped"),
        "comments": _("Comments"),
        "stars": _("Stars"),
        "people": _("Active people"),
    }
    context = {
        "figures": figures,
        "active": active_people(request.team),
        "plots": [(titles[name], sum(n for _d, n in points), plots.bars(points)) for name, points in series.items()],
        "titles": [titles[name] for name in series],
        "rows": [(each[0][0], [value for _day, value in each]) for each in zip(*series.values(), strict=True)][::-1],
        "spans": SPANS.items(),
        "days": days,
    }
    return render(request, "teams/activity/stats.html", context)

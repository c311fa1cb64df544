"""The page of a person: what they wrote, and what came of it, in figures."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from posts.scoping import listed_posts
from posts.statistics import months_of, tally_of
from teams import plots
from teams.decorators import member_required
from teams.http import MemberRequest
from teams.scoping import find_member

ROWS = 20
MONTHS = 12


@member_required
def show(request: MemberRequest, screen_name: str) -> HttpResponse:
    shown = find_member(request, screen_name)
    written = list(listed_posts(request).by(shown).order_by("-updated_at", "-pk")[: ROWS + 1])
    tally = tally_of(request, shown)
    series = months_of(request, shown, MONTHS, timezone.get_current_timezone())
    titles = {
        "shipped": _("Posts shipped"),
        "comments": _("Comments"),
        "got": _("Stars got"),
        "given": _("Stars given"),
    }
    context = {
        "shown": shown,
        "posts": written[:ROWS],
        "more": len(written) > ROWS,
        "figures": [
            (_("Shipped"), tally["shipped"]),
            (_("WIP"), tally["wip"]),
            (_("Comments"), tally["comments"]),
            (_("Stars got"), tally["got"]),
            (_("Stars given"), tally["given"]),
        ],
        "plots": [(titles[name], sum(n for _m, n in points), plots.bars(points)) for name, points in series.items()],
        "titles": [titles[name] for name in series],
        "rows": [(each[0][0], [value for _month, value in each]) for each in zip(*series.values(), strict=True)][::-1],
    }
    return render(request, "posts/people/show.html", context)

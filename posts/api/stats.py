"""A team in figures."""

from django.db.models import Count, Q
from django.http import HttpResponse
from ninja import Router

from esa.api import answer
from posts.scoping import readable_comments, readable_stars, visible_posts
from teams.api.schemas import StatsOut
from teams.door import ApiRequest, Token
from teams.scoping import team_members
from teams.statistics import active_people

router = Router(tags=["team"])


@router.get("/stats", auth=Token("read:team"), response=StatsOut, summary="A team in figures")
def show(request: ApiRequest) -> HttpResponse:
    """Active is who wrote, changed, commented or starred something within a day, 7 and 30 days."""
    posts = visible_posts(request).aggregate(all=Count("pk"), wip=Count("pk", filter=Q(wip=True)))
    active = active_people(request.team)
    return answer(
        {
            "members": team_members(request).count(),
            "posts": posts["all"],
            "posts_wip": posts["wip"],
            "posts_shipped": posts["all"] - posts["wip"],
            "comments": readable_comments(request).order_by().count(),
            "stars": readable_stars(request).count(),
            "daily_active_users": active["day"],
            "weekly_active_users": active["week"],
            "monthly_active_users": active["month"],
        }
    )

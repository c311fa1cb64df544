"""Somebody in figures, as far as the asker may know: each figure is one query, however much they wrote."""

from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum

from posts.models import Comment, Post
from posts.scoping import readable_comments, readable_stars, visible_posts
from teams.http import MemberRequest
from teams.models import Member
from teams.statistics import COMMENTS, SHIPPED, STARS, per_month


def tally_of(request: MemberRequest, member: Member) -> dict[str, int]:
    """What there is today. A star counts once for a post or a comment, however many passages were quoted."""
    wip = Q(wip=True)
    posts = visible_posts(request).by(member)
    written = posts.aggregate(all=Count("pk"), wip=Count("pk", filter=wip), stars=Sum("stars_count"))
    said = readable_comments(request).filter(created_by=member).order_by()
    comments = said.aggregate(all=Count("pk"), stars=Sum("stars_count"))
    mine = readable_stars(request).filter(member=member)
    given = mine.aggregate(posts=Count("post", distinct=True), comments=Count("comment", distinct=True))
    return {
        "shipped": written["all"] - written["wip"],
        "wip": written["wip"],
        "comments": comments["all"],
        "got": (written["stars"] or 0) + (comments["stars"] or 0),
        "given": given["posts"] + given["comments"],
    }


def months_of(request: MemberRequest, member: Member, months: int, zone: Any) -> dict[str, list[tuple[date, int]]]:
    """What happened, month by month: what was shipped and said, and stars both ways."""
    deeds = per_month(
        request.team.events.filter(actor=member), months, zone, shipped=SHIPPED, comments=COMMENTS, given=STARS
    )
    posts, comments = Post.starred_in(member), Comment.starred_in(member)
    got = per_month(request.team.events.filter(posts | comments), months, zone, got=STARS)
    return {"shipped": deeds["shipped"], "comments": deeds["comments"], "got": got["got"], "given": deeds["given"]}

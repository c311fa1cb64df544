"""What an open page asks now and then: is there something new? One short answer, or none if nothing changed."""

import hashlib
import json
from typing import Any

from django.db.models import Max
from django.http import HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_GET

from esa import presence
from posts.models.comment import version_of
from posts.scoping import readable_comments, visible_posts
from teams.decorators import member_required
from teams.http import MemberRequest
from teams.scoping import team_members

SHOWN = 5


@require_GET
@member_required
def show(request: MemberRequest) -> HttpResponse:
    told: dict[str, Any] = {"unread": request.member.unread_count}
    number = request.GET.get("post", "")
    if number.isascii() and number.isdigit() and len(number) < 10:
        told["post"] = _post(request, int(number))
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match", "").removeprefix("W/") == etag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse(body, content_type="application/json")
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    return answer


def _post(request: MemberRequest, number: int) -> dict[str, Any] | None:
    """The newest revision and comment of a post, the last edit of a comment, and who else is there; None once it is gone."""
    posts = visible_posts(request).filter(number=number).order_by()
    post = posts.values("pk", "revision_number", "comments_count", "updated_by").first()
    if not post:
        return None
    newest: dict[str, Any] = {"pk": None, "updated_at": None}
    if post["comments_count"]:
        comments = readable_comments(request).filter(post=post["pk"])
        newest = comments.order_by().aggregate(pk=Max("pk"), updated_at=Max("updated_at"))
    there = presence.meet(f"post:{post['pk']}", request.member.pk, editing=request.GET.get("editing") == "1")
    people = (
        team_members(request).filter(pk__in=[*there, post["updated_by"]]).in_bulk()
        if _news(request, post, there)
        else {}
    )
    return {
        "revision": post["revision_number"],
        "by": str(people.get(post["updated_by"], "")),
        "mine": post["updated_by"] == request.member.pk,
        "comments": post["comments_count"],
        "comment": newest["pk"] or 0,
        "version": version_of(newest["updated_at"]) if newest["updated_at"] else 0,
        "here": [
            {"name": str(people[pk]), "editing": writes} for pk, writes in sorted(there.items())[:SHOWN] if pk in people
        ],
    }


def _news(request: MemberRequest, post: dict[str, Any], there: dict[int, bool]) -> bool:
    """Whether names are needed at all."""
    return bool(there) or request.GET.get("revision") != str(post["revision_number"])

"""The request as views of a team see it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from teams.models import Member, Team, User


def signed_in(request: HttpRequest) -> bool:
    """For pages that both see: those who have signed in, and strangers."""
    return request.user.is_authenticated


class TeamRequest(HttpRequest):
    """A request that CurrentMember has looked at. `team` is None on the base domain, `member` None for outsiders."""

    team: Team  # None on the base domain; views that need one are behind a decorator that has looked
    member: Member | None
    user: User
    htmx: HtmxDetails


class MemberRequest(TeamRequest):
    """A request that passed member_required."""

    member: Member


class PersonRequest(HttpRequest):
    """A request that passed person_required: somebody signed in, in no team."""

    user: User
    htmx: HtmxDetails

"""The way to people and what belongs to the team: through whoever asks."""

from django.shortcuts import get_object_or_404

from teams.http import TeamRequest
from teams.models import Member
from teams.models.invitation import InvitationQuerySet
from teams.models.member import MemberQuerySet


def team_members(request: TeamRequest) -> MemberQuerySet:
    """Members see each other; outsiders see nobody, not even the number."""
    members: MemberQuerySet = request.team.members.active()
    return members.for_display() if request.member else members.none()


def find_member(request: TeamRequest, screen_name: str) -> Member:
    return get_object_or_404(team_members(request), user__screen_name__iexact=screen_name)


def pending_invitations(request: TeamRequest) -> InvitationQuerySet:
    return request.team.invitations.pending()

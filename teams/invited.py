"""The invitation that somebody not signed in came by, kept in their session while they sign up or in."""

from django.http import HttpRequest

from teams.models import Invitation, Team

KEY = "invitation"


def remember(request: HttpRequest, code: str) -> None:
    request.session[KEY] = code


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def invitation_of(request: HttpRequest) -> Team | None:
    """The team whose invitation this is, if it still holds."""
    code = request.session.get(KEY, "")
    if not code:
        return None
    team = Team.objects.filter(invitation_code=code, deleted_at=None).first()
    if team:
        return team
    invitation = Invitation.objects.pending().select_related("team").filter(code=code).first()
    return invitation.team if invitation else None

"""Writing in somebody else's name: for owners only."""

from esa.api import BadRequest
from teams.door import ApiRequest
from teams.models import Member


def author(request: ApiRequest, screen_name: str) -> Member | None:
    """The member of this screen name, or esa_bot; None where nobody is named."""
    if not screen_name:
        return None
    if not request.member.is_owner:
        raise BadRequest("only owners of the team may name another author")
    if screen_name == "esa_bot":
        return request.team.bot
    member = request.team.members.active().select_related("user").filter(user__screen_name__iexact=screen_name).first()
    if member is None:
        raise BadRequest(f"nobody in the team is called {screen_name[:40]}")
    return member

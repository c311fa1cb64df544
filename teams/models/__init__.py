from teams.models.access_token import AccessPolicy, AccessToken, ApiCall, TokenGrant
from teams.models.event import Event, Eventful
from teams.models.invitation import Invitation
from teams.models.member import Member
from teams.models.team import Team
from teams.models.user import User

__all__ = [
    "AccessPolicy",
    "AccessToken",
    "ApiCall",
    "Event",
    "Eventful",
    "Invitation",
    "Member",
    "Team",
    "TokenGrant",
    "User",
]

from teams.models.event import Event, Eventful
from teams.models.invitation import Invitation
from teams.models.member import Member
from teams.models.team import Team
from teams.models.user import User

__all__ = ["Event", "Eventful", "Invitation", "Member", "Team", "User"]

from teams.models.access_token import AccessPolicy, AccessToken, ApiCall, TokenGrant
from teams.models.emoji import Emoji
from teams.models.event import Event, Eventful
from teams.models.feedback import Feedback
from teams.models.group import Group
from teams.models.invitation import Invitation
from teams.models.mailing import Mailing
from teams.models.member import Member
from teams.models.notification import Notification, Preference
from teams.models.slack import Slack
from teams.models.team import Team
from teams.models.user import User
from teams.models.webhook import Delivery, Webhook

__all__ = [
    "AccessPolicy",
    "AccessToken",
    "ApiCall",
    "Delivery",
    "Emoji",
    "Event",
    "Eventful",
    "Feedback",
    "Group",
    "Invitation",
    "Mailing",
    "Member",
    "Notification",
    "Preference",
    "Slack",
    "Team",
    "TokenGrant",
    "User",
    "Webhook",
]

"""People and teams as JSON: the shapes of API v1 and of webhooks."""

from typing import Any

from esa import api, hosts
from teams.models import Member, Team, User
from teams.models.icon import SIZES

THUMBNAIL = "thumb_m"


def icon_url(picture: Any, drawn: str, size: str = THUMBNAIL) -> str:
    """Absolute; the drawn initial where nobody gave a picture."""
    return hosts.absolute(picture.sized(size) if picture else drawn)


def user_icon(user: User | None, screen_name: str, size: str = THUMBNAIL) -> str:
    return icon_url(user.icon if user else None, f"/icons/{screen_name}.svg", size)


def user_json(member: Member, reader: User | None) -> dict[str, Any]:
    """Somebody of the team, as the author of things; `myself` is about whoever reads."""
    return {
        "myself": reader is not None and member.user_id == reader.pk,
        "name": member.display_name,
        "screen_name": member.handle,
        "icon": user_icon(member.user, member.handle),
    }


def hook_user_json(member: Member) -> dict[str, Any]:
    """The same for webhooks: the icon in all its sizes, and nobody reads."""
    sizes = {size: {"url": user_icon(member.user, member.handle, size)} for size in SIZES}
    return {
        "icon": {"url": user_icon(member.user, member.handle, "thumb_l"), **sizes},
        "name": member.display_name,
        "screen_name": member.handle,
    }


def member_json(member: Member, reader: Member) -> dict[str, Any]:
    """A member in the list of members; e-mail addresses are for owners, and everybody's own for themselves."""
    shown = {
        **user_json(member, reader.user),
        "role": member.role,
        "posts_count": member.seen_posts,
        "joined_at": api.moment(member.joined_at),
        "last_accessed_at": api.moment(member.last_accessed_at or member.joined_at),
    }
    if member.user and (reader.is_owner or member.pk == reader.pk):
        shown["email"] = member.user.email
    return shown


def team_json(team: Team) -> dict[str, Any]:
    return {
        "name": team.name,
        "privacy": team.privacy,
        "description": team.description,
        "icon": icon_url(team.icon, f"/icons/teams/{team.name}.svg"),
        "url": team.url(),
    }


def current_user_json(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "name": user.name,
        "screen_name": user.screen_name,
        "created_at": api.moment(user.created_at),
        "updated_at": api.moment(user.updated_at),
        "icon": user_icon(user, user.screen_name),
        "email": user.email,
    }

"""What API v1 says about people and teams, as the reference describes it."""

from pydantic import Field

from esa.api import Answer, Page

Moment = Field(description="ISO 8601 with offset, whole seconds.", examples=["2026-01-02T12:34:56+09:00"])


class UserOut(Answer):
    myself: bool = Field(description="Whether this is the token's person.")
    name: str
    screen_name: str
    icon: str


class TeamOut(Answer):
    name: str
    privacy: str = Field(description="`closed` or `open`.")
    description: str
    icon: str
    url: str


class TeamPage(Page):
    teams: list[TeamOut]


class CurrentUserOut(Answer):
    id: int
    name: str
    screen_name: str
    created_at: str = Moment
    updated_at: str = Moment
    icon: str
    email: str
    teams: list[TeamOut] = Field(default_factory=list, description="Only with `include=teams`.")


class StatsOut(Answer):
    members: int
    posts: int
    posts_wip: int
    posts_shipped: int
    comments: int
    stars: int
    daily_active_users: int
    weekly_active_users: int
    monthly_active_users: int


class MemberOut(UserOut):
    role: str = Field(description="`owner` or `member`.")
    posts_count: int
    joined_at: str = Moment
    last_accessed_at: str = Moment
    email: str = Field("", description="For owners of the team, and of oneself.")


class MemberPage(Page):
    members: list[MemberOut]

"""Teams that the token reaches, and figures about one."""

from typing import Literal

from django.http import HttpResponse
from ninja import Query, Router

from esa.api import Paging, answer
from teams.api.schemas import TeamOut, TeamPage
from teams.door import ApiRequest, PersonApiRequest, Token
from teams.json import team_json
from teams.models import Team
from teams.scoping import my_memberships

router = Router(tags=["team"])
one_team = Router(tags=["team"])


def reachable_teams(request: PersonApiRequest, role: str = "") -> list[Team]:
    """The person's teams, without those that the token was not made for or that keep it out."""
    memberships = my_memberships(request)
    if role:
        memberships = memberships.filter(role=role)
    reached = request.credential.reach(list(memberships))
    return [member.team for member in reached]


@router.get("/teams", auth=Token("read:team"), response=TeamPage, summary="Teams of the token's person")
def index(
    request: PersonApiRequest,
    paging: Query[Paging],
    role: Literal["member", "owner", ""] = Query("", description="Only teams in which the person has this role."),
) -> HttpResponse:
    return paging.of("teams", reachable_teams(request, role), team_json)


@one_team.get("", auth=Token("read:team"), response=TeamOut, summary="A team")
def show(request: ApiRequest) -> HttpResponse:
    return answer(team_json(request.team))

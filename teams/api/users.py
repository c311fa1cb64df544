"""Who the token's person is."""

from django.http import HttpResponse
from ninja import Query, Router

from esa.api import answer, listed
from teams.api.schemas import CurrentUserOut
from teams.api.teams import reachable_teams
from teams.door import PersonApiRequest, Token
from teams.json import current_user_json, team_json

router = Router(tags=["user"])


@router.get("/user", auth=Token("read:user"), response=CurrentUserOut, summary="The token's person")
def show(
    request: PersonApiRequest, include: str = Query("", description="`teams` adds the person's teams.")
) -> HttpResponse:
    shown = current_user_json(request.user)
    if "teams" in listed(include):
        shown["teams"] = [team_json(team) for team in reachable_teams(request)]
    return answer(shown)

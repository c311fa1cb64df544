"""Who is in the team."""

from django.http import HttpResponse
from django.shortcuts import render

from teams.decorators import member_required
from teams.http import MemberRequest
from teams.scoping import find_member


@member_required
def show(request: MemberRequest, screen_name: str) -> HttpResponse:
    return render(request, "teams/members/show.html", {"shown": find_member(request, screen_name)})

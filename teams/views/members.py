"""Who is in the team."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from esa import hosts
from teams.decorators import member_required, owner_required
from teams.forms import RoleForm
from teams.http import MemberRequest
from teams.scoping import find_member, team_members

PER_PAGE = 50
SORTS = {
    "posts": (gettext_lazy("Posts"), F("posts_count").desc()),
    "joined": (gettext_lazy("Joined"), F("joined_at").desc()),
    "last_accessed": (gettext_lazy("Last access"), F("last_accessed_at").desc(nulls_last=True)),
}


@member_required
def index(request: MemberRequest) -> HttpResponse:
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "posts"
    members = team_members(request).order_by(SORTS[sort][1], "pk")
    page = Paginator(members, PER_PAGE).get_page(request.GET.get("page"))
    sorts = [(key, label) for key, (label, _order) in SORTS.items()]
    return render(request, "teams/members/index.html", {"page": page, "sort": sort, "sorts": sorts})


@require_POST
@owner_required
def role(request: MemberRequest, screen_name: str) -> HttpResponse:
    """Make somebody an owner, or an owner a member again."""
    member, form = find_member(request, screen_name), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a role: owner or member."))
    else:
        try:
            member.change_role(form.cleaned_data["role"], by=request.member)
            messages.success(
                request, _("%(name)s is now: %(role)s.") % {"name": member, "role": member.get_role_display()}
            )
        except ValidationError as problem:
            messages.error(request, problem.messages[0])
    return redirect("members")


@owner_required
def delete(request: MemberRequest, screen_name: str) -> HttpResponse:
    """Ask first, then remove somebody from the team."""
    member = find_member(request, screen_name)
    if member == request.member:
        return redirect("membership_delete")
    if request.method == "POST":
        try:
            member.leave(by=request.member)
            said = _("%(name)s is no longer in the team. The shared invitation link has changed.") % {"name": member}
            messages.success(request, said)
        except ValidationError as problem:
            messages.error(request, problem.messages[0])
        return redirect("members")
    return render(request, "teams/members/delete.html", {"leaving": member})


@require_http_methods(["GET", "POST"])
@member_required
def leave(request: MemberRequest) -> HttpResponse:
    """Ask first, then leave the team oneself."""
    if request.method == "POST":
        try:
            request.member.leave(by=request.member)
        except ValidationError as problem:
            messages.error(request, problem.messages[0])
            return redirect("members")
        messages.success(request, _("You have left %(team)s.") % {"team": request.team})
        return redirect(hosts.base_url("/teams"))
    return render(request, "teams/members/delete.html", {"leaving": request.member, "myself": True})

"""Groups of members that texts name together."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from teams.decorators import member_required
from teams.forms import GroupForm
from teams.http import MemberRequest
from teams.models import Group
from teams.scoping import find_group, removable_group, team_groups, team_members


@member_required
def index(request: MemberRequest) -> HttpResponse:
    context = {"groups": team_groups(request).with_size(), "everybody": team_members(request).count()}
    return render(request, "teams/groups/index.html", context)


@member_required
def show(request: MemberRequest, name: str) -> HttpResponse:
    group = find_group(request, name)
    people = group.people.for_display().order_by("user__name", "pk")
    return render(request, "teams/groups/show.html", {"group": group, "people": people})


@member_required
def new(request: MemberRequest) -> HttpResponse:
    form = GroupForm(request.POST or None, team=request.team, owner=request.member.is_owner)
    if form.is_valid():
        try:
            group = Group.define(by=request.member, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("%(name)s can now be named in texts.") % {"name": group})
            return redirect(group)
    return render(request, "teams/groups/form.html", {"form": form}, status=422 if form.is_bound else 200)


@member_required
def edit(request: MemberRequest, name: str) -> HttpResponse:
    group = find_group(request, name)
    bound = request.POST if request.method == "POST" else None
    form = GroupForm(bound, team=request.team, instance=group, owner=request.member.is_owner)
    if form.is_valid():
        try:
            group.change(by=request.member, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            return redirect(group)
    context = {"form": form, "group": group}
    return render(request, "teams/groups/form.html", context, status=422 if form.is_bound else 200)


@require_POST
@member_required
def delete(request: MemberRequest, name: str) -> HttpResponse:
    group = removable_group(request, name)
    group.remove(by=request.member)
    messages.success(request, _("%(name)s is deleted.") % {"name": group})
    return redirect("groups")

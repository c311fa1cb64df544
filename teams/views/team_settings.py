"""What owners decide about the team."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from esa import hosts
from teams.decorators import owner_required
from teams.forms import ConfirmationForm, FilesForm, PrivacyForm, TeamSettingsForm
from teams.http import MemberRequest


def page(request: MemberRequest, status: int = 200, **forms: object) -> HttpResponse:
    """The page with its three forms; the one that was sent keeps what was typed."""
    context = {
        "form": TeamSettingsForm(instance=request.team),
        "privacy_form": PrivacyForm(initial={"privacy": request.team.privacy}),
        "deletion_form": ConfirmationForm(expected=request.team.name),
        "files_form": FilesForm(initial={"members_only_files": str(request.team.members_only_files)}),
    } | forms
    return render(request, "teams/team/settings.html", context, status=status)


@owner_required
def edit(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request)
    form = TeamSettingsForm(request.POST, request.FILES, instance=request.team)
    if not form.is_valid():
        request.team.refresh_from_db()
        return page(request, 422, form=form)
    form.apply(by=request.member)
    messages.success(request, _("Saved."))
    return redirect("team_settings")


@require_POST
@owner_required
def privacy(request: MemberRequest) -> HttpResponse:
    form = PrivacyForm(request.POST)
    if not form.is_valid():
        return page(request, 422, privacy_form=form)
    request.team.change_privacy(form.cleaned_data["privacy"], by=request.member)
    messages.success(request, _("The team is open to the world.") if request.team.open else _("The team is closed."))
    return redirect("team_settings")


@require_POST
@owner_required
def files(request: MemberRequest) -> HttpResponse:
    form = FilesForm(request.POST)
    if not form.is_valid():
        return page(request, 422, files_form=form)
    request.team.guard_files(form.cleaned_data["members_only_files"], by=request.member)
    messages.success(request, _("Saved."))
    return redirect("team_settings")


@require_POST
@owner_required
def delete(request: MemberRequest) -> HttpResponse:
    """End the team; its name has to be typed."""
    name = request.team.name
    form = ConfirmationForm(request.POST, expected=name)
    if not form.is_valid():
        return page(request, 422, deletion_form=form)
    request.team.delete_later(by=request.member)
    messages.success(request, _("The team %(name)s is deleted.") % {"name": name})
    return redirect(hosts.base_url("/teams"))

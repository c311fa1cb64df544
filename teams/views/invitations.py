"""Inviting, for owners; and coming in, for whoever holds a link."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from teams import invited
from teams.decorators import owner_required
from teams.forms import InvitationForm
from teams.http import MemberRequest, TeamRequest, signed_in
from teams.models import Member
from teams.scoping import find_invitation, offered_invitation, pending_invitations, shared_invitation


@owner_required
def index(request: MemberRequest) -> HttpResponse:
    """The shared link, the waiting invitations, and the form for more."""
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        result = request.team.invite(form.cleaned_data["emails"], by=request.member)
        if sent := len(result.invitations):
            said = ngettext("%(count)d invitation is on its way.", "%(count)d invitations are on their way.", sent)
            messages.success(request, said % {"count": sent})
        if result.members:
            messages.info(request, _("Already in the team: %(list)s") % {"list": ", ".join(result.members)})
        return redirect("invitations")
    waiting = pending_invitations(request).select_related("invited_by__user", "team").order_by("-created_at", "-pk")
    context = {"form": form, "invitations": waiting[:500]}
    return render(request, "teams/invitations/index.html", context, status=422 if form.is_bound else 200)


@require_POST
@owner_required
def delete(request: MemberRequest, code: str) -> HttpResponse:
    invitation = find_invitation(request, code)
    invitation.delete()
    messages.success(request, _("The invitation of %(email)s is cancelled.") % {"email": invitation.email})
    return redirect("invitations")


@require_POST
@owner_required
def regenerate(request: MemberRequest) -> HttpResponse:
    request.team.regenerate_invitation()
    messages.success(request, _("There is a new link. The old one no longer works."))
    return redirect("invitations")


@never_cache
def join(request: TeamRequest, code: str) -> HttpResponse:
    """By a link that came by mail."""
    if request.member:
        return redirect("/")
    invitation = offered_invitation(request, code)
    return _enter(request, code, host=invitation.invited_by, accept=lambda: invitation.accept(by=request.user))


@never_cache
def join_shared(request: TeamRequest, code: str) -> HttpResponse:
    """By the link that the whole team shares."""
    if request.member:
        return redirect("/")
    shared_invitation(request, code)
    return _enter(request, code, host=None, accept=lambda: Member.join(request.team, request.user))


def _enter(request: TeamRequest, code: str, *, host: Member | None, accept: Callable[[], Member]) -> HttpResponse:
    """Show who invites to what. Somebody not signed in goes through sign-up or sign-in and lands here again."""
    problem = ""
    if request.method == "POST" and signed_in(request):
        try:
            accept()
        except ValidationError as refusal:
            problem = refusal.messages[0]
        else:
            invited.forget(request)
            messages.success(request, _("Welcome to %(team)s!") % {"team": request.team})
            return redirect("/")
    if not signed_in(request):
        invited.remember(request, code)
    context = {"host": host, "problem": problem, "here": request.build_absolute_uri(request.path)}
    return render(request, "teams/invitations/join.html", context, status=410 if problem else 200)

"""The page where an owner connects the team's own Slack app."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from teams.decorators import owner_required
from teams.forms import SlackForm
from teams.http import MemberRequest
from teams.models import Slack
from teams.scoping import team_slack

SHOWN = 10


@owner_required
def edit(request: MemberRequest) -> HttpResponse:
    slack = team_slack(request)
    form = SlackForm(request.POST or None, instance=slack)
    if form.is_valid():
        try:
            Slack.connect(by=request.member, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("Slack is connected."))
            return redirect("slack")
    context = {
        "form": form,
        "slack": slack,
        "address": request.team.url("/slack/events"),
        "domain": request.get_host().partition(":")[0],
        "unfurls": request.team.unfurls.order_by("-pk")[:SHOWN] if slack else [],
    }
    return render(request, "teams/slack/edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@owner_required
def delete(request: MemberRequest) -> HttpResponse:
    slack = team_slack(request)
    if slack:
        slack.disconnect(by=request.member)
    messages.success(request, _("Slack is no longer connected."))
    return redirect("slack")

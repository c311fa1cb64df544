"""How far programs get into a team: for owners. Which kinds are let in, requests of tokens, policies, and the log."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from teams.access_forms import ApiControlForm, PolicyForm
from teams.decorators import owner_required
from teams.http import MemberRequest
from teams.models import AccessPolicy
from teams.scoping import noted_api_calls, token_grants

PER_PAGE = 50
COLUMNS = ("time", "screen name", "kind", "token", "method", "path", "status")


@owner_required
def edit(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request)
    form = ApiControlForm(request.POST, instance=request.team)
    if not form.is_valid():
        request.team.refresh_from_db()
        return page(request, 422, form=form)
    request.team.control_api(by=request.member, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("api_settings")


@require_POST
@owner_required
def create_policy(request: MemberRequest) -> HttpResponse:
    form = PolicyForm(request.POST, instance=AccessPolicy(team=request.team))
    if not form.is_valid():
        return page(request, 422, policy_form=form)
    form.save()
    messages.success(request, _("The policy is there; choose it when you approve a token."))
    return redirect("api_settings")


@require_POST
@owner_required
def delete_policy(request: MemberRequest, pk: int) -> HttpResponse:
    """Tokens that were approved under it lose the team, and ask anew."""
    get_object_or_404(request.team.access_policies, pk=pk).delete()
    messages.success(request, _("The policy is deleted, and so is the access of the tokens under it."))
    return redirect("api_settings")


@require_POST
@owner_required
def decide(request: MemberRequest, pk: int) -> HttpResponse:
    """Approve a token under a policy, or refuse it; also later."""
    grant = get_object_or_404(token_grants(request), pk=pk)
    if "refuse" in request.POST:
        grant.refuse(by=request.member)
        messages.success(request, _("The token is refused."))
        return redirect("api_settings")
    chosen = request.POST.get("policy", "")
    policy = request.team.access_policies.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
    try:
        if policy is None:
            raise ValidationError(_("Choose a policy of this team."))
        grant.approve(policy, by=request.member)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
        return page(request, 422)
    messages.success(request, _("The token is approved."))
    return redirect("api_settings")


@require_safe
@owner_required
def log(request: MemberRequest) -> HttpResponse:
    calls = Paginator(noted_api_calls(request), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "teams/api/log.html", {"page": calls})


@require_safe
@owner_required  # type: ignore[arg-type]  # a stream is an answer, too
def export(request: MemberRequest) -> StreamingHttpResponse:
    """The whole log as a table for spreadsheets, row by row."""
    answer = StreamingHttpResponse(_rows(request), content_type="text/csv; charset=utf-8")
    name = f"{request.team.name}-api-{timezone.localdate()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class _Line:
    """What csv writes to; the line is what is returned."""

    def write(self, line: str) -> str:
        return line


def _rows(request: MemberRequest) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # spreadsheets take it for UTF-8 only with the mark
    for call in noted_api_calls(request).iterator(chunk_size=500):
        when = timezone.localtime(call.created_at).isoformat(timespec="seconds")
        cells = (when, call.member.handle, call.token_kind, call.token_name, call.method, call.path, call.status)
        yield writer.writerow([harmless(str(cell)) for cell in cells])


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and never runs."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def page(request: MemberRequest, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "form": ApiControlForm(instance=request.team),
        "policy_form": PolicyForm(
            instance=AccessPolicy(team=request.team), initial={"scopes": ["read:post"], "categories": ""}
        ),
        "policies": request.team.access_policies.all(),
        "grants": token_grants(request),
    } | forms
    return render(request, "teams/api/settings.html", context, status=status)

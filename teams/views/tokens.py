"""My access tokens: made, shown once, listed with their last use, revoked."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from esa import hosts
from teams.access_forms import FineTokenForm, LegacyTokenForm
from teams.decorators import person_required
from teams.http import PersonRequest
from teams.models import AccessToken


@never_cache
@person_required
def index(request: PersonRequest) -> HttpResponse:
    return page(request)


@never_cache
@require_POST
@person_required
def create(request: PersonRequest, generation: str) -> HttpResponse:
    """Make one and show its secret on this answer only: no address has it, and nothing keeps it."""
    if generation not in AccessToken.Generation:
        raise Http404
    form: LegacyTokenForm | FineTokenForm
    form = LegacyTokenForm(request.POST) if generation == "v1" else FineTokenForm(request.user, request.POST)
    if not form.is_valid():
        return page(request, 422, **{"legacy_form" if generation == "v1" else "fine_form": form})
    token, secret = form.make(request.user)
    return page(request, made=token, secret=secret)


@require_POST
@person_required
def delete(request: PersonRequest, pk: int) -> HttpResponse:
    get_object_or_404(request.user.access_tokens, pk=pk).revoke()
    messages.success(request, _("The token is revoked; the next request with it is refused."))
    return redirect("tokens")


def page(request: PersonRequest, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "agents_url": hosts.absolute("/mcp"),
        "tokens": request.user.access_tokens.prefetch_related("grants__member__team").order_by("-pk"),
        "legacy_form": LegacyTokenForm(),
        "fine_form": FineTokenForm(request.user, initial={"scopes": ["read:post"]}),
    } | more
    return render(request, "teams/tokens/index.html", context, status=status)

"""Where the team's events are sent: owners set it up, see what was sent and answered, and send it again."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from teams.decorators import owner_required
from teams.forms import WebhookForm
from teams.http import MemberRequest
from teams.models import Webhook
from teams.models.webhook import new_secret
from teams.scoping import find_delivery, find_webhook, team_webhooks

PER_PAGE = 50


@owner_required
def index(request: MemberRequest) -> HttpResponse:
    hooks = list(team_webhooks(request).order_by("name", "pk"))
    return render(request, "teams/webhooks/index.html", {"webhooks": hooks})


@owner_required
def new(request: MemberRequest) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None, initial={"secret": new_secret()})
    if form.is_valid():
        try:
            hook = Webhook.make(by=request.member, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem.messages[0])
        else:
            messages.success(request, _("The webhook works from now on."))
            return redirect(hook.page)
    return _form(request, form)


@owner_required
def show(request: MemberRequest, pk: int) -> HttpResponse:
    hook = find_webhook(request, pk)
    deliveries = hook.deliveries.defer("body", "answer").order_by("-pk")
    page = Paginator(deliveries, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "teams/webhooks/show.html", {"webhook": hook, "page": page})


@owner_required
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    hook = find_webhook(request, pk)
    form = WebhookForm(request.POST if request.method == "POST" else None, instance=hook)
    if form.is_valid():
        try:
            hook.change(by=request.member, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem.messages[0])
        else:
            messages.success(request, _("Saved."))
            return redirect(hook.page)
    return _form(request, form, hook)


@owner_required
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    hook = find_webhook(request, pk)
    if request.method != "POST":
        return render(request, "teams/webhooks/delete.html", {"webhook": hook})
    hook.delete()
    messages.success(request, _("The webhook is deleted."))
    return redirect("webhooks")


@require_POST
@owner_required
def switch(request: MemberRequest, pk: int) -> HttpResponse:
    """On, which is also how one takes it over; or off."""
    hook = find_webhook(request, pk)
    if request.POST.get("on"):
        hook.switch_on(by=request.member)
        messages.success(request, _("The webhook works from now on."))
    else:
        hook.switch_off()
        messages.success(request, _("The webhook is switched off."))
    return redirect(hook.page)


@require_POST
@owner_required
def test(request: MemberRequest, pk: int) -> HttpResponse:
    delivery = find_webhook(request, pk).try_out(by=request.member)
    messages.success(request, _("A test is on its way. Reload this page to see the answer."))
    return redirect("delivery", pk, delivery.pk)


@owner_required
def delivery(request: MemberRequest, pk: int, delivery: int) -> HttpResponse:
    found = find_delivery(request, pk, delivery)
    return render(request, "teams/webhooks/delivery.html", {"webhook": found.webhook, "delivery": found})


@require_POST
@owner_required
def replay(request: MemberRequest, pk: int, delivery: int) -> HttpResponse:
    find_delivery(request, pk, delivery).replay()
    messages.success(request, _("It is sent once more, under the same id."))
    return redirect("delivery", pk, delivery)


def _form(request: MemberRequest, form: WebhookForm, hook: Webhook | None = None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "webhook": hook}
    return render(request, "teams/webhooks/form.html", context, status=422 if form.is_bound else 200)

"""OAuth applications: those that one makes, and those that one has let in."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from teams import oauth
from teams.decorators import person_required
from teams.forms import ApplicationForm
from teams.http import PersonRequest


@person_required
def index(request: PersonRequest) -> HttpResponse:
    shown = {"agreed": oauth.agreed_applications(request.user), "applications": oauth.applications_of(request.user)}
    return render(request, "teams/applications/index.html", shown)


@never_cache
@person_required
def new(request: PersonRequest) -> HttpResponse:
    """The secret is shown on the answer to this form, and never again."""
    form: forms.Form = ApplicationForm(request.POST or None)
    if not form.is_valid():
        return render(request, "teams/applications/new.html", {"form": form}, status=422 if form.is_bound else 200)
    application, secret = oauth.create_application(request.user, **form.cleaned_data)
    return render(request, "teams/applications/show.html", {"application": application, "secret": secret}, status=201)


@person_required
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    application = oauth.find_application(request.user, pk)
    start = {"name": application.name, "redirect_uris": "\n".join(application.redirect_uris.split())}
    form = ApplicationForm(request.POST or None, initial=start)
    if not form.is_valid():
        shown = {"form": form, "application": application}
        return render(request, "teams/applications/show.html", shown, status=422 if form.is_bound else 200)
    application.name = form.cleaned_data["name"]
    application.redirect_uris = " ".join(form.cleaned_data["redirect_uris"])
    application.save(update_fields=["name", "redirect_uris", "updated"])
    messages.success(request, _("Saved."))
    return redirect("oauth_application", pk)


@require_POST
@person_required
def delete(request: PersonRequest, pk: int) -> HttpResponse:
    """With every token that anybody gave it."""
    oauth.find_application(request.user, pk).delete()
    messages.success(request, _("The application is deleted."))
    return redirect("oauth_applications")


@require_POST
@person_required
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back what one agreed to."""
    oauth.withdraw(request.user, pk)
    messages.success(request, _("The application is signed out; it cannot speak for you any more."))
    return redirect("oauth_applications")

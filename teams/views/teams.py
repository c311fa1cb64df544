"""My teams, and a new one."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render

from teams.decorators import person_required
from teams.forms import TeamForm
from teams.http import PersonRequest
from teams.scoping import my_memberships


@person_required
def index(request: PersonRequest) -> HttpResponse:
    return render(request, "teams/teams/index.html", {"memberships": my_memberships(request)})


@person_required
def new(request: PersonRequest) -> HttpResponse:
    form = TeamForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(form.found(by=request.user).url())
        except (IntegrityError, ValidationError):
            form.full_clean()  # somebody took the name since; asked again, the form says so
    context = {"form": form, "domain": settings.ESA_DOMAIN}
    return render(request, "teams/teams/new.html", context, status=422 if form.is_bound else 200)


@person_required
def availability(request: PersonRequest) -> HttpResponse:
    """A line about the address somebody is typing."""
    form = TeamForm({"name": request.GET.get("name", ""), "privacy": "closed"})
    return render(request, "teams/teams/_availability.html", {"form": form, "name": form.data["name"].strip().lower()})

"""The front door, on the base domain."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from teams.decorators import base_domain


@base_domain
def index(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("teams")
    return render(request, "teams/landing/show.html", {"sign_up_open": settings.ESA_SIGN_UP == "open"})

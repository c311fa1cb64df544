"""The switches in everybody's menu: theme and language. They work on every host, for they are forms of the page one is on."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from esa import hosts
from teams.forms import ThemeForm
from teams.http import PersonRequest, signed_in

COOKIE_DAYS = 365


@require_POST
def theme(request: PersonRequest) -> HttpResponse:
    if signed_in(request):
        form = ThemeForm(request.POST, instance=request.user)
        if not form.is_valid():
            return HttpResponseBadRequest(_("Choose light, dark or auto."))
        form.save()
    return _back(request)


@require_POST
def language(request: PersonRequest) -> HttpResponse:
    """For the account, or, for somebody not signed in, for this browser."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest(_("Choose one of the languages."))
    answer = _back(request)
    if signed_in(request):
        request.user.language = chosen
        request.user.save(update_fields=["language", "updated_at"])
    else:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=COOKIE_DAYS * 86400,
            domain=settings.SESSION_COOKIE_DOMAIN,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return answer


def _back(request: PersonRequest) -> HttpResponse:
    here = request.POST.get("next", "/")
    return redirect(here if hosts.is_safe(here, request.get_host()) else "/")

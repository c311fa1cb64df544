"""Who may come in. Outsiders see 404, members who lack a role 403; somebody not signed in is asked to sign in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from esa import hosts
from teams.http import MemberRequest, PersonRequest, TeamRequest

METHODS = ["GET", "HEAD", "POST"]
"""What HTML forms and links send; a PUT must not pass for a GET."""

P = ParamSpec("P")
MemberView = Callable[Concatenate[MemberRequest, P], HttpResponse]
TeamView = Callable[Concatenate[TeamRequest, P], HttpResponse]
PersonView = Callable[Concatenate[PersonRequest, P], HttpResponse]
View = Callable[..., HttpResponse]


def sign_in_first(request: Any) -> HttpResponse:
    """Send a stranger to the sign-in page: the same answer whether team and page exist or not."""
    here = f"{hosts.scheme()}://{request.get_host()}{request.get_full_path()}"
    return redirect(f"{hosts.base_url(reverse('account_login'))}?{urlencode({'next': here})}")


def outsider(request: Any) -> HttpResponse:
    if not request.user.is_authenticated and request.method in {"GET", "HEAD"} and request.team_name:
        return sign_in_first(request)
    raise Http404


def member_required(view: MemberView[P]) -> View:
    """Members of the team only."""

    @require_http_methods(METHODS)
    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if request.member else outsider(request)

    return wrapped


def reader_required(view: TeamView[P]) -> View:
    """Members, and the world where the team is open."""

    @require_http_methods(METHODS)
    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.member or (request.team and request.team.open):
            return view(request, *args, **kwargs)
        return outsider(request)

    return wrapped


def owner_required(view: MemberView[P]) -> View:
    """Owners only; other members get 403, for they know that the page exists."""

    @require_http_methods(METHODS)
    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.member:
            return outsider(request)
        if not request.member.is_owner:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapped


def base_domain(view: View) -> View:
    """A page that belongs to nobody's team: asked for on a team's host, it is shown on the base domain."""

    @wraps(view)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.team_name and not settings.ESA_SINGLE_TEAM:
            if request.method in {"GET", "HEAD"}:
                return redirect(hosts.base_url(request.get_full_path()))
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


def person_required(view: PersonView[P]) -> View:
    """Somebody signed in, on the base domain."""

    @base_domain
    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if request.user.is_authenticated else sign_in_first(request)

    return wrapped

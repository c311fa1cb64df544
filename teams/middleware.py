"""Who is asking, and in which team: sets request.team and request.member for pages, and the person's language and zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from esa import hosts
from esa.prepared import Prepared
from teams.models import Member, Team

membership = Prepared(
    lambda name, user: Member.objects.active().select_related("team").filter(team__name=name, user_id=user)[:1]
)


class CurrentMember:
    """Pages know the team by the host and the member by the session. The API sets both from path and token itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            raise Http404  # nothing in the database can be called so, and asking it would fail
        while "%00" in request.META.get("QUERY_STRING", ""):  # typed by nobody, and no search holds it
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "")
        request.team = request.member = None  # type: ignore[attr-defined]
        request.team_name = hosts.team_name_of(request.get_host())  # type: ignore[attr-defined]
        if not request.path_info.startswith(("/v1/", "/static/", "/icons/", "/healthz", "/readyz")):
            if request.team_name:  # type: ignore[attr-defined]
                self._find(request)
            self._speak(request)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def _find(self, request: HttpRequest) -> None:
        name = request.team_name  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            member = membership.first(name, request.user.pk)
            if member:
                member.user = request.user  # the same row; saves the join and keeps one object
                member.touch()
                request.member, request.team = member, member.team  # type: ignore[attr-defined]
                return
        request.team = Team.objects.filter(name=name).first()  # type: ignore[attr-defined]

    def _speak(self, request: HttpRequest) -> None:
        """`?lang=` for this page, else the person's choice, else what the browser asks for (LocaleMiddleware)."""
        user = request.user
        asked = request.GET.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else getattr(user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language() or "en"
        if user.is_authenticated:
            try:
                timezone.activate(ZoneInfo(user.time_zone))
            except (ZoneInfoNotFoundError, ValueError):
                timezone.deactivate()


class AccountsLiveOnTheBaseDomain:
    """Keeps passwords and the operators' pages on one host: a team's host sends a reader there and takes no form.

    Signing out is the exception. The button is on every page, and a form of another host would fail the CSRF check.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        if not request.team_name or settings.ESA_SINGLE_TEAM:  # type: ignore[attr-defined]
            return None
        path = request.path_info
        if path.startswith("/operator/"):
            raise Http404
        if not path.startswith("/accounts/") or (request.method == "POST" and path == reverse("account_logout")):
            return None
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        return redirect(hosts.base_url(f"{path}{self._query(request)}"))

    def _query(self, request: HttpRequest) -> str:
        """The query, with `next` as an address on this team's host, if it was a path."""
        query = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True)
        path = str(query.get("next", ""))
        if path.startswith("/") and not path.startswith("//"):
            query["next"] = f"{hosts.scheme()}://{request.get_host()}{path}"
        return f"?{query.urlencode()}" if query else ""

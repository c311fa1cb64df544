"""Who is asking, and in which team: sets request.team and request.member for pages, and the person's language and zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from esa import hosts
from teams.models import Member, Team


class CurrentMember:
    """Pages know the team by the host and the member by the session. The API sets both from path and token itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.team = request.member = None  # type: ignore[attr-defined]
        request.team_name = hosts.team_name_of(request.get_host())  # type: ignore[attr-defined]
        if not request.path_info.startswith(("/v1/", "/static/", "/healthz", "/readyz")):
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
            member = (
                Member.objects.active().select_related("team").filter(team__name=name, user_id=request.user.pk).first()
            )
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

"""What a person or a program gets while esa cannot do its work: 503, soon, with words, and with what was typed."""

import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

SECRETS = ("password", "token", "csrf", "code", "secret", "otp", "key", "credential")
LONGEST = 1_500_000


def unavailable(request: HttpRequest, error: str, message: str, retry_after: float = 30) -> HttpResponse:
    """503 with Retry-After: JSON for programs, else a page that needs neither session nor database."""
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"error": error, "message": message}, status=503)
    else:
        response = render(None, "503.html", {"message": message, "typed": typed(request)}, status=503)
    response["Retry-After"] = str(max(1, math.ceil(retry_after)))
    add_never_cache_headers(response)
    return response


def wants_json(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return request.path_info.startswith("/v1/") or "application/json" in accept


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The texts of a form that could not be taken, to give them back; never a password."""
    if request.method != "POST" or request.content_type == "application/json":
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    return [
        (name, value[:LONGEST])
        for name, value in fields
        if isinstance(value, str) and len(value.strip()) > 1 and not any(word in name.lower() for word in SECRETS)
    ]

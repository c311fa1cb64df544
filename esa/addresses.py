"""Where a request comes from, for limits and the list of sessions; nobody can make it up."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 (not a host to listen on: what stands for a client on a socket without addresses)


def client_address(request: HttpRequest) -> str:
    """The peer's address, or, behind N trusted proxies, the N-th last entry of X-Forwarded-For: what a client writes
    into that header itself stands further left and is never looked at."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted = settings.TRUSTED_PROXIES
    candidates = [forwarded[-trusted]] if 0 < trusted <= len(forwarded) else []
    for candidate in [*candidates, request.META.get("REMOTE_ADDR", "")]:
        try:
            return str(ip_address(candidate.strip()))
        except ValueError:
            continue
    return UNKNOWN

"""Pages that belong to no app: what went wrong, and the frame that draws diagrams."""

import sys
from typing import Any

import psycopg
from csp.constants import NONCE, NONE, SELF
from csp.decorators import csp
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from esa.failures import unavailable

# Mermaid writes style sheets of its own, which our pages forbid. Its page may do that, and nothing else: it has no
# origin (sandbox), so no cookies, no storage and no way to our pages; and it may call nowhere.
DIAGRAM_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, "'unsafe-inline'"],
    "img-src": ["data:"],
    "font-src": [SELF],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
    "sandbox": ["allow-scripts"],
}


@require_safe
@csp(DIAGRAM_POLICY)
@xframe_options_sameorigin
def diagram_frame(request: HttpRequest) -> HttpResponse:
    """The page inside a diagram's frame: knows nobody and shows what it is sent."""
    return render(request, "diagram_frame.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form came from another page or the cookie is gone; the page says so and offers to go back."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without context processors: whatever they need may be what is broken. A database that is gone is said to be so."""
    problem = sys.exc_info()[1]
    if isinstance(problem, OperationalError | InterfaceError):
        message = _("The database does not answer. Nothing that was saved is lost; try again in a moment.")
        return unavailable(request, "database_unavailable", message)
    if isinstance(problem, InternalError) and isinstance(problem.__cause__, psycopg.errors.ReadOnlySqlTransaction):
        message = _("esa can only be read for a moment, because its database is being moved.")
        return unavailable(request, "read_only", message)
    if _is_of_storage(problem):
        message = _("The file storage does not answer. Texts can be read and saved; try the file again in a moment.")
        return unavailable(request, "storage_unavailable", message)
    return render(None, "500.html", status=500)


def _is_of_storage(problem: BaseException | None) -> bool:
    """By name, so that nobody imports the library of S3 to whom it is not needed."""
    return any(each.__name__ in {"BotoCoreError", "ClientError"} for each in type(problem).__mro__)


def bypass_maintenance(request: HttpRequest, token: str) -> HttpResponse:
    """Only the name of an address that esa.middleware.Gate answers."""
    raise Http404


def condition_of(request: HttpRequest) -> dict[str, Any]:
    """For base.html's banner: whether esa can only be read."""
    return {"condition": getattr(request, "condition", None)}

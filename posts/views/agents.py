"""The endpoint for agents: the Model Context Protocol over HTTP, without sessions or streams."""

import io
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.files.storage import default_storage
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from esa import hosts
from posts.agents.tools import Picture, Refused
from posts.models import Revision
from posts.models.attachment import key_in
from posts.scoping import find_attachment
from teams.door import ApiDoor, credential_of

ALLOWED = (
    "Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID"
)
SPOKEN = ("Accept", "Content-Type", "Host", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name")
"""Headers that the protocol looks at."""


@csrf_exempt
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """One message. The token is asked for first; cookies count for nothing here."""
    answer = _answer(request)
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Expose-Headers"] = "WWW-Authenticate, Mcp-Session-Id"
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method == "OPTIONS":
        headers = {"Access-Control-Allow-Methods": "POST, OPTIONS", "Access-Control-Allow-Headers": ALLOWED}
        return HttpResponse(status=204, headers=headers)
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip() if kind.lower() == "bearer" else ""
    credential = credential_of(secret) if secret else None
    if credential is None:
        return _unauthorized(request)
    if request.method != "POST":  # no stream to listen to, no session to end
        return HttpResponse(status=405, headers={"Allow": "POST, OPTIONS"})
    from posts.agents import server  # the SDK with it, which most processes never need

    if int(request.META.get("CONTENT_LENGTH") or 0) > server.MAX_BYTES:
        return HttpResponse(status=413)
    headers = {name: request.headers[name] for name in SPOKEN if name in request.headers}
    headers |= {name: value for name, value in request.headers.items() if name.lower().startswith("mcp-param-")}
    with translation.override(credential.user.language or translation.get_language()):
        status, told, body = server.exchange(_Api(request, secret), "POST", headers, request.body)
    told.pop("content-length", None)
    return HttpResponse(body, status=status, headers=told)


class _Api:
    """Asks API v1 in the name of whoever asks here, through its own door."""

    def __init__(self, request: HttpRequest, secret: str) -> None:
        self.request, self.secret = request, secret

    def __call__(self, method: str, path: str, parameters: dict[str, Any] | None = None) -> Any:
        given = parameters or {}
        query = urlencode({name: _word(value) for name, value in given.items()}) if method == "GET" else ""
        inner = self._inner(method, f"/v1{path}", query, b"" if method == "GET" else json.dumps(given).encode())
        inner.marked = Revision.Via.MCP
        if hasattr(self.request, "condition"):
            inner.condition = self.request.condition
        response: Any = ApiDoor(_no_page)(inner)
        told = json.loads(response.content) if response.content else None
        if response.status_code >= 400:
            raise Refused(told)
        return told

    def picture(self, address: str, types: set[str], most: int) -> Picture | None:
        """What the address that API v1 has just signed leads to."""
        parts = urlsplit(address)
        inner = self._inner("GET", parts.path, parts.query)
        inner.team = inner.member = None
        try:
            attachment = find_attachment(inner, key_in(address))
            if attachment.content_type not in types or attachment.size > most:
                return None
            with default_storage.open(attachment.key) as file:
                return Picture(attachment.content_type, file.read())
        except (Http404, FileNotFoundError):
            raise Refused("The file is gone.") from None

    def _inner(self, method: str, path: str, query: str, body: bytes = b"") -> Any:
        environ = {
            name: value for name, value in self.request.META.items() if name not in {"HTTP_COOKIE", "HTTP_ACCEPT"}
        }
        environ |= {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "wsgi.input": io.BytesIO(body),
        }
        return WSGIRequest(environ)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _no_page(_request: HttpRequest) -> HttpResponse:
    """What the door would hand on to the pages; a tool asks for none."""
    return HttpResponse(status=404)


def _unauthorized(request: HttpRequest) -> HttpResponse:
    """Tells the client where to find out whom to ask for a token (RFC 9728)."""
    place = f"{hosts.scheme()}://{request.get_host()}/.well-known/oauth-protected-resource/mcp"
    answer = JsonResponse({"error": "unauthorized", "message": "Unauthorized"}, status=401)
    answer["WWW-Authenticate"] = f'Bearer resource_metadata="{place}"'
    return answer

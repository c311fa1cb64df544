"""The endpoint for agents: the Model Context Protocol over HTTP, without sessions or streams."""

import io
import json
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from esa import hosts
from posts import mcp
from posts.models import Revision
from teams.door import ApiDoor, credential_of

MAX_BYTES = 12 * 1024 * 1024
MAX_BATCH = 20


@csrf_exempt
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """One message, or some together. The token is asked for first; cookies count for nothing here."""
    answer = _answer(request)
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Expose-Headers"] = "WWW-Authenticate, Mcp-Session-Id"
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method == "OPTIONS":
        allowed = "Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID"
        headers = {"Access-Control-Allow-Methods": "POST, OPTIONS", "Access-Control-Allow-Headers": allowed}
        return HttpResponse(status=204, headers=headers)
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip() if kind.lower() == "bearer" else ""
    if not secret or credential_of(secret) is None:
        return _unauthorized(request)
    if request.method != "POST":  # no stream to listen to, no session to end
        return HttpResponse(status=405, headers={"Allow": "POST, OPTIONS"})
    version = request.headers.get("MCP-Protocol-Version", "")
    if version and version not in mcp.VERSIONS:
        return _refused(mcp.INVALID_REQUEST, "this version of the protocol is not spoken here")
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        return _refused(mcp.INVALID_REQUEST, "the message is too large", 413)
    try:
        message = json.loads(request.body)
    except (ValueError, RecursionError):
        return _refused(mcp.PARSE_ERROR, "not JSON")
    return _spoken(message, _Api(request, secret))


def _spoken(message: Any, ask: mcp.Ask) -> HttpResponse:
    if not isinstance(message, list):
        told = mcp.answer(message, ask)
        return HttpResponse(status=202) if told is None else JsonResponse(told)
    if not 0 < len(message) <= MAX_BATCH:
        return _refused(mcp.INVALID_REQUEST, f"1 to {MAX_BATCH} messages at once")
    answers = [told for each in message if (told := mcp.answer(each, ask)) is not None]
    return JsonResponse(answers, safe=False) if answers else HttpResponse(status=202)


class _Api:
    """Asks API v1 in the name of whoever asks here, through its own door."""

    def __init__(self, request: HttpRequest, secret: str) -> None:
        self.request, self.secret = request, secret

    def __call__(self, method: str, path: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        query = mcp.query_of(parameters) if method == "GET" else ""
        body = b"" if method == "GET" else json.dumps(parameters).encode()
        environ = {
            name: value for name, value in self.request.META.items() if name not in {"HTTP_COOKIE", "HTTP_ACCEPT"}
        }
        environ |= {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/v1{path}".encode().decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "wsgi.input": io.BytesIO(body),
        }
        inner: Any = WSGIRequest(environ)
        inner.marked = Revision.Via.MCP
        if hasattr(self.request, "condition"):
            inner.condition = self.request.condition
        response: Any = ApiDoor(_no_page)(inner)
        return response.status_code, json.loads(response.content) if response.content else None


def _no_page(_request: HttpRequest) -> HttpResponse:
    """What the door would hand on to the pages; a tool asks for none."""
    return HttpResponse(status=404)


def _unauthorized(request: HttpRequest) -> HttpResponse:
    """Tells the client where to find out whom to ask for a token (RFC 9728)."""
    place = f"{hosts.scheme()}://{request.get_host()}/.well-known/oauth-protected-resource/mcp"
    answer = JsonResponse({"error": "unauthorized", "message": "Unauthorized"}, status=401)
    answer["WWW-Authenticate"] = f'Bearer resource_metadata="{place}"'
    return answer


def _refused(code: int, message: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}, status=status)

"""Uploaded files: how they come in from the editor and from forms of the API, and the one place that gives them out."""

import html
import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from esa import api, stored_files
from esa.uploads import FileTooLarge
from posts.models import Attachment
from posts.models.attachment import TooLarge
from posts.scoping import find_attachment
from teams.decorators import member_required, outsider
from teams.http import MemberRequest, TeamRequest

MINUTE, YEAR = 60, 31_536_000
FORM_MEMBER = 4096
"""Characters of one member of an upload form, of which some clients make a file."""


@require_safe
def show(request: TeamRequest, key: str) -> HttpResponseBase:
    """A file. Whatever it is, the browser gets it as data: no script in it runs, no other type is guessed."""
    key = f"uploads/{key}"
    try:
        attachment = find_attachment(request, key)
        if settings.CLOUDFRONT_KEY_ID:
            return _at_cloudfront(attachment)
        # A name is given once and its file never changed, so the name says which bytes these are.
        etag = f'"{key.rpartition("/")[2]}"'
        answer = stored_files.answer(request, key, size=attachment.size, etag=etag, content_type=attachment.served_as)
    except (Http404, FileNotFoundError):
        return outsider(request)
    answer["Content-Disposition"] = attachment.disposition
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    if attachment.members_only:
        answer["Cache-Control"] = "private, max-age=60"
        answer["Cross-Origin-Resource-Policy"] = "same-site"
    else:
        answer["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return get_conditional_response(request, etag=etag, response=answer) or answer  # type: ignore[arg-type]  # of any kind


@require_POST
@member_required
def create(request: MemberRequest) -> HttpResponse:
    """What was pasted, dropped or chosen in the editor; the answer is the text that shows it."""
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"message": _("No file arrived. Try again.")}, status=400)
    try:
        attachment = Attachment.attach(file, by=request.member)
    except ValidationError as problem:
        return JsonResponse({"message": " ".join(problem.messages)}, status=413)
    return JsonResponse(
        {"url": attachment.url, "name": attachment.name, "markdown": markdown_of(attachment)}, status=201
    )


@csrf_exempt
@require_POST
def fill(request: HttpRequest) -> HttpResponse:
    """The second step of older clients: a form that the API gave out, with the file. No token, no cookie; the policy is the key."""
    try:
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile):
            raise api.BadRequest("param is missing or the value is empty or invalid: file")
        Attachment.fill(file, key=_member(request, "key"), policy=_member(request, "policy"))
    except TooLarge as problem:
        return _error(FileTooLarge(problem.limit))
    except ValidationError as problem:
        return api.error(403, "forbidden", " ".join(problem.messages))
    except api.ApiError as problem:
        return _error(problem)
    answer = HttpResponse(status=204)
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def markdown_of(attachment: Attachment) -> str:
    """As esa writes it: pictures in HTML, whose width is then easy to change; anything else as a link."""
    shown = f"{attachment.name} ({size_in_words(attachment.size)})"
    if attachment.picture:
        width = f' width="{attachment.width}"' if attachment.width else ""
        return f'<img{width} alt="{html.escape(shown)}" src="{attachment.url}">'
    return f"[{re.sub(r'([!-/:-@[-`{-~])', _escaped, shown)}]({attachment.url})"


def size_in_words(size: int) -> str:
    """`50.0 kB`, in every language, for it becomes part of a text."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _escaped(found: "re.Match[str]") -> str:
    """Punctuation that Markdown or esa might read as something; dots and the brackets around the size stay legible."""
    return found[0] if found[0] in ".()-,%+ " else f"\\{found[0]}"


def _at_cloudfront(attachment: Attachment) -> HttpResponse:
    """Whoever may have the file gets an address of it that is good for a while; its bytes do not go through us."""
    expire = 5 * MINUTE if attachment.members_only else 60 * MINUTE
    answer = redirect(default_storage.url(attachment.key, expire=expire))  # type: ignore[call-arg]
    answer["Cache-Control"] = f"{'private' if attachment.members_only else 'public'}, max-age={expire // 5}"
    return answer


def _error(problem: api.ApiError) -> HttpResponse:
    return api.error(problem.status, problem.code, problem.message)


def _member(request: HttpRequest, name: str) -> str:
    """A member of the form: a field, or, from some clients, a file of that name."""
    if name in request.POST:
        return str(request.POST[name])
    part: Any = request.FILES.get(name)
    return part.read(FORM_MEMBER).decode("utf-8", "replace") if part else ""

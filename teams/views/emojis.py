"""The page of a team's emoji, and their pictures."""

import re

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from teams.decorators import member_required
from teams.http import MemberRequest
from teams.models.emoji import MAX_BYTES, Emoji
from teams.scoping import find_emoji, team_emojis

FILE = re.compile(r"[0-9a-f]{32}\.(?P<kind>png|gif)")


@member_required
def index(request: MemberRequest) -> HttpResponse:
    """The list, and the form for one more: a picture, or the code of an emoji that gets another name."""
    shown = {"code": request.POST.get("code", ""), "origin": request.POST.get("origin", ""), "problem": ""}
    if request.method == "POST":
        file = request.FILES.get("image")
        try:
            if file:
                emoji = Emoji.draw(file.read(MAX_BYTES + 1), code=shown["code"], by=request.member)
            elif shown["origin"]:
                emoji = Emoji.name(shown["origin"], code=shown["code"], by=request.member)
            else:
                raise ValidationError(_("Choose a picture, or give the code of an emoji."))
        except ValidationError as problem:
            shown["problem"] = " ".join(problem.messages)
        else:
            messages.success(request, _("There is a new emoji: %(code)s") % {"code": emoji})
            return redirect("emojis")
    context = {**shown, "emojis": team_emojis(request)}
    return render(request, "teams/emojis/index.html", context, status=422 if shown["problem"] else 200)


@require_POST
@member_required
def delete(request: MemberRequest, code: str) -> HttpResponse:
    find_emoji(request, code).remove()
    messages.success(request, _("The emoji is deleted."))
    return redirect("emojis")


@require_safe
def picture(request: HttpRequest, team: int, file: str) -> HttpResponseBase:
    """Nobody guesses its name, which changes with the picture; so it may be kept for ever."""
    match = FILE.fullmatch(file)
    if match is None:
        raise Http404
    try:
        opened = default_storage.open(f"uploads/{settings.ESA_ENVIRONMENT}/emojis/{team}/{file}")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(opened, content_type=f"image/{match['kind']}")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer

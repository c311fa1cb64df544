"""Faces: those people gave, and a drawn initial for everybody else. Nothing here asks who is looking, or tells who exists."""

import re
import zlib

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from teams.models.icon import SIZES

DYES = ["#3f5aa6", "#7a4f9a", "#a2452f", "#2f7355", "#8a5a12", "#1f6f83", "#a23a68", "#56616f"]
FOLDERS = ["uploads/icons", "uploads/teams"]
STEM = re.compile(rf"[0-9a-f]{{32}}-(?:{'|'.join(SIZES)})")
YEAR, DAY = 31_536_000, 86_400


def picture(request: HttpRequest, stem: str) -> HttpResponse | FileResponse:
    """A picture somebody gave. Its name changes with its content, so it may be kept for ever."""
    if STEM.fullmatch(stem):
        for folder in FOLDERS:
            try:
                file = default_storage.open(f"{folder}/{stem}.webp")
            except FileNotFoundError:
                continue
            answer = FileResponse(file, content_type="image/webp")
            answer["Cache-Control"] = f"public, max-age={YEAR}, immutable"
            return answer
    raise Http404


def drawn(request: HttpRequest, name: str) -> HttpResponse:
    """The initial of any name, whether it is anybody's or not, on a colour that stays the name's."""
    shown = {"initial": name[0].upper(), "dye": DYES[zlib.crc32(name.lower().encode()) % len(DYES)]}
    answer = render(request, "teams/icons/drawn.svg", shown, content_type="image/svg+xml")
    answer["Cache-Control"] = f"public, max-age={DAY}"
    return answer

"""The live preview: the same rendering as of a saved post, and nothing is kept."""

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from esa import markdown
from esa.condition import writes_nothing
from posts.links import TeamLinks
from teams.decorators import member_required
from teams.http import MemberRequest


@writes_nothing
@require_POST
@member_required
def create(request: MemberRequest) -> HttpResponse:
    text = request.POST.get("body_md", "")
    if len(text) > settings.MAX_BODY_LENGTH:
        words = _("The text has %(length)s characters; %(limit)s are allowed. Split it into several posts.")
        message = words % {"length": len(text), "limit": settings.MAX_BODY_LENGTH}
        return JsonResponse({"error": "too_long", "message": message}, status=422)
    prefix = "preview-" if request.POST.get("prefix") else ""  # beside texts whose anchors are on the page already
    options = markdown.Options(plantuml_url=settings.PLANTUML_URL, prefix=prefix)
    rendered = markdown.render(
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""), TeamLinks(request.team), options=options
    )
    tasks = {"tasks_count": rendered.tasks_count, "done_tasks_count": rendered.done_tasks_count}
    return JsonResponse({"html": rendered.html, "broken": rendered.broken, **tasks})

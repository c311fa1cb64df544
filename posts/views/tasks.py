"""Ticking a box of a task list where it is read."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from esa.markdown import TaskNotFound
from posts.scoping import find_post
from teams.decorators import member_required
from teams.http import MemberRequest


@require_POST
@member_required
def update(request: MemberRequest, number: int, ordinal: int) -> HttpResponse:
    """Answers with the new revision; 409 when the page that was clicked is no longer the newest text."""
    post = find_post(request, number)
    checked = request.POST.get("checked", "") in {"1", "true", "on"}
    try:
        revision = int(request.POST.get("revision", ""))
    except ValueError:
        return JsonResponse({"message": _("Say which revision the page shows.")}, status=400)
    try:
        saved = post.toggle_task(ordinal, checked=checked, revision_number=revision, by=request.member)
    except ValidationError as problem:
        return JsonResponse({"message": problem.messages[0]}, status=409)
    except TaskNotFound:
        return JsonResponse({"message": _("There is no such task in this post any more. Reload it.")}, status=409)
    return JsonResponse({"revision": saved.revision.number, "done": post.done_tasks_count, "tasks": post.tasks_count})

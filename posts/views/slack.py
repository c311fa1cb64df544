"""What a team's Slack app tells us. Only its signature opens this; whatever else comes finds nothing here."""

import json

from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from posts.models import Unfurl
from teams.http import TeamRequest
from teams.scoping import signed_slack


@csrf_exempt  # Slack posts here by itself; cookies count for nothing
@never_cache
@require_POST
def create(request: TeamRequest) -> HttpResponse:
    """An event is kept and answered at once; the worker shows what there is to show."""
    slack = signed_slack(request)
    if slack is None:
        raise Http404
    try:
        told = json.loads(request.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return HttpResponseBadRequest("This is not a JSON object.")
    if told.get("type") == "url_verification":
        return JsonResponse({"challenge": str(told.get("challenge", ""))[:1000]})
    Unfurl.hear(slack, told)
    return HttpResponse(status=200)

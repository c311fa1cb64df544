"""What one wants to hear of, and where; and the link in every mail that ends mails of its kind."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from teams.decorators import base_domain, person_required
from teams.forms import PreferencesForm
from teams.http import PersonRequest
from teams.models.notification import kind_in_words, stop_mails
from teams.models.notification import unsubscribe as end_mails


@person_required
def edit(request: PersonRequest) -> HttpResponse:
    form = PreferencesForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("notification_settings")
    status = 422 if form.is_bound else 200
    return render(request, "teams/notifications/settings.html", {"form": form}, status=status)


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the signed link is all that they have, and all it can do
@base_domain
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asking shows a button: programs that look at every link must not end anything."""
    found = stop_mails(token)
    if found is None:
        raise Http404
    user, kind = found
    if request.method == "POST":
        end_mails(user, kind)
    context = {"kind": kind_in_words(kind), "done": request.method == "POST"}
    return render(request, "teams/notifications/unsubscribe.html", context)

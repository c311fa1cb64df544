"""The inbox: what one was told, gathered by what it is about."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from teams.decorators import member_required
from teams.http import MemberRequest
from teams.models.notification import Kind, grouped
from teams.scoping import find_notification, my_notifications

PER_PAGE = 50
FILTERS = {
    "": _("All"),
    "unread": _("Unread"),
    Kind.MENTION.value: _("Mentions"),
    Kind.COMMENT.value: _("Comments"),
    Kind.NEW.value: _("New posts"),
    Kind.STAR.value: _("Stars"),
}


@member_required
def index(request: MemberRequest) -> HttpResponse:
    chosen = request.GET.get("show", "")
    notifications = my_notifications(request).for_display().order_by("-pk")
    if chosen == "unread":
        notifications = notifications.unread()
    elif chosen in FILTERS and chosen:
        notifications = notifications.filter(kind=chosen)
    page = Paginator(notifications, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "groups": grouped(page.object_list), "filters": FILTERS.items(), "chosen": chosen}
    return render(request, "teams/notifications/index.html", context)


@require_POST
@member_required
def read_all(request: MemberRequest) -> HttpResponse:
    my_notifications(request).read()
    return redirect("notifications")


@require_POST
@member_required
def read(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark everything about the same thing."""
    found = find_notification(request, pk)
    my_notifications(request).filter(about_type=found.about_type_id, about_id=found.about_id).read()
    return _back(request)


@require_POST
@member_required
def unread(request: MemberRequest, pk: int) -> HttpResponse:
    my_notifications(request).filter(pk=find_notification(request, pk).pk).unread_again()
    return _back(request)


def _back(request: MemberRequest) -> HttpResponse:
    """To the same view of the inbox."""
    chosen = request.POST.get("show", "")
    inbox = reverse("notifications")
    return redirect(f"{inbox}?{urlencode({'show': chosen})}" if chosen in FILTERS and chosen else inbox)

"""Ship It!, and back to WIP."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from posts.scoping import find_post
from teams.decorators import member_required
from teams.http import MemberRequest


@require_POST
@member_required
def create(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    if post.wip:
        post.ship(by=request.member)
        messages.success(request, _("Shipped!"))
    return redirect(post)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    post.unship(by=request.member)
    return redirect(post)

"""Ship It!, and back to WIP."""

from django.contrib import messages
from django.core.exceptions import ValidationError
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
    try:
        if post.wip:
            post.ship(by=request.member)
            messages.success(request, _("Shipped!"))
    except ValidationError as problem:  # somebody deleted it meanwhile
        messages.error(request, problem.messages[0])
    return redirect(post)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    try:
        post.unship(by=request.member)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return redirect(post)

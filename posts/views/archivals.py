"""Into the archive, and out of it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from posts.models.post import ARCHIVED
from posts.scoping import find_post
from teams.decorators import member_required
from teams.http import MemberRequest


@require_POST
@member_required
def create(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    try:
        post.archive(by=request.member, message=ARCHIVED)
    except ValidationError as problem:  # somebody deleted it meanwhile
        messages.error(request, problem.messages[0])
    return redirect(post)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    post = find_post(request, number)
    try:
        post.unarchive(by=request.member)
    except ValidationError as problem:  # a path that is good only inside the archive
        messages.error(request, problem.messages[0])
    return redirect(post)

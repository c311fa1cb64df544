"""Hearing of whatever is shipped in a category, or found by a saved search."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from posts.models import PlaceWatch
from posts.scoping import readable_categories, saved_searches
from posts.templatetags.posts import category_url
from teams.decorators import member_required
from teams.http import MemberRequest


@require_POST
@member_required
def create_for_category(request: MemberRequest) -> HttpResponse:
    path = _category(request)
    PlaceWatch.put(request.member, category=path)
    return redirect(category_url(path))


@require_POST
@member_required
def delete_for_category(request: MemberRequest) -> HttpResponse:
    path = _path(request)
    PlaceWatch.drop(request.member, category=path)
    return redirect(category_url(path))


@require_POST
@member_required
def create_for_search(request: MemberRequest, pk: int) -> HttpResponse:
    PlaceWatch.put(request.member, search=get_object_or_404(saved_searches(request), pk=pk))
    return redirect("saved_searches")


@require_POST
@member_required
def delete_for_search(request: MemberRequest, pk: int) -> HttpResponse:
    PlaceWatch.drop(request.member, search=get_object_or_404(saved_searches(request), pk=pk))
    return redirect("saved_searches")


def _category(request: MemberRequest) -> str:
    path = _path(request)
    if not path or not readable_categories(request).filter(path=path).exists():
        raise Http404
    return path


def _path(request: MemberRequest) -> str:
    return request.POST.get("path", "").replace("\x00", "")

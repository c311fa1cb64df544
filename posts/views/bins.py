"""The bin: what was deleted, by whom and when, to look at and to restore."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from posts.scoping import binned_posts, find_binned_post
from posts.templatetags.posts import name_text
from teams.decorators import member_required
from teams.http import MemberRequest

PER_PAGE = 50


@member_required
def index(request: MemberRequest) -> HttpResponse:
    posts = binned_posts(request).select_related("deleted_by__user").order_by("-deleted_at", "-pk")
    page = Paginator(posts, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "posts/bins/index.html", {"page": page})


@member_required
def show(request: MemberRequest, number: int) -> HttpResponse:
    return render(request, "posts/bins/show.html", {"post": find_binned_post(request, number)})


@require_POST
@member_required
def restore(request: MemberRequest, number: int) -> HttpResponse:
    post = find_binned_post(request, number)
    post.restore(by=request.member)
    messages.success(request, _("“%(name)s” is back.") % {"name": name_text(post.name)})
    return redirect(post)

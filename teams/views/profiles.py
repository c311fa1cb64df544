"""One's own account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from esa import hosts
from teams.decorators import person_required
from teams.forms import ConfirmationForm, ProfileForm
from teams.http import PersonRequest


@person_required
def edit(request: PersonRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "teams/profiles/edit.html", {"form": ProfileForm(instance=request.user)})
    form = ProfileForm(request.POST, request.FILES, instance=request.user)
    if form.is_valid():
        try:
            with transaction.atomic():
                request.user.hold_name()
                form.save()
        except IntegrityError:
            form.full_clean()  # somebody took the screen name since; asked again, the form says so
        else:
            messages.success(request, _("Saved."))
            return redirect("profile")
    # The frame of the page shows the person as they are, not as they might have been.
    request.user.refresh_from_db()
    return render(request, "teams/profiles/edit.html", {"form": form}, status=422)


@person_required
def delete(request: PersonRequest) -> HttpResponse:
    """Delete the account; the screen name has to be typed, and no team may be left without an owner."""
    blocking = request.user.teams_that_need_them()
    form = ConfirmationForm(request.POST if request.method == "POST" else None, expected=request.user.screen_name)
    if form.is_bound and not blocking and form.is_valid():
        person = request.user
        logout(request)
        person.close()
        messages.success(request, _("Your account is deleted. Thank you for having been here."))
        return redirect(hosts.base_url("/"))
    context = {"form": form, "blocking": blocking}
    return render(request, "teams/profiles/delete.html", context, status=422 if form.is_bound else 200)

"""What operators see at /operator/ on the base domain: people and teams, not what they write. Nothing is edited by hand;
what an operator may do is an action that calls a verb."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from teams.models import Event, Invitation, Member, Team, User

admin.site.site_header = admin.site.site_title = "esa"
admin.site.index_title = _("Operators")
# Operators sign in as everybody does, with the same limits and second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class ReadOnly(admin.ModelAdmin[Model]):
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReadOnly):
    list_display = ["screen_name", "name", "email", "is_active", "is_staff", "last_login", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["screen_name", "name", "email"]
    exclude = ["password"]
    actions = ["deactivate", "reactivate"]

    @admin.action(description=_("Lock: every session ends at once"), permissions=["view"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users.exclude(pk=request.user.pk or 0):
            user.deactivate()

    @admin.action(description=_("Unlock"), permissions=["view"])
    def reactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            user.reactivate()


@admin.register(Team)
class TeamAdmin(ReadOnly):
    list_display = ["name", "privacy", "last_post_number", "created_at", "deleted_at"]
    list_filter = ["privacy"]
    search_fields = ["name", "description"]
    exclude = ["invitation_code"]


@admin.register(Member)
class MemberAdmin(ReadOnly):
    list_display = ["__str__", "team", "role", "posts_count", "joined_at", "left_at", "last_accessed_at"]
    list_filter = ["role"]
    list_select_related = ["team", "user"]
    search_fields = ["user__screen_name", "user__name", "team__name"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ["email", "team", "invited_by", "created_at", "sent_at", "expires_at", "accepted_at"]
    list_select_related = ["team", "invited_by__user"]
    search_fields = ["email", "team__name"]
    exclude = ["code"]


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ["id", "action", "team", "actor", "created_at", "relayed_at", "attempts", "set_aside_at", "problem"]
    list_select_related = ["team", "actor__user"]
    list_filter = [("set_aside_at", admin.EmptyFieldListFilter), "action"]
    ordering = ["-id"]
    actions = ["retry"]

    @admin.action(description=_("Take up again what was set aside"), permissions=["view"])
    def retry(self, request: HttpRequest, events: QuerySet[Event]) -> None:
        for event in events:
            event.retry()

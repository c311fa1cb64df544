"""What operators see of the installation itself: its backups, and whether they can be relied on."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from esa.models import Backup, Switch


class Shown(admin.ModelAdmin[Model]):
    """To be looked at; commands do the rest."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Backup)
class BackupAdmin(Shown):
    list_display = ["name", "made_at", "proven_at", "problem", "database_bytes", "files", "file_bytes", "location"]


@admin.register(Switch)
class SwitchAdmin(Shown):
    list_display = ["mode", "message", "until", "changed_at"]

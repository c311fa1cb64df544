"""What operators see of the installation itself: its backups, and whether they can be relied on."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

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
    list_display = ["name", "made_at", "proven_at", "problem", "size", "file_count", "location"]

    @admin.display(description=_("database"))
    def size(self, backup: Backup) -> str:
        return filesizeformat(backup.database_bytes)

    @admin.display(description=_("files"))
    def file_count(self, backup: Backup) -> str:
        return f"{backup.files} ({filesizeformat(backup.file_bytes)})"


@admin.register(Switch)
class SwitchAdmin(Shown):
    list_display = ["mode", "message", "until", "changed_at"]

"""What an installation knows of itself, beside what people write: the maintenance switch, and the backups that were made."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from esa import condition


class Switch(models.Model):
    """The one row that opens and shuts esa for every process."""

    MODES = {condition.OPEN: _("Open"), condition.READ_ONLY: _("Read only"), condition.MAINTENANCE: _("Maintenance")}

    mode = models.CharField(max_length=12, choices=list(MODES.items()), default=condition.OPEN)
    message = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_switch")]
        verbose_name = _("maintenance switch")
        verbose_name_plural = _("maintenance switch")  # there is one

    def __str__(self) -> str:
        return str(self.MODES[self.mode])

    @classmethod
    def throw(cls, mode: str, *, message: str = "", until: datetime | None = None) -> None:
        """Every process follows within `condition.EFFECTIVE_WITHIN` seconds."""
        cls.objects.update_or_create(pk=1, defaults={"mode": mode, "message": message, "until": until})
        condition.forget()


class Backup(models.Model):
    """A backup that was made, and what came of restoring it somewhere else."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    location = models.CharField(_("location"), max_length=500)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    database_bytes = models.BigIntegerField(_("bytes of the database"), default=0)
    files = models.IntegerField(_("files"), default=0)
    file_bytes = models.BigIntegerField(_("bytes of the files"), default=0)
    proven_at = models.DateTimeField(_("restored and checked"), null=True)
    problem = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("backup")
        verbose_name_plural = _("backups")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def last_proven(cls) -> "Backup | None":
        return cls.objects.exclude(proven_at=None).order_by("-proven_at").first()

    @classmethod
    def note(cls, name: str, location: str, **known: Any) -> "Backup":
        """Write down what is known of a backup, which may have been made by another installation."""
        backup, _created = cls.objects.update_or_create(name=name, defaults={"location": location, **known})
        return backup

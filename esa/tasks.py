"""Background work of the installation itself."""

import logging

from celery import shared_task
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage

from esa.hosts import base_url

logger = logging.getLogger(__name__)

HOURS = 60 * 60


# Acknowledged at once: it takes longer than the broker waits before it hands a task to somebody else. What a worker that
# dies leaves half done is cleared away by the next night's.
@shared_task(acks_late=False, reject_on_worker_lost=False, soft_time_limit=5 * HOURS, time_limit=6 * HOURS)
def back_up() -> None:
    """Make a backup, prove it by restoring it beside the database, and delete the oldest; tell operators of a failure."""
    from esa import backup

    if not settings.BACKUP_TO:
        return
    try:
        target = backup.target(settings.BACKUP_TO)
        name = backup.make(target)
        backup.prove(target, name)
        backup.prune(target, settings.BACKUP_KEEP)
    except backup.Trouble as trouble:
        logger.error("the nightly backup failed: %s", trouble)
        _tell_operators(f"{trouble}\n\nThe last backup that was proven is on {base_url('/operator/esa/backup/')}\n")
        raise


def _tell_operators(text: str) -> None:
    operators = get_user_model()._default_manager.filter(is_superuser=True, is_active=True)
    to = [settings.FEEDBACK_EMAIL] if settings.FEEDBACK_EMAIL else list(operators.values_list("email", flat=True))
    try:
        EmailMessage(f"The nightly backup of {settings.ESA_DOMAIN} failed", text, to=to).send()
    except OSError as problem:
        logger.error("and no operator could be told by mail: %s", problem)

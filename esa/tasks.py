"""Background work of the installation itself."""

import logging

from celery import shared_task
from django.conf import settings

from esa.backup import Trouble

logger = logging.getLogger(__name__)

HOURS = 60 * 60


# Acknowledged at once: it takes longer than the broker waits before it hands a task to somebody else. What a worker that
# dies leaves half done is cleared away by the next night's.
@shared_task(acks_late=False, reject_on_worker_lost=False, soft_time_limit=5 * HOURS, time_limit=6 * HOURS)
def back_up() -> None:
    """Make a backup, prove it by restoring it beside the database, and delete the oldest."""
    from esa import backup

    if not settings.BACKUP_TO:
        return
    target = backup.target(settings.BACKUP_TO)
    try:
        name = backup.make(target)
        backup.prove(target, name)
        backup.prune(target, settings.BACKUP_KEEP)
    except Trouble as trouble:
        logger.error("the nightly backup failed: %s", trouble)
        raise

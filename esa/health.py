"""`/readyz`: whether this process can serve: its database, its broker, and the migrations that its code needs."""

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse

logger = logging.getLogger(__name__)
_migrated = False


def ready() -> HttpResponse:
    """200 or 503, and which of the three fails; never why, which is for the log."""
    database = _database()
    checks = {"database": database, "broker": _broker(), "migrations": database and _migrations()}
    # Without a broker esa still reads and writes (events wait in their table), so traffic may come.
    serves = checks["database"] and checks["migrations"]
    words = {name: "ok" if holds else "fails" for name, holds in checks.items()}
    return JsonResponse({"ready": serves, **words}, status=200 if serves else 503)


def _database() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        logger.warning("not ready, database: %s", problem)
        return False
    return True


def _broker() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as broker:
            return bool(broker.ping())
    except (redis.RedisError, OSError, ValueError) as problem:
        logger.warning("not ready, broker: %s", problem)
        return False


def _migrations() -> bool:
    """Once all are applied that this code knows, they stay so; until then it is asked anew each time."""
    global _migrated
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError as problem:
            logger.warning("not ready, migrations: %s", problem)
    return _migrated

"""Who is at a place just now. It lives in Valkey alone, forgets by itself, and nobody misses it when it is down."""

import logging
import time
from functools import cache

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

STAYS = 25
"""Seconds after the last sign; pages give one every few."""


def meet(place: str, who: int, *, editing: bool = False) -> dict[int, bool]:
    """Be there, and see who else is: their ids, and whether they write. One round trip; {} if Valkey is down."""
    key, now = f"esa:presence:{place}", time.time()
    try:
        with _valkey().pipeline(transaction=False) as line:
            line.zadd(key, {f"{who}:{int(editing)}": now})
            line.zrem(key, f"{who}:{int(not editing)}")
            line.zremrangebyscore(key, 0, now - STAYS)
            line.expire(key, STAYS * 2)
            line.zrange(key, 0, 50)
            found = line.execute()[-1]
    except (RedisError, OSError) as problem:
        logger.warning("presence unavailable: %s", problem)
        return {}
    entries = (entry.decode().partition(":") for entry in found)
    return {int(other): state == "1" for other, _colon, state in entries if int(other) != who}


@cache
def _valkey() -> "Redis":
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.3, socket_timeout=0.3)

"""The cache, which may be down or lost at any time: then everything is a miss and the page still comes."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def forgiving(method: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except (RedisError, OSError) as problem:
            logger.warning("cache unavailable: %s", problem)
            return otherwise(*args, **kwargs)

    return call


class OneClient(RedisCacheClient):
    """Django's client, which makes a client of the library for every question; one for each pool does as well, and costs nothing."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]
        clients = self.__dict__.setdefault("clients", {})
        if pool not in clients:
            clients[pool] = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return clients[pool]


class TolerantRedisCache(RedisCache):
    """Django's Redis cache, except that a dead server counts as an empty one."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = OneClient

    get = forgiving(RedisCache.get, lambda key, default=None, version=None: default)
    get_many = forgiving(RedisCache.get_many, lambda keys, version=None: {})
    set = forgiving(RedisCache.set, lambda *args, **kwargs: None)
    set_many = forgiving(RedisCache.set_many, lambda data, *args, **kwargs: list(data))
    # True, as if the key had been free: a lock or limit that lives in the cache opens rather than blocks.
    add = forgiving(RedisCache.add, lambda *args, **kwargs: True)
    touch = forgiving(RedisCache.touch, lambda *args, **kwargs: False)
    delete = forgiving(RedisCache.delete, lambda *args, **kwargs: False)
    delete_many = forgiving(RedisCache.delete_many, lambda *args, **kwargs: None)
    has_key = forgiving(RedisCache.has_key, lambda *args, **kwargs: False)
    clear = forgiving(RedisCache.clear, lambda *args, **kwargs: False)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Count; a dead server counts from nothing, a missing key raises ValueError as Django's contract says."""
        try:
            return int(super().incr(key, delta, version))
        except (RedisError, OSError) as problem:
            logger.warning("cache unavailable: %s", problem)
            return delta

"""Sessions in the cache and in the database, which stay readable while esa is only to be read."""

from django.contrib.sessions.backends import cached_db

from esa import condition


class SessionStore(cached_db.SessionStore):
    """While nothing may be written, what changes in a session (a message was shown, say) changes in the cache alone."""

    def save(self, must_create: bool = False) -> None:
        if condition.current().writable:
            super().save(must_create)
        else:
            self._cache.set(self.cache_key, self._get_session(no_load=must_create), self.get_expiry_age())  # type: ignore[attr-defined]

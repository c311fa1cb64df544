"""Django on another database than the one of the tests, without another process."""

import contextlib
from collections.abc import Iterator

import environ
from django.db import connections


@contextlib.contextmanager
def another_database(url: str) -> Iterator[None]:
    """Whatever asks the database in this thread asks that one."""
    ours = connections["default"]
    other = ours.copy()
    known = environ.Env.db_url_config(url)
    other.settings_dict.update({key: known[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")})
    connections["default"] = other
    try:
        yield
    finally:
        connections["default"] = ours
        other.close()

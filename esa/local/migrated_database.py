"""Takes the place of pytest-django's set-up: each process of a run copies the migrated template instead of migrating."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from esa.local.scratch import SOCKETS, TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, django_db_modify_db_settings: None
) -> Iterator[None]:
    """Make this process's database and point Django at it; the server and all in it go with the run."""
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]  # with the worker's suffix
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}" STRATEGY file_copy'.encode())
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    if sockets := os.environ.get(SOCKETS):
        settings.DATABASES["default"]["HOST"] = connection.settings_dict["HOST"] = sockets
    yield
    with django_db_blocker.unblock():
        connection.close()

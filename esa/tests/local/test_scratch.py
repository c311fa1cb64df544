"""The tests' own servers: private, migrated, able to read Japanese, and gone when their starter is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from esa.local import scratch
from esa.local.services import Account, Postgres, Valkey, running


@pytest.mark.django_db
def test_the_database_knows_the_trigrams_of_japanese():
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'")
        if not cursor.fetchone():
            cursor.execute("CREATE EXTENSION pg_trgm")
        cursor.execute("SELECT similarity('日本語の記事', '日本語'), 'É' ILIKE 'é'")
        similarity, folded = cursor.fetchone()
    assert similarity > 0.2
    assert folded


@pytest.mark.django_db
def test_the_database_of_a_run_is_migrated():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 0

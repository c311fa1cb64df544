"""The tests' own servers: private, migrated, able to read Japanese, and gone when their starter is."""

import pytest
from django.db import connection


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

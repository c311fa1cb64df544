"""The search table, in partitions by team, with its indexes."""

import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

PARTITIONS = 8  # a small team's search does not wade through a large one's index entries

TABLE = """
CREATE TABLE post_search (
    team_id bigint NOT NULL REFERENCES teams_team DEFERRABLE INITIALLY DEFERRED,
    post_id bigint NOT NULL REFERENCES posts_post DEFERRABLE INITIALLY DEFERRED,
    number integer NOT NULL,
    wip boolean NOT NULL,
    flow boolean NOT NULL,
    archived boolean NOT NULL,
    created_by_id bigint NOT NULL REFERENCES teams_member DEFERRABLE INITIALLY DEFERRED,
    updated_by_id bigint NOT NULL REFERENCES teams_member DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    tags text[] NOT NULL,
    path text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    headings text NOT NULL,
    norm text NOT NULL,
    body_at integer NOT NULL,
    talk_at integer NOT NULL,
    head tsvector NOT NULL,
    keys tsvector NOT NULL,
    version smallint NOT NULL,
    indexed_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, post_id)
) PARTITION BY HASH (team_id)
"""

# fastupdate would make most saves faster and some a hundred times slower, and searches read the pending list.
INDEXES = """
CREATE INDEX post_search_keys ON post_search USING gin (keys) WITH (fastupdate = off);
CREATE INDEX post_search_head ON post_search USING gin (head) WITH (fastupdate = off);
CREATE INDEX post_search_tags ON post_search USING gin (tags) WITH (fastupdate = off);
CREATE INDEX post_search_recent ON post_search (team_id, updated_at DESC, post_id DESC);
CREATE INDEX post_search_created ON post_search (team_id, created_at DESC, post_id DESC);
CREATE INDEX post_search_number ON post_search (team_id, number);
CREATE INDEX post_search_path ON post_search (team_id, path, updated_at DESC);
CREATE INDEX post_search_author ON post_search (team_id, created_by_id, updated_at DESC);
CREATE INDEX post_search_post ON post_search (post_id);
"""


def create(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(TABLE)
        # Half the time of the server's own compression to read back; not every build of PostgreSQL has it.
        cursor.execute("SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)")
        if cursor.fetchone():
            cursor.execute("ALTER TABLE post_search ALTER COLUMN norm SET COMPRESSION lz4")
        for part in range(PARTITIONS):
            cursor.execute(
                f"CREATE TABLE post_search_{part} PARTITION OF post_search"
                f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
            )
        cursor.execute(INDEXES)


def drop(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DROP TABLE post_search")


class Migration(migrations.Migration):
    dependencies = [("posts", "0002_initial"), ("teams", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create, drop)],
            state_operations=[
                migrations.CreateModel(
                    name="PostSearch",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "team_id", "post_id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("wip", models.BooleanField()),
                        ("flow", models.BooleanField()),
                        ("archived", models.BooleanField()),
                        ("created_at", models.DateTimeField()),
                        ("updated_at", models.DateTimeField()),
                        ("tags", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                        ("path", models.TextField(db_collation="C")),
                        ("name", models.TextField(db_collation="C")),
                        ("headings", models.TextField()),
                        ("norm", models.TextField()),
                        ("body_at", models.PositiveIntegerField()),
                        ("talk_at", models.PositiveIntegerField()),
                        ("head", django.contrib.postgres.search.SearchVectorField()),
                        ("keys", django.contrib.postgres.search.SearchVectorField()),
                        ("version", models.PositiveSmallIntegerField()),
                        ("indexed_at", models.DateTimeField()),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="teams.member",
                            ),
                        ),
                        (
                            "post",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="posts.post"
                            ),
                        ),
                        (
                            "team",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
                            ),
                        ),
                        (
                            "updated_by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="teams.member",
                            ),
                        ),
                    ],
                    options={"db_table": "post_search"},
                ),
            ],
        ),
    ]

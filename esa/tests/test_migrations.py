"""Old code runs beside a new schema while a release rolls out; so the newest step of each app only expands."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from esa.local.scratch import CHECKOUT, TEMPLATE
from esa.migration_risks import narrows, risks_of

OURS = ("esa", "teams", "posts")


def git(*words: str, **options) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, check=False, **options)


def test_the_newest_migrations_only_expand(db):
    loader = MigrationLoader(connection)
    for app, name in (key for key in loader.graph.leaf_nodes() if key[0] in OURS):
        migration = loader.graph.nodes[app, name]
        if migration.initial:
            continue
        before = loader.project_state((app, name), at_end=False)
        found = narrows(migration, before)
        assert not found, (
            f"{app}.{name} would break the release that runs beside it: {found}. Expand now and take away in a later"
            ' release, or say in the migration why it is safe: contracts = "…".'
        )


def state() -> ProjectState:
    made = ProjectState()
    fields: list[tuple[str, models.Field]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=20)),
    ]
    made.add_model(ModelState("posts", "thing", fields))
    return made


@pytest.mark.parametrize(
    ("operation", "expands"),
    [
        (migrations.AddField("thing", "a", models.TextField(null=True)), True),
        (migrations.AddField("thing", "a", models.TextField(db_default="")), True),
        (migrations.AddField("thing", "a", models.TextField(default="")), False),
        (migrations.RemoveField("thing", "name"), False),
        (migrations.RenameField("thing", "name", "title"), False),
        (migrations.AlterField("thing", "name", models.CharField(max_length=40)), True),
        (migrations.AlterField("thing", "name", models.CharField(max_length=10)), False),
        (migrations.AlterField("thing", "name", models.CharField(max_length=20, unique=True)), False),
        (migrations.DeleteModel("thing"), False),
        (migrations.AddIndex("thing", models.Index(fields=["name"], name="i")), True),
        (migrations.CreateModel("other", [("id", models.BigAutoField(primary_key=True))]), True),
    ],
)
def test_what_old_code_would_trip_over_is_known(operation, expands):
    migration: Any = migrations.Migration("0002", "posts")
    migration.operations = [operation]
    assert bool(narrows(migration, state())) is not expands
    migration.contracts = "nothing has read it since release 12"
    assert narrows(migration, state()) == []


def test_preflight_knows_what_a_migration_locks_and_for_about_how_long(db):
    loader = MigrationLoader(connection)
    migration: Any = migrations.Migration("9999", "posts")
    migration.operations = [migrations.AddIndex("post", models.Index(fields=["name"], name="i"))]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = 2000000 WHERE relname = 'posts_post'")
    (risk,) = risks_of(migration, loader.project_state())
    assert (risk.table, risk.locks, risk.seconds) == ("posts_post", "writes", 10)


PREVIOUS = """
import django
django.setup()
from django.db import transaction
from teams.models import Team, User
from posts.models import Post
user = User.objects.create_user("old@example.com", "correct horse", screen_name="old", name="Old", language="en")
team = Team.found(name="oldcode", by=user) if hasattr(Team, "found") else Team.objects.create(name="oldcode")
member = team.members.filter(user=user).first() or team.members.create(user=user, role="owner")
member.user = user
post = Post.write(by=member, name="written by old code", body_md="words #1", wip=True)
post.ship(by=member)
post.comment(by=member, body_md="a word")
post.star(by=member)
post.archive(by=member)
post.trash(by=member)
post.restore(by=member)
assert Post.objects.get(pk=post.pk).comments.count() == 1
"""


def commit_before() -> str:
    """The commit before the newest step: this one, if a migration is not committed yet, else the parent of its commit."""
    folders = [f"{app}/migrations" for app in OURS]
    if git("status", "--porcelain", "--", *folders).stdout.strip():
        return "HEAD" if git("rev-parse", "--verify", "--quiet", "HEAD").returncode == 0 else ""
    added = git("log", "-1", "--diff-filter=A", "--format=%H", "--", *folders).stdout.decode().strip()
    return f"{added}~1" if added and not git("rev-parse", "--verify", "--quiet", f"{added}~1").returncode else ""


def step_since(commit: str) -> list[Path]:
    known = set(git("ls-tree", "-r", "--name-only", commit).stdout.decode().splitlines())
    files = [path for app in OURS for path in (CHECKOUT / app / "migrations").glob("0*.py")]
    return [path for path in files if path.relative_to(CHECKOUT).as_posix() not in known]


def loudly(capsys, sentence: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n!!! {sentence} !!!\n")


def test_the_code_before_the_newest_migration_works_on_the_schema_after_it(tmp_path: Path, capsys):
    """The parent of the commit that brought the newest migration, exported and run on this schema."""
    if "ESA_TEST_TEMPLATE" not in os.environ:
        pytest.fail("This test needs the embedded servers: run it without DATABASE_URL.")
    before = commit_before()
    if not before:
        loudly(capsys, "git history is too shallow to run the code of before: only the contract is checked")
        return
    if any("\n    contracts = " in path.read_text() for path in step_since(before)):
        loudly(capsys, "this step contracts, so the code of before is not run")
        return
    archive = git("archive", "--format=tar", before, "--", *OURS, "manage.py")
    assert archive.returncode == 0, archive.stderr
    (tmp_path / "old.tar").write_bytes(archive.stdout)
    with tarfile.open(tmp_path / "old.tar") as tar:
        tar.extractall(tmp_path / "old", filter="data")
    # With the packages of today: does that code start at all?
    starts = [sys.executable, "-c", "import django; django.setup(); import esa.urls"]
    alone = os.environ | {"PYTHONPATH": str(tmp_path / "old")}
    if subprocess.run(starts, cwd=tmp_path / "old", env=alone, capture_output=True, check=False).returncode:
        loudly(capsys, f"{before} does not even start by itself, so it is not run")
        return
    import psycopg

    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = f"previous_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f'CREATE DATABASE {name} TEMPLATE "{TEMPLATE}" STRATEGY file_copy'.encode())
    environment = os.environ | {"DATABASE_URL": f"{server}/{name}", "PYTHONPATH": str(tmp_path / "old")}
    done = subprocess.run(
        [sys.executable, "-c", PREVIOUS],
        cwd=tmp_path / "old",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    assert done.returncode == 0, f"{before} does not work on the schema of today:\n{done.stderr[-3000:]}"

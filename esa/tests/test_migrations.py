"""Old code runs beside a new schema while a release rolls out; so the newest step of each app only expands."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

import manage
from esa import environment
from esa.local.scratch import CHECKOUT, TEMPLATE
from esa.migration_risks import narrows, risks_of

OURS = ("esa", "teams", "posts")


def git(*words: str, **options) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, check=False, **options)


def test_the_migrations_make_what_the_models_say(db):
    said = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert said.getvalue() == "No changes detected\n"


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
import atexit, gc
gc.disable()
atexit.register(gc.freeze)
import django
django.setup()
import esa.urls
print("starts", flush=True)
from django.conf import settings
from django.test import Client
from posts.models import Post
from teams.models import Event, Team, User
team = Team.objects.create(name="oldcode")
user = User.objects.create_user("old@example.com", "correct horse", screen_name="old", name="Old", language="en")
member = team.members.create(user=user, role="owner")
post = Post.write(by=member, name="written by old code", body_md="words #1 @old", wip=True)
post.ship(by=member)
comment = post.comment(by=member, body_md="a word")
comment.edit(by=member, body_md="another word")
post.star(by=member)
post.watch(by=member)
post.archive(by=member)
post.trash(by=member)
post.restore(by=member)
for event in Event.objects.waiting():
    event.relay()
assert not Event.objects.waiting().exists()
reader = Client(HTTP_HOST=f"oldcode.{settings.ESA_DOMAIN}")
reader.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
for path in ("/", f"/posts/{post.number}", f"/posts/{post.number}/edit", "/posts?q=words", "/members", "/notifications"):
    answer = reader.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
answer = reader.post("/posts/new", {"title": "dev/by form", "body_md": "words"})
assert answer.status_code == 302, answer.status_code
print("works", flush=True)
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


def code_of(commit: str) -> Path:
    """Its source in a folder that stays until the next step, so that it is compiled once."""
    folder = CHECKOUT / ".data" / "previous" / git("rev-parse", commit).stdout.decode().strip()
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        archive = git("archive", "--format=tar", commit, "--", *OURS, "manage.py")
        assert archive.returncode == 0, archive.stderr
        folder.parent.mkdir(parents=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        subprocess.run(["tar", "-x", "-C", fresh], input=archive.stdout, check=True)
        fresh.rename(folder)
    return folder


def loudly(capsys, sentence: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n!!! {sentence} !!!\n")


def test_the_code_before_the_newest_migration_works_on_the_schema_after_it(capsys):
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
    code = code_of(before)
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = f"previous_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f'CREATE DATABASE {name} TEMPLATE "{TEMPLATE}" STRATEGY file_copy'.encode())
        environment = os.environ | {"DATABASE_URL": f"{server}/{name}", "PYTHONPATH": str(code)}
        command = [sys.executable, "-c", PREVIOUS]
        done = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, check=False)
        line.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    if "starts\n" not in done.stdout:
        # It ran with the packages of its own time, and these are today's: an upgrade of them is no fault of the schema.
        loudly(capsys, f"{before} does not start with the packages of today, so it is not run: {done.stderr[-300:]}")
        return
    assert done.stdout.endswith("works\n"), f"{before} does not work on the schema of today:\n{done.stderr[-3000:]}"


def test_a_migration_may_take_longer_than_a_page(monkeypatch):
    monkeypatch.setenv("DATABASE_STATEMENT_TIMEOUT", "30000")
    monkeypatch.setattr(sys, "argv", ["manage.py", "help", "migrate"])
    manage.main()
    assert environment.number("DATABASE_STATEMENT_TIMEOUT", 30_000) == 0

"""Backups: consistent, proven, restored only where nothing is, and refused when they are not what was saved."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from esa import backup
from esa.local.scratch import CHECKOUT
from esa.models import Backup
from posts.models import Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(alice: Any, settings: Any, tmp_path: Path) -> Path:
    """A team with a post, and a file with a Japanese name; the folder that backups go to."""
    settings.MEDIA_ROOT = tmp_path / "media"
    Post.write(by=alice, name="寿司", body_md="words")
    default_storage.save("docs/2026/絵.txt", ContentFile(b"a picture"))
    default_storage.save("docs/copy.txt", ContentFile(b"a picture"))
    return tmp_path / "backups"


@pytest.fixture
def empty(tmp_path: Path) -> Any:
    """An empty database on the same server, and the environment of an esa that has it."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = f"empty_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    yield {"DATABASE_URL": f"{server}/{name}", "MEDIA_ROOT": str(tmp_path / "restored")}
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_what_was_backed_up_comes_back_in_an_empty_stack(kept, empty):
    name = backup.make(backup.target(str(kept)))
    done = manage(empty, "restore", "--from", str(kept))
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    with psycopg.connect(empty["DATABASE_URL"]) as line:
        assert line.execute("SELECT name, body_md FROM posts_post").fetchall() == [("寿司", "words")]
    restored = Path(empty["MEDIA_ROOT"])
    assert (restored / "docs/2026/絵.txt").read_bytes() == b"a picture"
    again = manage(empty, "restore", "--from", str(kept))
    assert again.returncode != 0
    assert "not empty" in again.stderr


def test_nothing_is_restored_over_what_is_there(kept):
    backup.make(backup.target(str(kept)))
    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", "--from", str(kept))
    assert Post.objects.count() == 1


def test_a_proof_restores_beside_the_database_and_leaves_no_trace(kept):
    target = backup.target(str(kept))
    name = backup.make(target)
    rows = backup.prove(target, name)
    assert rows["posts_post"] == 1
    known = Backup.last_proven()
    assert known
    assert (known.name, known.files, known.file_bytes, known.problem) == (name, 2, 18, "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'esa_proof_%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("harm", ["dump", "file", "lost file", "rows"])
def test_a_backup_that_is_not_what_was_saved_is_no_proof(kept, harm):
    target = backup.target(str(kept))
    name = backup.make(target)
    (file,) = kept.glob("files/*/*")
    about = kept / name / "backup.json"
    match harm:
        case "dump":
            dump = kept / name / "database.dump"
            dump.write_bytes(dump.read_bytes()[:-1] + b"?")
        case "file":
            file.write_bytes(b"another picture")
        case "lost file":
            file.unlink()
        case "rows":
            known = json.loads(about.read_text())
            known["rows"]["posts_post"] += 1
            about.write_text(json.dumps(known))
    with pytest.raises(backup.Trouble):
        backup.prove(target, name)
    assert Backup.objects.get(name=name).problem
    assert Backup.last_proven() is None


def test_old_backups_go_and_files_that_others_share_stay(kept):
    target = backup.target(str(kept))
    first = backup.make(target)
    default_storage.delete("docs/copy.txt")
    default_storage.save("docs/new.txt", ContentFile(b"another"))
    second = backup.make(target)
    assert len(list(kept.glob("files/*/*"))) == 2  # the same bytes are kept once
    assert backup.prune(target, 1) == [first]
    backup.prove(target, second)
    default_storage.delete("docs/2026/絵.txt")
    third = backup.make(target)
    backup.prune(target, 1)
    assert [path.read_bytes() for path in kept.glob("files/*/*")] == [b"another"]
    assert target.names() == [third]


def test_half_a_backup_is_never_taken_for_one(kept):
    target = backup.target(str(kept))
    (kept / "esa-20260101T000000Z-0000").mkdir(parents=True)
    (kept / "esa-20260101T000000Z-0000" / "database.dump").write_bytes(b"half")
    assert target.names() == []
    with pytest.raises(CommandError, match="There is no backup"):
        call_command("verify_backup", "--from", str(kept))


def test_a_bucket_does_as_a_folder(kept, settings, monkeypatch):
    import boto3
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="kept")
        settings.S3_REGION = "us-east-1"
        target = backup.target("s3://kept/esa")
        name = backup.make(target)
        backup.prove(target, name)
        assert target.names() == [name]
        second = backup.make(target)
        assert backup.prune(target, 1) == [name]
        assert target.names() == [second]


def test_an_operator_is_told_in_one_sentence_what_is_missing(settings):
    settings.BACKUP_TO = ""
    with pytest.raises(CommandError, match="Say where backups are"):
        call_command("backup", "--to", "")

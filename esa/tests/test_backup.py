"""Backups: consistent, proven, restored only where nothing is, and refused when they are not what was saved."""

import json
import os
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from esa import backup
from esa.celery import app
from esa.local.scratch import CHECKOUT
from esa.models import Backup
from esa.tasks import back_up
from esa.tests.databases import another_database
from esa.tests.s3 import in_memory
from posts.models import Post
from teams.models import User

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
def empty() -> Any:
    """The address of an empty database on the same server."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = f"empty_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy".encode())
        yield f"{server}/{name}"
        line.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_what_was_backed_up_comes_back_in_an_empty_stack(kept, empty, settings, tmp_path, capsys):
    name = backup.make(backup.target(str(kept)))
    settings.MEDIA_ROOT = tmp_path / "restored"
    with another_database(empty):
        call_command("restore", "--from", str(kept))
        assert name in capsys.readouterr().out
        (post,) = Post.objects.all()
        assert (post.name, post.body_md) == ("寿司", "words")
        with pytest.raises(CommandError, match="The database is not empty"):
            call_command("restore", "--from", str(kept))
    assert (tmp_path / "restored/docs/2026/絵.txt").read_bytes() == b"a picture"


def test_nothing_is_restored_over_what_is_there(kept, empty):
    backup.make(backup.target(str(kept)))
    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", "--from", str(kept))
    assert Post.objects.count() == 1
    with another_database(empty), pytest.raises(CommandError, match="The media storage is not empty"):
        call_command("restore", "--from", str(kept))


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


def test_a_backup_that_is_not_what_was_saved_is_no_proof(kept, tmp_path):
    name = backup.make(backup.target(str(kept)))
    harms = {
        "its SHA-256 differs": spoil_dump,
        "is not what was saved": spoil_file,
        "lacks the file docs/": lose_file,
        "other numbers of rows": add_row,
    }
    for number, (told, harm) in enumerate(harms.items()):
        spoiled = tmp_path / str(number)
        shutil.copytree(kept, spoiled)
        harm(spoiled, name)
        with pytest.raises(backup.Trouble, match=told):
            backup.prove(backup.target(str(spoiled)), name)
        assert told in Backup.objects.get(name=name).problem
        assert Backup.last_proven() is None


def spoil_dump(folder: Path, name: str) -> None:
    dump = folder / name / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-1] + b"?")


def spoil_file(folder: Path, name: str) -> None:
    (file,) = folder.glob("files/*/*")
    file.write_bytes(b"another picture")


def lose_file(folder: Path, name: str) -> None:
    (file,) = folder.glob("files/*/*")
    file.unlink()


def add_row(folder: Path, name: str) -> None:
    about = folder / name / "backup.json"
    known = json.loads(about.read_text())
    known["rows"]["posts_post"] += 1
    about.write_text(json.dumps(known))


def test_old_backups_go_and_files_that_others_share_stay(kept):
    target = backup.target(str(kept))
    first = backup.make(target)
    default_storage.delete("docs/copy.txt")
    default_storage.save("docs/new.txt", ContentFile(b"another"))
    second = backup.make(target)
    assert len(list(kept.glob("files/*/*"))) == 2  # the same bytes are kept once
    assert backup.prune(target, 1) == [first]
    wanted = {entry["sha256"] for entry in json.loads((kept / second / "files.json").read_text()).values()}
    assert {path.name for path in kept.glob("files/*/*")} == wanted
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


@pytest.fixture
def bucket(settings) -> Iterator[str]:
    with in_memory("kept"):
        settings.S3_REGION = "us-east-1"
        settings.BACKUP_TO = "s3://kept/esa"
        yield settings.BACKUP_TO


def test_at_night_a_backup_is_made_proven_and_the_oldest_deleted_and_a_bucket_does_as_a_folder(kept, bucket, settings):
    target = backup.target(bucket)
    first = backup.make(target)
    settings.BACKUP_KEEP = 1
    back_up()
    (name,) = target.names()
    assert name > first
    known = Backup.last_proven()
    assert known
    assert (known.name, known.location, known.files) == (name, "s3://kept/esa", 2)


def test_operators_are_told_by_mail_and_in_the_log_when_the_nightly_backup_fails(kept, settings, mailoutbox, caplog):
    User.objects.create_superuser("ops@example.com", "correct horse", screen_name="ops", name="Ops")
    kept.write_text("a file where the folder of backups should be")
    settings.BACKUP_TO = str(kept)
    with pytest.raises(backup.Trouble):
        back_up()
    (mail,) = mailoutbox
    assert mail.to == ["ops@example.com"]
    assert "Making the backup failed: " in mail.body
    assert "/operator/esa/backup/" in mail.body
    assert "the nightly backup failed: Making the backup failed: " in caplog.text
    assert Backup.last_proven() is None


def test_operators_see_which_backup_was_last_proven(client, db):
    operator = User.objects.create_superuser("ops@example.com", "correct horse", screen_name="ops", name="Ops")
    client.force_login(operator)
    assert "No backup has been restored and checked yet." in client.get("/operator/").content.decode()
    Backup.note("esa-1", "/backups", proven_at=timezone.now(), files=2, file_bytes=2048)
    Backup.note("esa-2", "/backups", problem="pg_dump failed: no space")
    assert client.get("/operator/").content.decode().count("Last backup that was restored and checked: esa-1, ") == 1
    page = client.get("/operator/esa/backup/").content.decode()
    assert "pg_dump failed: no space" in page
    assert "2 (2.0\xa0KB)" in page


def test_beat_makes_the_nightly_backup_only_where_there_is_a_place_for_it(monkeypatch, settings):
    schedules = runpy.run_path(str(CHECKOUT / "esa/settings.py"))["CELERY_BEAT_SCHEDULE"]
    assert "esa: back up and prove it" not in schedules
    monkeypatch.setenv("BACKUP_TO", "s3://kept/esa")
    monkeypatch.setenv("BACKUP_HOUR", "3")
    entry = runpy.run_path(str(CHECKOUT / "esa/settings.py"))["CELERY_BEAT_SCHEDULE"]["esa: back up and prove it"]
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({3}, {10})
    monkeypatch.setitem(settings.CELERY_BEAT_SCHEDULE, "esa: back up and prove it", entry)
    call_command("sync_schedules", verbosity=0)
    row = PeriodicTask.objects.get(name="esa: back up and prove it")
    assert (row.crontab.hour, row.crontab.minute, row.enabled) == ("3", "10", True)
    assert row.task in app.tasks
    assert app.tasks[row.task] == back_up


def test_an_operator_is_told_in_one_sentence_what_is_missing(settings):
    settings.BACKUP_TO = ""
    with pytest.raises(CommandError, match="Say where backups are"):
        call_command("backup", "--to", "")

"""`manage doctor` against servers that are there and servers that are not: each fault is named, with what mends it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command

from esa import doctor
from esa.models import Backup
from esa.tests.databases import another_database
from esa.tests.s3 import in_memory

NOWHERE = "127.0.0.1:1"


def test_a_sound_installation_has_no_fault(db, settings, tmp_path):
    settings.DEBUG, settings.MEDIA_ROOT = True, tmp_path
    for check in (doctor.database, doctor.migrations, doctor.broker, doctor.storage, doctor.cors, doctor.cloudfront,
                  doctor.mail, doctor.cookies, doctor.proxy, doctor.clock, doctor.backups):  # fmt: skip
        finding = check()
        assert (finding.state, finding.mend) == (doctor.FINE, ""), (check.__name__, finding)
    assert list(tmp_path.iterdir()) == []  # what it wrote to try the storage is gone


def test_a_database_that_is_away_is_named(transactional_db):
    with another_database(f"postgres://esa:x@{NOWHERE}/esa"):
        for check in (doctor.database, doctor.migrations):
            assert check().state == doctor.FAILURE
        assert "DATABASE_URL" in doctor.database().mend
        assert doctor.clock().state == doctor.WARNING


def test_a_database_that_no_migrate_has_seen_is_named(db, monkeypatch):
    monkeypatch.setattr("django.db.migrations.loader.MigrationRecorder.applied_migrations", lambda _self: {})
    finding = doctor.migrations()
    assert (finding.state, "Run migrate" in finding.mend) == (doctor.FAILURE, True)


def test_a_broker_that_is_away_is_named_and_what_that_means(settings):
    settings.REDIS_URL = f"redis://{NOWHERE}/0"
    finding = doctor.broker()
    assert (finding.state, "tasks wait in PostgreSQL" in finding.text, "REDIS_URL" in finding.mend) == (
        doctor.FAILURE,
        True,
        True,
    )


def test_without_a_worker_it_says_how_to_start_one(monkeypatch):
    monkeypatch.setattr("celery.app.control.Inspect.ping", lambda _self: None)
    assert "docker run IMAGE worker" in doctor.worker().mend
    monkeypatch.setattr("celery.app.control.Inspect.ping", lambda _self: {"worker@a": {"ok": "pong"}})
    assert doctor.worker() == doctor.fine("1 at work")


def test_a_storage_that_takes_nothing_is_named(monkeypatch, settings):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FileSystemStorage, "_save", refuse)
    finding = doctor.storage()
    assert (finding.state, "MEDIA_ROOT" in finding.mend) == (doctor.FAILURE, True)


def test_a_bucket_must_be_there_and_let_our_pages_in(settings):
    settings.S3_REGION = "us-east-1"
    with in_memory("media") as s3:
        settings.S3_BUCKET = "gone"
        assert doctor.cors().state == doctor.WARNING
        settings.S3_BUCKET = "media"
        assert doctor.cors().text == "the bucket has no CORS rules"
        rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://elsewhere.example"]}
        for origin, state in (("https://elsewhere.example", doctor.WARNING), ("http://*.esa.localhost", doctor.FINE)):
            rule["AllowedOrigins"] = [origin]
            s3.put_bucket_cors(Bucket="media", CORSConfiguration={"CORSRules": [rule]})
            assert doctor.cors().state == state, origin


def test_a_mail_server_that_is_away_is_named(settings):
    settings.EMAIL_URL, settings.EMAIL_BACKEND = f"smtp://{NOWHERE}", "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = NOWHERE.split(":")
    finding = doctor.mail()
    assert (finding.state, "EMAIL_URL" in finding.mend) == (doctor.FAILURE, True)


@pytest.mark.parametrize(
    ("change", "check", "told"),
    [
        ({"DEBUG": False, "SECRET_KEY": "changeme" * 5}, doctor.cookies, "looks like an example"),
        ({"DEBUG": False, "ESA_HTTPS": False}, doctor.cookies, "plain HTTP"),
        ({"DOMAIN_NAME": "10.0.0.1"}, doctor.cookies, "cannot carry a cookie"),
        ({"ESA_HTTPS": True, "USE_X_FORWARDED_HOST": False}, doctor.proxy, "no proxy is trusted"),
        ({"DEBUG": False, "BACKUP_TO": ""}, doctor.backups, "none are made"),
        ({"BACKUP_TO": "/backups"}, doctor.backups, "none has been proven"),
    ],
)
def test_a_setting_that_will_hurt_is_named(db, settings, change, check, told):
    for name, value in change.items():
        setattr(settings, name, value)
    finding = check()
    assert finding.state != doctor.FINE
    assert told in finding.text
    assert finding.mend


def test_a_proof_that_is_old_is_no_comfort(db, settings):
    settings.BACKUP_TO = "/backups"
    Backup.note("esa-1", "/backups", proven_at=datetime.now(UTC) - timedelta(days=1))
    assert doctor.backups().state == doctor.FINE
    Backup.note("esa-1", "/backups", proven_at=datetime.now(UTC) - timedelta(days=4))
    assert "4 days ago" in doctor.backups().text
    assert doctor.backups().state == doctor.WARNING


def test_a_clock_that_is_off_is_named(db, monkeypatch):
    class Late(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(minutes=3)

    monkeypatch.setattr(doctor, "datetime", Late)
    finding = doctor.clock()
    assert (finding.state, "180 s apart" in finding.text) == (doctor.FAILURE, True)


def test_the_command_ends_with_1_only_where_something_fails(monkeypatch, capsys):
    bad = doctor.Finding(doctor.FAILURE, "is away", "Start it.")
    monkeypatch.setattr(
        doctor,
        "CHECKS",
        {"Database": lambda: doctor.fine("there"), "Worker": lambda: doctor.Finding(doctor.WARNING, "none", "")},
    )
    call_command("doctor")
    monkeypatch.setitem(doctor.CHECKS, "Broker", lambda: bad)
    with pytest.raises(SystemExit) as end:
        call_command("doctor")
    assert end.value.code == 1
    assert "FAIL Broker: is away\n     → Start it.\n" in capsys.readouterr().out

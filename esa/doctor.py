"""Examines an installation live: asks every server that it depends on, and says how to mend what fails."""

import contextlib
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import redis
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from esa import backup

FINE, WARNING, FAILURE = range(3)
OLDEST = 15
TOLERATED_SECONDS = 5


@dataclass(frozen=True)
class Finding:
    state: int
    text: str
    mend: str = ""


def fine(text: str) -> Finding:
    return Finding(FINE, text)


def examine() -> Iterator[tuple[str, Finding]]:
    for title, check in CHECKS.items():
        yield title, check()


def database() -> Finding:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_encoding")
            encoding = cursor.fetchone()[0]
            cursor.execute("SELECT lower('É') = 'é'")
            folds = bool(cursor.fetchone()[0])
        version = connection.cursor().connection.info.server_version // 10_000
    except DatabaseError as problem:
        return Finding(FAILURE, _short(problem), "Check DATABASE_URL, and that the server runs and lets this host in.")
    if version < OLDEST:
        return Finding(FAILURE, f"PostgreSQL {version} is too old", f"Move to PostgreSQL {OLDEST} or newer.")
    if encoding != "UTF8":
        return Finding(
            FAILURE,
            f"its encoding is {encoding}",
            "Make the database anew: createdb --encoding UTF8 --template template0.",
        )
    if not folds:
        return Finding(
            WARNING,
            "É and é are two letters to it",
            "Make the database anew with a UTF-8 locale, or names with accents are two when their case differs.",
        )
    return fine(f"PostgreSQL {version}, UTF-8")


def migrations() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as problem:
        return Finding(FAILURE, _short(problem), "Mend the database first.")
    if waiting:
        return Finding(FAILURE, f"{len(waiting)} wait", "Run migrate; preflight says what they lock.")
    return fine("all applied")


def broker() -> Finding:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as line:
            about = line.info("server")
            policy = line.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except redis.ResponseError:
        return fine("answers (its settings are hidden)")
    except (redis.RedisError, OSError, ValueError) as problem:
        return Finding(
            FAILURE,
            f"{_short(problem)}; esa reads and writes, tasks wait in PostgreSQL",
            "Check REDIS_URL, and that Valkey runs and lets this host in.",
        )
    name = f"{about.get('server_name', 'redis')} {about.get('valkey_version') or about.get('redis_version')}"
    if policy != "noeviction" and not policy.startswith("volatile"):
        return Finding(WARNING, f"{name} may evict tasks ({policy})", "Set maxmemory-policy to volatile-lru.")
    return fine(name)


def worker() -> Finding:
    from esa.celery import app

    try:
        answers = app.control.inspect(timeout=2).ping() or {}
    except (OSError, redis.RedisError) as problem:
        return Finding(WARNING, _short(problem), "Mend the broker first.")
    except Exception as problem:  # kombu wraps what it cannot name
        return Finding(WARNING, _short(problem), "Mend the broker first.")
    if not answers:
        return Finding(WARNING, "no worker answers", "Start one: docker run IMAGE worker")
    return fine(f"{len(answers)} at work")


def storage() -> Finding:
    """Write, read and delete a file where attachments go."""
    name = f".doctor-{time.time_ns()}.txt"
    mend = (
        "Check S3_BUCKET, S3_REGION, S3_ENDPOINT_URL and what the task's role or AWS_ACCESS_KEY_ID may do (s3:GetObject, PutObject, DeleteObject, ListBucket)."
        if settings.S3_BUCKET
        else "Set MEDIA_ROOT to a folder that esa may write to and that outlives the container, or S3_BUCKET."
    )
    try:
        saved = default_storage.save(name, ContentFile(b"esa"))
        try:
            with default_storage.open(saved) as file:
                if file.read() != b"esa":
                    return Finding(FAILURE, "gives back something else than what was saved", mend)
        finally:
            default_storage.delete(saved)
    except (OSError, BotoCoreError, ClientError) as problem:
        return Finding(FAILURE, _short(problem), mend)
    return fine(f"bucket {settings.S3_BUCKET}" if settings.S3_BUCKET else f"folder {settings.MEDIA_ROOT}")


def cors() -> Finding:
    """Browsers fetch attachments from the bucket's or CloudFront's host."""
    if not settings.S3_BUCKET:
        return fine("not needed without S3")
    origin = f"{'https' if settings.ESA_HTTPS else 'http'}://{settings.ESA_DOMAIN}"
    mend = f"Allow GET from {origin} and its sub-domains in the bucket's CORS rules."
    try:
        rules = backup.s3_client().get_bucket_cors(Bucket=settings.S3_BUCKET)["CORSRules"]
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "NoSuchCORSConfiguration":
            return Finding(WARNING, "the bucket has no CORS rules", mend)
        return Finding(WARNING, _short(problem), "Allow s3:GetBucketCORS to have this checked.")
    except BotoCoreError as problem:
        return Finding(WARNING, _short(problem), "Mend the storage first.")
    wanted = {"*", origin, origin.replace("://", "://*.")}
    if any("GET" in rule["AllowedMethods"] and wanted & set(rule["AllowedOrigins"]) for rule in rules):
        return fine("the bucket allows our pages")
    return Finding(WARNING, "no rule lets our pages in", mend)


def cloudfront() -> Finding:
    if not settings.CLOUDFRONT_DOMAIN:
        return fine("not used")
    import requests

    address = f"https://{settings.CLOUDFRONT_DOMAIN}/static/img/mark.svg"
    try:
        answer = requests.get(address, timeout=5)
    except requests.RequestException as problem:
        return Finding(FAILURE, _short(problem), "Check CLOUDFRONT_DOMAIN, and that the distribution is deployed.")
    if settings.S3_STATIC_BUCKET and answer.status_code != 200:
        return Finding(
            FAILURE, f"{address} answers {answer.status_code}", "Run migrate, which uploads the static files."
        )
    if settings.S3_BUCKET and not settings.CLOUDFRONT_KEY_ID:
        return Finding(
            WARNING, "attachments have no signed addresses", "Set CLOUDFRONT_KEY_ID and CLOUDFRONT_PRIVATE_KEY."
        )
    return fine(f"{settings.CLOUDFRONT_DOMAIN} answers")


def mail() -> Finding:
    scheme = urlsplit(settings.EMAIL_URL).scheme
    if not scheme.startswith("smtp"):
        return Finding(
            FINE if settings.DEBUG else WARNING,
            f"{scheme}: nothing leaves this process",
            "" if settings.DEBUG else "Set EMAIL_URL, such as smtp+tls://user:password@host:587.",
        )
    try:
        with contextlib.closing(get_connection()) as line:
            line.open()
    except (OSError, smtplib.SMTPException) as problem:
        return Finding(FAILURE, _short(problem), "Check EMAIL_URL: host, port, user, password, and TLS.")
    return fine(f"{urlsplit(settings.EMAIL_URL).hostname} lets us in")


def cookies() -> Finding:
    name = settings.DOMAIN_NAME
    if not settings.DEBUG and settings.SECRET_KEY.startswith(("dev", "change", "insecure")):
        return Finding(FAILURE, "SECRET_KEY looks like an example", "Give 50 random characters of your own.")
    if not settings.ESA_SINGLE_TEAM and ("." not in name or name.replace(".", "").isdecimal()):
        return Finding(
            FAILURE,
            f"{name} cannot carry a cookie for the team hosts",
            "Take a domain with a dot, or set ESA_SINGLE_TEAM.",
        )
    if not settings.ESA_HTTPS and not settings.DEBUG:
        return Finding(
            WARNING, "cookies go over plain HTTP", "Put esa behind HTTPS and drop ESA_HTTPS=0, unless this is a test."
        )
    return fine(f"one session for {name} and its team hosts")


def proxy() -> Finding:
    if settings.ESA_HTTPS and not settings.USE_X_FORWARDED_HOST:
        return Finding(
            WARNING,
            "HTTPS, and no proxy is trusted to say so",
            "Behind a balancer set ESA_BEHIND_PROXY=1, or every request looks like plain HTTP from the balancer's address.",
        )
    return fine(
        f"trusts the last {settings.TRUSTED_PROXIES} X-Forwarded-For"
        if settings.USE_X_FORWARDED_HOST
        else "none is trusted"
    )


def clock() -> Finding:
    """Against the database's: signed addresses and sessions depend on it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs: datetime = cursor.fetchone()[0]
    except DatabaseError as problem:
        return Finding(WARNING, _short(problem), "Mend the database first.")
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if settings.S3_BUCKET:
        with contextlib.suppress(BotoCoreError, ClientError, KeyError):
            headers = backup.s3_client().head_bucket(Bucket=settings.S3_BUCKET)["ResponseMetadata"]["HTTPHeaders"]
            apart = max(apart, abs((datetime.now(UTC) - parsedate_to_datetime(headers["date"])).total_seconds()))
    if apart > TOLERATED_SECONDS:
        return Finding(
            FAILURE,
            f"{apart:.0f} s apart from the servers'",
            "Synchronise this host's clock (chrony, systemd-timesyncd).",
        )
    return fine(f"{apart:.1f} s apart from the servers'")


def backups() -> Finding:
    from esa.models import Backup

    if not settings.BACKUP_TO:
        return Finding(
            FINE if settings.DEBUG else WARNING,
            "none are made by esa",
            "" if settings.DEBUG else "Set BACKUP_TO to a folder or s3://BUCKET/PREFIX; beat backs up every night.",
        )
    try:
        backup.tool("pg_dump")
        proven = Backup.last_proven()
    except backup.Trouble as trouble:
        return Finding(FAILURE, str(trouble), "Run backups from the image, which has it.")
    except DatabaseError as problem:
        return Finding(WARNING, _short(problem), "Mend the database first.")
    if not proven or not proven.proven_at:
        return Finding(WARNING, "none has been proven", "manage backup, then manage verify_backup")
    age = (datetime.now(UTC) - proven.proven_at).days
    return Finding(
        WARNING if age > 2 else FINE,
        f"{proven.name} was restored and checked {age} days ago",
        "Look for the nightly task's failure in the worker's log." if age > 2 else "",
    )


CHECKS: dict[str, Callable[[], Finding]] = {
    "Database": database,
    "Migrations": migrations,
    "Broker and cache": broker,
    "Worker": worker,
    "Storage": storage,
    "CORS": cors,
    "CloudFront": cloudfront,
    "Mail": mail,
    "Cookies": cookies,
    "Proxy": proxy,
    "Clock": clock,
    "Backups": backups,
}


def _short(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines()
    return lines[-1] if lines else type(problem).__name__

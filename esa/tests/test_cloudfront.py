"""S3 behind CloudFront: who gets a file's address and for how long, what a release uploads, and what doctor sees."""

import base64
import json
import runpy
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.management import call_command

from esa import doctor, static_files
from esa.local.scratch import CHECKOUT
from esa.templatetags import esa as tags
from esa.tests.s3 import in_memory
from posts.models import Attachment
from posts.tests.files import file, picture

DOMAIN = "d111.cloudfront.net"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@pytest.fixture
def cloud(key: rsa.RSAPrivateKey, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Any]:
    """The settings that production has, read from an environment as there; buckets in memory."""
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    environment = {
        "S3_BUCKET": "media", "S3_STATIC_BUCKET": "static", "S3_REGION": "us-east-1", "CLOUDFRONT_DOMAIN": DOMAIN,
        "CLOUDFRONT_KEY_ID": "K2JCJMDEHXQW5F", "CLOUDFRONT_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    production = runpy.run_path(str(CHECKOUT / "esa/settings.py"))
    with in_memory("media", "static") as s3:
        for name in (*environment.keys() & production.keys(), "CLOUDFRONT_PRIVATE_KEY", "STORAGES", "STATIC_URL"):
            setattr(settings, name, production[name])
        settings.STORAGES = production["STORAGES"] | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # fmt: skip
        forget_addresses()
        yield s3
    forget_addresses()


def forget_addresses() -> None:
    """What a process keeps of pages says where static files are, which no running process sees change."""
    for kept in vars(tags).values():
        if hasattr(kept, "cache_clear"):
            kept.cache_clear()


def opens(address: str, key: rsa.RSAPrivateKey) -> tuple[str, float]:
    """What CloudFront checks: the resource that a signature of ours opens, and for how many seconds more."""
    resource, _, query = address.partition("?")
    given = {name: values[0] for name, values in parse_qs(query).items()}
    assert given["Key-Pair-Id"] == "K2JCJMDEHXQW5F"
    expires = int(given["Expires"])
    policy = {"Statement": [{"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": expires}}}]}
    signature = base64.b64decode(given["Signature"].translate(str.maketrans("-_~", "+=/")))
    said = json.dumps(policy, separators=(",", ":")).encode()
    key.public_key().verify(signature, said, padding.PKCS1v15(), hashes.SHA1())
    return resource, expires - time.time()


def test_whoever_may_have_a_file_gets_an_address_signed_for_a_while_and_nobody_else_does(
    cloud, key, bob, carol, sign_in
):
    bob.team.members_only_files = True
    bob.team.save()
    answer = sign_in(bob).post("/attachments", {"file": file("報告.pdf", b"%PDF-1.7\n")})
    assert answer.status_code == 201, answer.content
    attachment = Attachment.objects.get()
    kept = cloud.get_object(Bucket="media", Key=attachment.key)
    assert kept["Body"].read() == b"%PDF-1.7\n"
    assert kept["ContentType"] == "application/pdf"
    assert kept["ContentDisposition"] == "attachment; filename*=UTF-8''%E5%A0%B1%E5%91%8A.pdf"
    assert kept["CacheControl"] == "private, max-age=31536000, immutable"

    answer = sign_in(bob).get(attachment.path)
    assert answer.status_code == 302
    resource, seconds = opens(answer.headers["Location"], key)
    assert resource == f"https://{DOMAIN}/{attachment.key}"
    assert 290 < seconds <= 300
    assert (
        answer.headers["Cache-Control"] == "private, max-age=60"
    )  # so that no browser goes to an address that is over
    assert sign_in(carol, bob.team).get(attachment.path).status_code == 404
    assert DOMAIN not in sign_in(None, bob.team).get(attachment.path).headers["Location"]  # but the page to sign in


def test_a_file_that_whoever_has_its_address_may_read_is_signed_for_everybody(cloud, key, bob, sign_in):
    sign_in(bob).post("/attachments", {"file": picture("image.png")})
    attachment = Attachment.objects.get()
    assert cloud.head_object(Bucket="media", Key=attachment.key)["ContentDisposition"].startswith("inline")
    answer = sign_in(None, bob.team).get(attachment.path)
    assert opens(answer.headers["Location"], key)[1] > 3500
    assert answer.headers["Cache-Control"] == "public, max-age=720"


@pytest.fixture
def collected(tmp_path: Any, settings: Any) -> Any:
    """What collectstatic leaves: each file under its own and its hashed name, compressed ones beside them, and the manifest."""
    root = settings.STATIC_ROOT = tmp_path / "staticfiles"
    (root / "css").mkdir(parents=True)
    (root / "img").mkdir()
    for name, content in {
        "css/app.css": "a {}", "css/app.0123456789ab.css": "a {}", "css/app.0123456789ab.css.br": "x", "css/app.css.gz": "x",
        "app.js": "1", "app.ba9876543210.js": "1", "img/mark.svg": "<svg/>", "font.woff2": "w",
        "staticfiles.json": json.dumps({"paths": {"css/app.css": "css/app.0123456789ab.css", "app.js": "app.ba9876543210.js"}}),
    }.items():  # fmt: skip
        (root / name).write_text(content)
    return root


def test_a_release_uploads_static_files_with_their_kinds_and_how_long_they_may_be_kept(cloud, collected, settings):
    assert static_files.upload() == (6, 0)
    kept = {item["Key"]: cloud.head_object(Bucket="static", Key=item["Key"]) for item in cloud.list_objects_v2(Bucket="static")["Contents"]}  # fmt: skip
    assert {name: about["ContentType"] for name, about in kept.items()} == {
        "static/css/app.css": "text/css; charset=utf-8", "static/css/app.0123456789ab.css": "text/css; charset=utf-8",
        "static/app.js": "text/javascript; charset=utf-8", "static/app.ba9876543210.js": "text/javascript; charset=utf-8",
        "static/img/mark.svg": "image/svg+xml; charset=utf-8", "static/font.woff2": "font/woff2",
    }  # fmt: skip
    for_ever = {name for name, about in kept.items() if about["CacheControl"] == "public, max-age=31536000, immutable"}
    assert for_ever == {"static/css/app.0123456789ab.css", "static/app.ba9876543210.js"}
    assert f"https://{DOMAIN}/static/" == settings.STATIC_URL


def test_the_next_release_uploads_only_what_changed_and_deletes_nothing(cloud, collected):
    static_files.upload()
    assert static_files.upload() == (0, 6)
    (collected / "app.ba9876543210.js").unlink()
    (collected / "app.aaaaaaaaaaaa.js").write_text("2")
    (collected / "app.js").write_text("2")
    (collected / "staticfiles.json").write_text(json.dumps({"paths": {"app.js": "app.aaaaaaaaaaaa.js"}}))
    assert static_files.upload() == (2, 4)
    names = {item["Key"] for item in cloud.list_objects_v2(Bucket="static")["Contents"]}
    assert {"static/app.ba9876543210.js", "static/app.aaaaaaaaaaaa.js"} <= names  # pages of before are still open


def test_migrate_uploads(cloud, collected, transactional_db, capsys):
    call_command("release")
    assert "6 static files uploaded, 0 were there" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [(200, doctor.FINE, "answers"), (403, doctor.FAILURE, "answers 403"), (0, doctor.FAILURE, "no route")],
)
def test_doctor_asks_cloudfront_for_a_static_file(cloud, monkeypatch, status, state, told):
    asked = []

    def get(address: str, **_options: Any) -> requests.Response:
        asked.append(urlsplit(address))
        if not status:
            raise requests.ConnectionError("no route to it")
        answer = requests.Response()
        answer.status_code = status
        return answer

    monkeypatch.setattr(requests, "get", get)
    finding = doctor.cloudfront()
    assert (finding.state, told in finding.text) == (state, True)
    assert bool(finding.mend) is (state != doctor.FINE)
    assert (asked[0].hostname, asked[0].path) == (DOMAIN, "/static/img/mark.svg")


def test_doctor_misses_the_key_that_signs(cloud, settings, monkeypatch):
    answer = requests.Response()
    answer.status_code = 200
    monkeypatch.setattr(requests, "get", lambda *_words, **_options: answer)
    settings.CLOUDFRONT_KEY_ID = ""
    assert doctor.cloudfront().state == doctor.WARNING
    settings.CLOUDFRONT_DOMAIN = ""
    assert doctor.cloudfront().text == "not used"

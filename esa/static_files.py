"""Brings the static files, which the image holds hashed, to the bucket that CloudFront serves."""

import hashlib
import json
import mimetypes
from pathlib import Path

from botocore.exceptions import ClientError
from django.conf import settings

from esa.backup import s3_client

FOREVER = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300"  # of names that stay the same while what is in them changes
LEFT_OUT = {".gz", ".br"}  # CloudFront compresses by itself


def upload() -> tuple[int, int]:
    """Upload what is not there yet; nothing is deleted, because pages of the last release are still open somewhere."""
    root = Path(settings.STATIC_ROOT)
    hashed = set(json.loads((root / "staticfiles.json").read_text())["paths"].values())
    client = s3_client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=settings.S3_STATIC_BUCKET, Prefix="static/")
    there = {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}
    uploaded = known = 0
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or path.suffix in LEFT_OUT or name == "staticfiles.json":
            continue
        key, content = f"static/{name}", path.read_bytes()
        if there.get(key) == hashlib.md5(content, usedforsecurity=False).hexdigest():
            known += 1
            continue
        client.put_object(
            Bucket=settings.S3_STATIC_BUCKET,
            Key=key,
            Body=content,
            ContentType=_kind(path),
            CacheControl=FOREVER if name in hashed else SHORT,
        )
        uploaded += 1
    return uploaded, known


def create_buckets() -> list[str]:
    """For a stand-in of S3, which begins empty."""
    client = s3_client()
    created = []
    for bucket in sorted(filter(None, {settings.S3_BUCKET, settings.S3_STATIC_BUCKET})):
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError:
            client.create_bucket(Bucket=bucket)
            created.append(bucket)
    return created


def _kind(path: Path) -> str:
    if path.suffix in {".js", ".mjs"}:
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in {"image/svg+xml", "application/json"}
    return f"{kind}; charset=utf-8" if text else kind

"""Stored files as HTTP gives them out: whole or in part, from the disk or from S3 without fetching more than is asked for."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

CHUNK = 64 * 1024
BYTES = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


def answer(request: HttpRequest, key: str, *, size: int, etag: str, content_type: str) -> HttpResponseBase:
    """The file, or the part that `Range` asks for; FileNotFoundError if there is none."""
    part = asked_part(request, size, etag)
    if part is None:
        whole: HttpResponseBase
        if hasattr(default_storage, "bucket"):
            whole = StreamingHttpResponse(_of_bucket(key, ""), content_type=content_type)
        else:
            whole = FileResponse(default_storage.open(key), content_type=content_type)
        whole["Content-Length"] = str(size)
    elif not part:
        whole = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        first, last = part[0], part[-1]
        lines = (
            _of_bucket(key, f"bytes={first}-{last}")
            if hasattr(default_storage, "bucket")
            else _of_disk(key, first, last)
        )
        whole = StreamingHttpResponse(lines, status=206, content_type=content_type)
        whole["Content-Range"] = f"bytes {first}-{last}/{size}"
        whole["Content-Length"] = str(len(part))
    whole["Accept-Ranges"] = "bytes"
    whole["ETag"] = etag
    return whole


def asked_part(request: HttpRequest, size: int, etag: str) -> range | None:
    """Which bytes: None for all of them, none if there are none such. More than one part at once is not done, and the
    whole file is then the right answer; so it is where the asker began with another file (If-Range)."""
    found = BYTES.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if request.method != "GET" or not found or request.headers.get("If-Range", etag) != etag:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        return range(max(0, size - int(tail)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size))


def _of_disk(key: str, first: int, last: int) -> Iterator[bytes]:
    file = default_storage.open(key)  # here, not when it is read: whether it exists is part of the answer
    file.seek(first)

    def read() -> Iterator[bytes]:
        left = last - first + 1
        with file:
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    return read()


def _of_bucket(key: str, part: str) -> Iterator[bytes]:
    from botocore.exceptions import ClientError

    storage: Any = default_storage
    try:
        found = storage.bucket.Object(storage._normalize_name(key)).get(**({"Range": part} if part else {}))
    except ClientError as problem:
        if problem.response["ResponseMetadata"]["HTTPStatusCode"] in {404, 416}:
            raise FileNotFoundError(key) from None
        raise
    chunks: Iterator[bytes] = found["Body"].iter_chunks(CHUNK)
    return chunks

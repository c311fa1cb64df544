"""Attachments in S3, each with what a browser has to know of it, so that CloudFront gives it out as our own view does."""

from typing import Any

from storages.backends.s3 import S3Storage


class Media(S3Storage):
    """S3, where a file keeps the Content-Disposition that it was saved with."""

    def _get_write_parameters(self, name: str, content: Any = None) -> dict[str, Any]:
        given: dict[str, Any] = dict(super()._get_write_parameters(name, content))
        if disposition := getattr(content, "disposition", ""):
            given["ContentDisposition"] = disposition
        return given

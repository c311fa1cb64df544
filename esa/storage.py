"""Attachments in S3, each with what a browser has to know of it, so that CloudFront gives it out as our own view does."""

import functools
from typing import Any

import boto3
import botocore.session
from botocore.loaders import Loader, create_loader
from storages.backends.s3 import S3Storage


def session(**keys: Any) -> boto3.Session:
    """A session that knows S3 from what others have read of it: each thread would take 15 MB for that, and a tenth of a second."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _descriptions())
    return boto3.Session(botocore_session=core, **keys)


@functools.cache
def _descriptions() -> Loader:
    return create_loader()


class Media(S3Storage):
    """S3, where a file keeps the Content-Disposition that it was saved with."""

    def _create_session(self) -> boto3.Session:
        return session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.security_token,
        )

    def _get_write_parameters(self, name: str, content: Any = None) -> dict[str, Any]:
        given: dict[str, Any] = dict(super()._get_write_parameters(name, content))
        if disposition := getattr(content, "disposition", ""):
            given["ContentDisposition"] = disposition
        return given

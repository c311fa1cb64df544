"""Ends an upload that is too large or too slow while it comes in, before it fills the disk."""

import time
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from esa.api import ApiError

LIMITED = ("/v1/", "/uploads", "/attachments")
SECONDS = 20


class FileTooLarge(ApiError, RequestDataTooBig):  # the second lets pages answer 400 by themselves
    def __init__(self, limit: int) -> None:
        most = limit // 1024 // 1024
        super().__init__(413, "request_entity_too_large", f"File Too Large (max: {most}MB)")


class UploadTooSlow(ApiError, RequestDataTooBig):
    def __init__(self) -> None:
        super().__init__(408, "request_timeout", "Request Timeout: the upload did not complete in time")


class Limits(FileUploadHandler):
    """Stands before Django's own handlers and keeps nothing."""

    def handle_raw_input(  # the names are Django's
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        path = str(META.get("PATH_INFO", ""))
        self.limited = path.startswith(LIMITED)
        self.deadline = time.monotonic() + SECONDS
        self.size = 0
        # How much a team takes, it says itself; this is the most that any takes.
        self.limit = max(settings.ATTACHMENT_MAX_BYTES, settings.MEMBERS_ATTACHMENT_MAX_BYTES)
        if self.limited and content_length > self.limit + 1024 * 1024:
            raise FileTooLarge(self.limit)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.size += len(raw_data)
        if self.limited and self.size > self.limit:
            raise FileTooLarge(self.limit)
        if self.limited and time.monotonic() > self.deadline:
            raise UploadTooSlow
        return raw_data

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.size = 0

    def file_complete(self, file_size: int) -> None:
        return None

"""S3 in this process."""

import contextlib
from collections.abc import Iterator
from typing import Any

from moto import mock_aws

from esa.storage import session


@contextlib.contextmanager
def in_memory(*buckets: str) -> Iterator[Any]:
    """Empty buckets, which go again, and a client; whatever else moto holds in this process stays."""
    mock = mock_aws()
    mock.start(reset=False)
    try:
        client = session().client("s3", region_name="us-east-1")
        for bucket in buckets:
            client.create_bucket(Bucket=bucket)
        yield client
        for bucket in buckets:
            for item in client.list_objects_v2(Bucket=bucket).get("Contents", []):
                client.delete_object(Bucket=bucket, Key=item["Key"])
            client.delete_bucket(Bucket=bucket)
    finally:
        mock.stop()

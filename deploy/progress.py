"""Says what happens, with the time, so that the log of a deployment can be read afterwards."""

from datetime import UTC, datetime


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {text}", flush=True)


def tell(text: str = "") -> None:
    """Answers a question; no time, so that it can be piped on."""
    print(text, flush=True)

"""The image's HEALTHCHECK: knows by the file that entrypoint.sh leaves what runs here, and asks that. Standard library only."""

import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PATIENCE = 90  # seconds without a sign of life from worker or beat


def main() -> int:
    temporary = Path(tempfile.gettempdir())
    try:
        mode = (temporary / "esa-mode").read_text()
    except OSError:
        return 1
    if mode == "web":
        address = f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}/healthz"
        try:
            with urllib.request.urlopen(address, timeout=4) as answer:
                return int(answer.status != 200)
        except OSError as problem:
            sys.stderr.write(f"{address}: {problem}\n")
            return 1
    if mode in {"worker", "beat"}:
        try:
            age = time.time() - (temporary / f"esa-{mode}.alive").stat().st_mtime
        except OSError:
            sys.stderr.write(f"{mode} has not given a sign of life yet\n")
            return 1
        sys.stderr.write(f"{mode}: last sign of life {age:.0f} s ago\n" if age > PATIENCE else "")
        return int(age > PATIENCE)
    return 0  # migrate and commands end by themselves


if __name__ == "__main__":
    sys.exit(main())

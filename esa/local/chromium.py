"""The browser of the tests: the machine's Chromium, installed where that needs nobody's password."""

import os
import shutil
from pathlib import Path

from esa.local.progress import run_tool, step
from esa.local.trouble import Trouble

# The shell without a window draws the same pages with two thirds of the effort.
NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
PACKAGES = ["chromium-headless-shell", "fonts-noto-cjk"]
HOW = f"apt-get install {' '.join(PACKAGES)}"


def find() -> str | None:
    """The path of a browser: the one that CHROMIUM names, or the first of the usual names."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def prepare() -> None:
    """Install Chromium as root on Debian or Ubuntu; say how elsewhere."""
    if find():
        return
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        raise Trouble(
            f"The browser tests need Chromium: install it (Debian, Ubuntu: sudo {HOW}), or name a Chromium or Chrome in CHROMIUM."
        )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-qq"]
    with step("Chromium"):
        run_tool([*apt, "update"], doing="Reading the list of system packages", env=environment)
        run_tool(
            [*apt, "install", "-y", "--no-install-recommends", *PACKAGES], doing="Installing Chromium", env=environment
        )
    if not find():
        raise Trouble(f"Chromium is still missing after `{HOW}`: name one in CHROMIUM.")

"""Hashes and compresses the static files for the image, without settings, servers or the rest of the code: so the layer that
takes longest is made anew only when a static file or a package changes. A test holds that nothing is forgotten.

    python -m esa.frontend.collect [FOLDER]

FOLDER keeps what was compressed, so that next time only what has changed since is compressed."""

import os
import sys
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, get_ident
from typing import Any

from whitenoise.compress import Compressor

from esa import stylesheet

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ["django.contrib.admin", "django_htmx", "allauth.account", "allauth.mfa", "oauth2_provider"]


def folders() -> list[Path]:
    """Ours first, as the apps stand in INSTALLED_APPS: the first of two files of one name is taken."""
    found = [ROOT / "esa" / "static"]
    for package in PACKAGES:
        spec = find_spec(package)
        found += [Path(place) / "static" for place in (spec and spec.submodule_search_locations) or []]
    return found


class Thrifty(Compressor):
    """Compresses each content once, though it has two names, and has lain in FOLDER since the last build."""

    def __init__(self, kept: Path, **options: Any) -> None:
        super().__init__(**options)
        self.kept = kept
        self.locks: dict[str, Lock] = defaultdict(Lock)

    def compress_brotli(self, data: bytes) -> bytes:
        return self._once("br", data, super().compress_brotli)

    def compress_gzip(self, data: bytes) -> bytes:
        return self._once("gz", data, super().compress_gzip)

    def _once(self, kind: str, data: bytes, compress: Callable[[bytes], bytes]) -> bytes:
        place = self.kept / f"{sha256(data).hexdigest()}.{kind}"
        with self.locks[place.name]:
            if not place.exists():
                half = place.with_suffix(f".{os.getpid()}-{get_ident()}")
                half.write_bytes(compress(data))
                half.rename(place)
            return place.read_bytes()


class Storage(stylesheet.Storage):
    """The storage of production, which compresses nothing twice."""

    def __init__(self, kept: Path, **options: Any) -> None:
        super().__init__(**options)
        self.kept = kept

    def create_compressor(self, **options: Any) -> Compressor:
        return Thrifty(self.kept, **options)


def main(kept: Path) -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATIC_URL="/static/",
        STATIC_ROOT=ROOT / "staticfiles",
        STATICFILES_DIRS=folders(),
        STORAGES={"staticfiles": {"BACKEND": "esa.frontend.collect.Storage", "OPTIONS": {"kept": kept}}},
    )
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=1)


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        main(Path((sys.argv[1:] or [scratch])[0]))

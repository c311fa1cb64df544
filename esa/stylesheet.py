"""One style sheet for browsers: css/app.css names its parts for whoever reads it, and is served with them in it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

NAME = "css/app.css"
NAMED_BY_CONTENT = ("bundles/chunks/", "bundles/assets/")  # esbuild has put a hash into these names already
PART = re.compile(r'@import url\("([\w-]+\.css)"\) layer\((\w+)\);')


def joined(file: Path) -> str:
    """The style sheet with each part in its layer, in place of the line that imports it."""

    def part(found: re.Match[str]) -> str:
        return f"@layer {found[2]} {{\n{(file.parent / found[1]).read_text(encoding='utf-8')}}}"

    return PART.sub(part, file.read_text(encoding="utf-8"))


class Storage(CompressedManifestStaticFilesStorage):
    """Static files as they are served, hashed and compressed: a page asks for one style sheet instead of forty."""

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """A second name for what has its hash already would be a second copy of each, which nobody asks for."""
        if name.startswith(NAMED_BY_CONTENT):
            return name
        return super().hashed_name(name, content, filename)

    def post_process(self, paths: dict[str, tuple[Any, str]], *arguments: Any, **options: Any) -> Iterator[Any]:
        if NAME in paths:
            storage, path = paths[NAME]
            paths = paths | {NAME: (Joined(storage), path)}
        yield from super().post_process(paths, *arguments, **options)


class Joined:
    """Gives the style sheet with its parts where the storage that it lies in would give it without."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage

    def open(self, path: str) -> "ContentFile[bytes]":
        return ContentFile(joined(Path(self.storage.path(path))).encode())

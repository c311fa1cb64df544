"""Compiles the translations (.po → .mo) in Python, so that no machine needs GNU gettext to run esa."""

import sys
from pathlib import Path

from esa.local.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent.parent


def compile_all(root: Path = ROOT) -> list[Path]:
    """Compile what is newer than its result; give the files that were written."""
    written = []
    for source in sorted(root.glob("*/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)
            written.append(target)
    return written


def _compile(source: Path, target: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        with source.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
    except PoFileError as error:
        raise Trouble(f"{source.relative_to(source.parents[4])} is not a valid translation file: {error}") from None
    for message, errors in catalog.check():
        if message.fuzzy:
            continue
        raise Trouble(f"{source.relative_to(source.parents[4])}, line {message.lineno}: {errors[0]}")
    with target.with_suffix(".mo.new").open("wb") as file:
        write_mo(file, catalog)  # fuzzy entries are left out, as msgfmt does
    target.with_suffix(".mo.new").rename(target)


if __name__ == "__main__":
    for path in compile_all():
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")

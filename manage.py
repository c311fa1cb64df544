#!/usr/bin/env python3
"""Django's command line for esa."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esa.settings")
    # The limit is for pages and tasks. An index on a large table, or a proof of a backup, takes as long as it takes.
    os.environ["DATABASE_STATEMENT_TIMEOUT"] = "0"
    from django.core.management import execute_from_command_line

    from esa.environment import SettingError

    try:
        execute_from_command_line(sys.argv)
    except SettingError as problem:
        sys.stderr.write(f"{problem}\n")
        return 78  # EX_CONFIG, as entrypoint.sh
    return 0


if __name__ == "__main__":
    sys.exit(main())

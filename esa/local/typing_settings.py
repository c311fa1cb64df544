"""The settings as the type checker reads them: it needs names and types, and no server."""

import os

from esa.local.scratch import ENVIRONMENT

for name, value in {**ENVIRONMENT, "DATABASE_URL": "postgres://127.0.0.1/esa"}.items():
    os.environ.setdefault(name, value)

from esa.settings import *  # noqa: E402, F403

"""gunicorn as `make run` starts it: templates are sources too, and a change of one reloads the process."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

worker_class = "gthread"
workers = 1
threads = 8
keepalive = 75
control_socket_disable = True
graceful_timeout = 5
reload = os.environ.get("DEBUG", "").lower() in {"1", "true", "yes", "on"}
reload_extra_files = [str(path) for path in ROOT.glob("*/templates/**/*") if path.is_file()] if reload else []

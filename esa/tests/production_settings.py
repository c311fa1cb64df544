"""The settings of production without collected static files, which a fresh checkout does not have."""

from esa.settings import *  # noqa: F403
from esa.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

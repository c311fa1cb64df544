"""Hashes and compresses the static files for the image, without settings, servers or the rest of the code: so the layer that
takes longest is made anew only when a static file or a package changes. A test holds that nothing is forgotten."""

from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ["django.contrib.admin", "django_htmx", "allauth.account", "allauth.mfa", "oauth2_provider"]


def folders() -> list[Path]:
    """Ours first, as the apps stand in INSTALLED_APPS: the first of two files of one name is taken."""
    found = [ROOT / "esa" / "static"]
    for package in PACKAGES:
        spec = find_spec(package)
        found += [Path(place) / "static" for place in (spec and spec.submodule_search_locations) or []]
    return found


if __name__ == "__main__":
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATIC_URL="/static/",
        STATIC_ROOT=ROOT / "staticfiles",
        STATICFILES_DIRS=folders(),
        STORAGES={"staticfiles": {"BACKEND": "esa.stylesheet.Storage"}},
    )
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=1)

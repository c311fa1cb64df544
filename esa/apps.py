from django.apps import AppConfig


class EsaConfig(AppConfig):
    name = "esa"

    def ready(self) -> None:
        # Binds @shared_task to our Celery app. Not in esa/__init__.py: esa/local runs before anything is installed.
        from esa import celery  # noqa: F401

from django.apps import AppConfig


class EsaConfig(AppConfig):
    name = "esa"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Binds @shared_task to our Celery app. Not in esa/__init__.py: esa/local runs before anything is installed.
        from esa import celery, middleware  # noqa: F401

        middleware.watch_queries()

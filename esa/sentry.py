"""Errors of web, worker and beat go to Sentry when there is an address for them; what people write does not."""

from esa.environment import SettingError


def start(dsn: str, *, environment: str, release: str, traces: float) -> None:
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.utils import BadDsn

    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            release=release,
            traces_sample_rate=traces,
            send_default_pii=False,
            max_request_body_size="never",  # bodies are posts
            include_local_variables=False,  # and so are variables
            integrations=[DjangoIntegration(), CeleryIntegration(monitor_beat_tasks=False)],
        )
    except BadDsn as problem:
        raise SettingError(f"SENTRY_DSN is not an address of Sentry: {problem}.") from None

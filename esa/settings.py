"""All configuration, and the only place that reads the environment (README: "Environment").

The defaults are those of production; `make run` sets the variables that make an embedded installation.
"""

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from esa import environment as env
from esa import logging, sentry
from esa.environment import SettingError
from teams import scopes

django_stubs_ext.monkeypatch()  # ModelForm[User] and the like can be written at run time, too

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What this process is ---------------------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    raise SettingError(
        "SECRET_KEY is not set; give 50 random characters (python3 -c 'import secrets; print(secrets.token_urlsafe(50))')."
    )
if not DEBUG and len(SECRET_KEY) < 32:
    raise SettingError("SECRET_KEY is too short for production; give at least 32 random characters.")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

WEB_HOST = env.text("WEB_HOST", "0.0.0.0")  # noqa: S104 (inside the container)
PORT = env.number("PORT", 8000, least=1, most=65535)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 2, least=1, most=256)  # processes
WEB_THREADS = env.number("WEB_THREADS", 8, least=1, most=256)  # of each
WEB_MAX_REQUESTS = env.number("WEB_MAX_REQUESTS", 0)  # after so many a process makes room for a fresh one; 0: never
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 2, least=1, most=256)
WORKER_QUEUES = env.words("WORKER_QUEUES", "celery")
RELEASE = env.text("GIT_SHA", "unknown")  # the image knows it
PROMETHEUS_MULTIPROC_DIR = env.text("PROMETHEUS_MULTIPROC_DIR")  # entrypoint.sh sets it, prometheus_client reads it
env.text("DJANGO_SETTINGS_MODULE")

# --- Hosts (esa/hosts.py knows what follows from these) ---------------------------------------------------------------

ESA_DOMAIN = env.text("ESA_DOMAIN", "esa.localhost:8000").lower()  # with the port, if it is not the scheme's own
ESA_SINGLE_TEAM = env.text("ESA_SINGLE_TEAM").lower()  # serves this team on every host
ESA_HTTPS = env.flag("ESA_HTTPS", default=not DEBUG)
DOMAIN_NAME = ESA_DOMAIN.partition(":")[0]
ALLOWED_HOSTS = ["*"] if ESA_SINGLE_TEAM else [DOMAIN_NAME, f".{DOMAIN_NAME}", *env.words("ALLOWED_HOSTS")]
USE_X_FORWARDED_HOST = env.flag("ESA_BEHIND_PROXY")
TRUSTED_PROXIES = env.number("ESA_TRUSTED_PROXIES", 1 if USE_X_FORWARDED_HOST else 0, most=5)
if USE_X_FORWARDED_HOST:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

GOOGLE_CLIENT_ID = env.text("GOOGLE_CLIENT_ID")  # with it, people may sign in by Google
GOOGLE_CLIENT_SECRET = env.text("GOOGLE_CLIENT_SECRET")

# --- Apps and middleware ----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "esa.apps.EsaConfig",
    "teams.apps.TeamsConfig",
    "posts.apps.PostsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    *(["allauth.socialaccount.providers.google"] if GOOGLE_CLIENT_ID else []),
    "allauth.mfa",
    "allauth.usersessions",
    "oauth2_provider",
    "django_celery_beat",
    "django_htmx",
    "django_structlog",
    "template_partials",
    "csp",
]
MIDDLEWARE = [
    "esa.middleware.Requests",
    "esa.middleware.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "esa.middleware.Gate",
    "teams.door.ApiDoor",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "teams.middleware.CurrentMember",
    "teams.middleware.AccountsLiveOnTheBaseDomain",
]
ROOT_URLCONF = "esa.urls"
WSGI_APPLICATION = "esa.wsgi.application"
APPEND_SLASH = False  # paths have no trailing slash; the API takes both without a redirect
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "teams.User"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # e-mail addresses are unique, by a constraint on their lower case
    "security.W002",  # frames are refused by the policy's frame-ancestors, which every browser of today obeys
    "security.W008",  # the balancer redirects to HTTPS (ESA_SSL_REDIRECT=1 where there is none); health checks come by HTTP
    "security.W021",  # the preload list is the domain owner's decision and hard to undo
    "oauth2_provider.W005",  # the answer of /oauth/authorize is esa's: code and state
    "oauth2_provider.W008",  # programs on one's own machine take their answer at http://127.0.0.1 (RFC 8252)
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django.templatetags.tz",
                "template_partials.templatetags.partials",
                "esa.templatetags.esa",
            ],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "esa.views.condition_of",
            ],
        },
    }
]

# --- Backing services -------------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {"default": env.database("DATABASE_URL")}
DATABASES["default"].update(
    CONN_MAX_AGE=env.number("DATABASE_MAX_AGE", 60),  # one connection a thread, kept; a new one costs 10 ms
    CONN_HEALTH_CHECKS=True,
    ATOMIC_REQUESTS=False,
    DISABLE_SERVER_SIDE_CURSORS=env.flag("DATABASE_PGBOUNCER"),
)
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=env.number("DATABASE_CONNECT_TIMEOUT", 3, least=1),  # down means a 503 soon, not a hang
    application_name="esa",
    # A server that went away without a word is noticed in seconds, too.
    keepalives_idle=10,
    keepalives_interval=5,
    keepalives_count=3,
    tcp_user_timeout=15_000,
)
if not env.flag("DATABASE_PGBOUNCER"):
    statement_timeout = env.number("DATABASE_STATEMENT_TIMEOUT", 30_000)  # milliseconds
    DATABASES["default"]["OPTIONS"]["options"] = f"-c statement_timeout={statement_timeout}"

REDIS_URL = env.url("REDIS_URL", "redis://127.0.0.1:6379/0", ("redis", "rediss", "unix", "redis+socket"))
CACHES = {
    "default": {
        "BACKEND": "esa.cache.TolerantRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "esa",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1.0},
    }
}
SESSION_ENGINE = "esa.sessions"  # cached_db, and readable while nothing may be written

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": env.number("WORKER_VISIBILITY_TIMEOUT", 150, least=1),  # a little above the longest task
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "global_keyprefix": "esa:",
}
CELERY_TASK_PUBLISH_RETRY = (
    False  # what must not be lost waits in PostgreSQL (Event), so a dead broker may fail at once
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 105  # below the stop timeout (120 s) of the container
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "esa.beat:Scheduler"  # django-celery-beat's, of which only one fires
CELERY_BEAT_SYNC_EVERY = 1  # what was fired is written down at once, for the beat that takes over
CELERY_RESULT_EXPIRES = None  # there are no results, so nothing to clean up
CELERY_BEAT_SCHEDULE = {
    "esa: relay waiting events": {"task": "teams.models.event.relay_waiting_events", "schedule": 30.0},
    "esa: forget old API requests": {"task": "teams.models.access_token.forget_old_api_calls", "schedule": 86_400.0},
    "esa: erase deleted teams": {"task": "teams.models.team.erase_deleted_teams", "schedule": 600.0},
    "esa: send waiting mail": {"task": "teams.models.mailing.send_waiting_mailings", "schedule": 30.0},
    "esa: make waiting deliveries": {"task": "teams.models.webhook.make_waiting_deliveries", "schedule": 30.0},
    "esa: show waiting links in Slack": {"task": "posts.models.unfurl.make_waiting_unfurls", "schedule": 30.0},
    "esa: mail waiting feedback": {"task": "teams.models.feedback.mail_waiting_feedback", "schedule": 600.0},
    "esa: send daily digests": {
        "task": "teams.models.notification.send_daily_digests",
        "schedule": crontab(minute="2,17,32,47"),
    },
    "esa: send weekly digests": {
        "task": "teams.models.notification.send_weekly_digests",
        "schedule": crontab(minute=7),
    },
    "esa: forget unused upload forms": {
        "task": "posts.models.attachment.forget_unused_forms",
        "schedule": crontab(hour=17, minute=35),
    },
    "esa: forget old mail": {
        "task": "teams.models.mailing.forget_old_mailings",
        "schedule": crontab(hour=17, minute=20),
    },
    "esa: forget old notifications": {
        "task": "teams.models.notification.forget_old_notifications",
        "schedule": crontab(hour=17, minute=25),
    },
    "esa: forget old deliveries": {
        "task": "teams.models.webhook.forget_old_deliveries",
        "schedule": crontab(hour=17, minute=30),
    },
    "esa: forget links in Slack": {
        "task": "posts.models.unfurl.forget_old_unfurls",
        "schedule": crontab(hour=17, minute=35),
    },
}

EMAIL_URL = env.url(
    "EMAIL_URL",
    "consolemail://",
    ("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "filemail", "memorymail", "dummymail"),
)
vars().update(environ.Env.email_url_config(EMAIL_URL))
if EMAIL_URL.startswith("consolemail:"):
    EMAIL_BACKEND = "esa.mail.Console"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"esa <esa@{DOMAIN_NAME}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT") or BASE_DIR / ".data" / "media")
S3_BUCKET = env.text("S3_BUCKET")  # attachments
S3_STATIC_BUCKET = env.text("S3_STATIC_BUCKET")  # static files, which CloudFront serves
S3_ENDPOINT_URL = env.url("S3_ENDPOINT_URL", "", ("http", "https"))  # of another S3 than AWS's
S3_REGION = env.text("S3_REGION")
S3_CREATE_BUCKET = env.flag("S3_CREATE_BUCKET")  # `migrate` makes buckets that are missing, in development
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
    env.export(name)  # boto3 reads them; on AWS the task's role takes their place
CLOUDFRONT_DOMAIN = env.text("CLOUDFRONT_DOMAIN")
CLOUDFRONT_KEY_ID = env.text("CLOUDFRONT_KEY_ID")
CLOUDFRONT_PRIVATE_KEY = env.text("CLOUDFRONT_PRIVATE_KEY").replace("\\n", "\n")
if bool(CLOUDFRONT_KEY_ID) != bool(CLOUDFRONT_PRIVATE_KEY):
    raise SettingError("CLOUDFRONT_KEY_ID and CLOUDFRONT_PRIVATE_KEY belong together: set both, or neither.")
if S3_STATIC_BUCKET and not CLOUDFRONT_DOMAIN:
    raise SettingError("S3_STATIC_BUCKET needs CLOUDFRONT_DOMAIN, the address that its files are served from.")
ASSET_ORIGINS = [f"https://{CLOUDFRONT_DOMAIN}"] if CLOUDFRONT_DOMAIN else []
if S3_STATIC_BUCKET:
    STATIC_URL = f"https://{CLOUDFRONT_DOMAIN}/static/"  # WhiteNoise goes on serving /static/, for pages of old
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "esa.stylesheet.Storage"
    },
}
if S3_BUCKET:
    from botocore.config import Config  # only here: it takes a tenth of a second to import

    STORAGES["default"] = {
        "BACKEND": "esa.storage.Media",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT_URL or None,
            "region_name": S3_REGION or None,
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=2,
                read_timeout=10,
                retries={"total_max_attempts": 2},
                s3={"addressing_style": "path" if S3_ENDPOINT_URL else "auto"},
            ),
            "file_overwrite": False,
            "default_acl": None,
            "querystring_auth": True,
            "object_parameters": {"CacheControl": "private, max-age=31536000, immutable"},
            **(
                {
                    "custom_domain": CLOUDFRONT_DOMAIN,
                    "cloudfront_key_id": CLOUDFRONT_KEY_ID,
                    "cloudfront_key": CLOUDFRONT_PRIVATE_KEY.encode(),
                }
                if CLOUDFRONT_KEY_ID
                else {}
            ),
        },
    }
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# Kept by browsers for ever: what has a hash in its name, from Django or, deep in the bundles, from esbuild.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(.+\.[0-9a-f]{12}\.\w+|bundles/(chunks|assets)/.+)$"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024  # a post may hold 10 MB of text in a form
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = [
    "esa.uploads.Limits",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- People -----------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["teams.backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = env.words("PASSWORD_HASHERS") or [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/teams"
ACCOUNT_ADAPTER = "teams.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "teams.sign_up.SignUpFields"
ACCOUNT_FORMS = {
    "login": "teams.forms.SignInForm",
    "signup": "teams.forms.SignUpForm",
    "add_email": "teams.forms.ChangeEmailForm",
    "reset_password": "teams.forms.ForgottenPasswordForm",
    "reset_password_from_key": "teams.forms.NewPasswordForm",
    "change_password": "teams.forms.OtherPasswordForm",
    "set_password": "teams.forms.FirstPasswordForm",
    "reauthenticate": "teams.forms.AgainForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = env.choice("ESA_EMAIL_VERIFICATION", "optional", ("mandatory", "optional"))
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None  # the person says so, with a box that is ticked
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up; elsewhere the link only confirms
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = (
    False  # of this browser; Django ends the others, whose sessions carry the old password
)
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before the address changes: a borrowed session must not take the account
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USER_DISPLAY = str
SOCIALACCOUNT_ADAPTER = "teams.adapter.SocialAccountAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False  # everybody chooses a screen name
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if GOOGLE_CLIENT_ID:
    SOCIALACCOUNT_PROVIDERS["google"] = {
        "APPS": [{"client_id": GOOGLE_CLIENT_ID, "secret": GOOGLE_CLIENT_SECRET}],
        "SCOPE": ["profile", "email"],
        "OAUTH_PKCE_ENABLED": True,
    }
MFA_ADAPTER = "teams.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "esa"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG and not ESA_HTTPS  # http://esa.localhost
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # a message may cross from host to host
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if ESA_HTTPS else "http"

# --- OAuth (teams/oauth.py) -------------------------------------------------------------------------------------------

OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "teams.oauth.Validator",
    "OAUTH2_BACKEND_CLASS": "teams.oauth.Backend",
    "SCOPES": {scope: scope for scope in (*scopes.LEGACY, *scopes.FINE)},
    "DEFAULT_SCOPES": ["read"],
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http", "urn", "cursor", "vscode", "vscode-insiders", "windsurf", "zed"],
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 10 * 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 2 * 60 * 60,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 180 * 24 * 60 * 60,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # The current best practice (RFC 9700), as far as this version makes it a choice.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}

# --- Cookies and headers ----------------------------------------------------------------------------------------------
# One session cookie for the domain and its team hosts; the CSRF cookie stays on each host, and Django compares Origin
# with the host, so one team's pages cannot write to another's, nor read it (README: Decisions 1).

SESSION_COOKIE_NAME = "esa_session"
SESSION_COOKIE_DOMAIN = None if ESA_SINGLE_TEAM or "." not in DOMAIN_NAME else DOMAIN_NAME
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ESA_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-esa_csrf" if ESA_HTTPS else "esa_csrf"
CSRF_FAILURE_VIEW = "esa.views.csrf_failure"
LANGUAGE_COOKIE_NAME = "esa_language"
SECURE_SSL_REDIRECT = env.flag("ESA_SSL_REDIRECT", default=False)  # a balancer does that; health checks come by http
SECURE_HSTS_SECONDS = env.number("ESA_HSTS_SECONDS", 31_536_000 if ESA_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = bool(SECURE_HSTS_SECONDS)
SECURE_HSTS_PRELOAD = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
OWN_ORIGINS = [] if ESA_SINGLE_TEAM else [ESA_DOMAIN, f"*.{ESA_DOMAIN}"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, *ASSET_ORIGINS],
        "style-src": [SELF, NONCE, *ASSET_ORIGINS],
        # Colours and widths that people write in HTML; the sanitiser lets only those properties through.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:", "https:", "http:"],
        "media-src": [SELF, *ASSET_ORIGINS],
        "font-src": [SELF, "data:", *ASSET_ORIGINS],
        "connect-src": [SELF, *ASSET_ORIGINS],
        "frame-src": [SELF, "https://www.youtube-nocookie.com"],
        "frame-ancestors": [NONE],
        "form-action": [SELF, *OWN_ORIGINS, *(["https://accounts.google.com"] if GOOGLE_CLIENT_ID else [])],
        "base-uri": [SELF],
        "object-src": [NONE],
    }
}

# --- Languages and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LOCALE_PATHS = [BASE_DIR / "esa" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- What the product asks --------------------------------------------------------------------------------------------

PLANTUML_URL = env.url("PLANTUML_URL", "", ("http", "https"))
API_RATE_LIMIT = env.number("API_RATE_LIMIT", 300, least=1)  # requests per person in 15 minutes
MAX_BODY_LENGTH = env.number("ESA_MAX_BODY_LENGTH", 1_000_000, least=1000)  # characters of one post
ATTACHMENT_MAX_BYTES = env.number("ESA_ATTACHMENT_MAX_MB", 10, least=1, most=1000) * 1024 * 1024
MEMBERS_ATTACHMENT_MAX_BYTES = max(
    ATTACHMENT_MAX_BYTES, env.number("ESA_MEMBERS_ATTACHMENT_MAX_MB", 50, least=1, most=1000) * 1024 * 1024
)
ESA_ENVIRONMENT = env.text("ESA_ENVIRONMENT", "development" if DEBUG else "production")
ESA_NEW_TEAM = "posts.starter.furnish"  # called with a new team, so that teams need not import posts
ESA_OUTBOUND_ALLOW = env.networks("ESA_OUTBOUND_ALLOW")  # of an intranet, that webhooks may reach beside the internet
FEEDBACK_EMAIL = env.text("ESA_FEEDBACK_EMAIL")  # of the operators; without it superusers get feedback
ESA_SIGN_UP = env.choice("ESA_SIGN_UP", "open", ("open", "invitation"))

# --- Operations -------------------------------------------------------------------------------------------------------

ESA_MAINTENANCE = env.flag("ESA_MAINTENANCE")  # or `manage.py maintenance on`, which needs no restart
ESA_READ_ONLY = env.flag("ESA_READ_ONLY")
ESA_MAINTENANCE_MESSAGE = env.text("ESA_MAINTENANCE_MESSAGE")
METRICS_TOKEN = env.text("METRICS_TOKEN")  # whoever shows it may read /metrics; without it there is no such page
S3_BACKUP_BUCKET = env.text("S3_BACKUP_BUCKET")
BACKUP_TO = env.text(
    "BACKUP_TO", f"s3://{S3_BACKUP_BUCKET}" if S3_BACKUP_BUCKET else ""
)  # a folder, or s3://BUCKET/PREFIX
BACKUP_KEEP = env.number("BACKUP_KEEP", 14, least=1)  # how many; older ones are deleted
BACKUP_HOUR = env.number("BACKUP_HOUR", 18, most=23)  # UTC; 3 o'clock in Japan
if BACKUP_TO:
    CELERY_BEAT_SCHEDULE["esa: back up and prove it"] = {
        "task": "esa.tasks.back_up",
        "schedule": crontab(hour=BACKUP_HOUR, minute=10),
    }

# --- Logs -------------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "console" if DEBUG else "json", ("json", "console"))
LOGGING = logging.configuration(LOG_LEVEL, LOG_FORMAT, colours=not env.text("NO_COLOR", ""))
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a task's lines carry its id and that of the request it comes from
SLOW_QUERY_MS = env.number("SLOW_QUERY_MS", 500)  # a query that takes longer is written down; 0: none
SENTRY_DSN = env.url("SENTRY_DSN", "", ("http", "https"))
SENTRY_TRACES_PERCENT = env.number("SENTRY_TRACES_PERCENT", 0, most=100)
if SENTRY_DSN:
    sentry.start(SENTRY_DSN, environment=ESA_ENVIRONMENT, release=RELEASE, traces=SENTRY_TRACES_PERCENT / 100)

"""Settings, all of them from the environment; the README's table explains each variable."""

from __future__ import annotations

from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from planergy import embedded
from planergy.local_secrets import local_secret
from planergy.page_headers import content_security_policy

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))
DEBUG = env.bool("DEBUG", default=False)
PORTAL_PORT = env.int("PORTAL_PORT", default=8000)
PORTAL_URL = env.str("PORTAL_URL", default=f"http://127.0.0.1:{PORTAL_PORT}").rstrip("/")

# Without a database of its own a machine is somebody's desk: it gets embedded servers and secrets of its own.
IS_LOCAL = not env.str("DATABASE_URL", default="")


def _secret(name: str, generate) -> str:
    value = env.str(name, default="")
    if value:
        return value
    if not (IS_LOCAL or DEBUG):
        raise ImproperlyConfigured(f"{name} must be set when DATABASE_URL is set.")
    return local_secret(DATA_DIR / f"{name.lower()}.txt", generate)


SECRET_KEY = _secret("SECRET_KEY", get_random_secret_key)
FIELD_ENCRYPTION_KEYS = _secret("FIELD_ENCRYPTION_KEYS", lambda: Fernet.generate_key().decode()).split(",")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PORTAL_URL])
IS_HTTPS = PORTAL_URL.startswith("https://")
# How many proxies of one's own stand before the portal. X-Forwarded headers are believed only when it is above 0.
TRUSTED_PROXY_COUNT = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT > 0 else None
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "planergy.views.wrong_token"
# `manage.py check --deploy` is clean but for these, each with its reason.
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: the portal is one host of a domain, and must not decide for the others
    "security.W021",  # HSTS preloading: a list that a domain cannot leave for months; its owner decides, not the portal
]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": content_security_policy(form_targets=env.list("FORM_TARGETS", default=[])),
}
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_MINUTES", default=30) * 60
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600

INSTALLED_APPS = [
    "planergy.apps.PlanergyConfig",
    "integrations.apps.IntegrationsConfig",
    "invoices.apps.InvoicesConfig",
    "suppliers.apps.SuppliersConfig",
    "ledger.apps.LedgerConfig",
    "organization.apps.OrganizationConfig",
    "notices.apps.NoticesConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "planergy.apps.SecondStepsConfig",  # allauth.mfa
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_celery_beat",
    "django_filters",
    "django_tables2",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "planergy.page_headers.PageHeadersMiddleware",
    "planergy.content_types.Utf8Middleware",
    "planergy.unusable_text.UnusableTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "organization.middleware.SessionLifeMiddleware",
    "organization.middleware.SignInMiddleware",
    "organization.middleware.UserSettingsMiddleware",
    "organization.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "organization.middleware.SecondFactorMiddleware",
    "planergy.wrong_method.WrongMethodMiddleware",
    "planergy.redis_away.RedisAwayMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "planergy.urls"
WSGI_APPLICATION = "planergy.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["planergy.templatetags.planergy", "django.templatetags.l10n"],
        },
    }
]
FORM_RENDERER = "planergy.form_renderer.FormRenderer"
FILTERS_EMPTY_CHOICE_LABEL = "Any"

DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL", default="") or embedded.database_url(DATA_DIR))}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS = embedded.redis_urls(env.str("REDIS_URL", default=""), DATA_DIR)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS.client,
        "OPTIONS": {"serializer": "planergy.cache_serializer.JSONSerializer"},
        "KEY_PREFIX": "json",  # what an earlier version left under the same names is not JSON
    }
}

CELERY_BROKER_URL = REDIS.broker
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]  # never pickle: a message must not be able to run code
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",
    "visibility_timeout": 3600,
    # Whoever sends a message does not wait for Redis: what is due is in PostgreSQL. Workers have settings of their own.
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0,
    "connect_retries_timeout": 1,
    "socket_connect_timeout": 2,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "invoices: fold tallies": {"task": "invoices.tasks.fold_tallies", "schedule": 300.0},
    "invoices: take missing inks": {"task": "invoices.tasks.take_missing_inks", "schedule": 3600.0},
    "invoices: sweep pending documents": {"task": "invoices.tasks.sweep_pending_documents", "schedule": 3600.0},
    "invoices: sweep stray documents": {"task": "invoices.tasks.sweep_stray_documents", "schedule": 24 * 3600.0},
    "integrations: sweep due and stuck work": {"task": "integrations.tasks.sweep", "schedule": 20.0},
    "integrations: start scheduled imports": {"task": "integrations.tasks.start_scheduled_imports", "schedule": 60.0},
    "integrations: prune history": {"task": "integrations.tasks.prune_history", "schedule": 6 * 3600.0},
    "notices: send what is due": {"task": "notices.tasks.sweep", "schedule": 20.0},
    "notices: remove old ones": {"task": "notices.tasks.remove_old", "schedule": 24 * 3600.0},
    "organization: sweep files for lists": {"task": "organization.tasks.sweep_list_imports", "schedule": 60.0},
    "organization: seal the audit log": {"task": "organization.tasks.seal_audit_log", "schedule": 60.0},
    "organization: remove expired audit entries": {
        "task": "organization.tasks.remove_expired_audit_entries",
        "schedule": 24 * 3600.0,
    },
}

AUTH_USER_MODEL = "organization.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "organization.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "organization.password_forms.LoginForm",
    "reset_password": "organization.password_forms.ResetPasswordForm",
    "reauthenticate": "organization.password_forms.ReauthenticateForm",
    "change_password": "organization.password_forms.ChangePasswordForm",
    "set_password": "organization.password_forms.SetPasswordForm",
    "reset_password_from_key": "organization.password_forms.ResetPasswordKeyForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "organization.invitations.LinkTokens"  # noqa: S105
INVITATION_SECONDS = 3 * 24 * 3600
PASSWORD_RESET_SECONDS = 3600
ADDRESS_CHANGE_SECONDS = 24 * 3600
PASSWORD_RESET_TIMEOUT = INVITATION_SECONDS  # the longest; `organization.invitations.LinkTokens` knows the two apart
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# Five wrong passwords from one place for one person; more for one person from all places together are counted in
# `organization.throttles`, which never holds up a browser that has signed in before. Each of the few links for a new
# password goes to the person, so that whoever asks for them all keeps nobody out.
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/300s/key", "reset_password": "20/m/ip,5/h/key"}
MFA_FORMS = {
    "authenticate": "organization.password_forms.SecondStepForm",
    "reauthenticate": "organization.password_forms.SecondStepAgainForm",
    "login_webauthn": "organization.passkey_forms.LoginForm",
    "authenticate_webauthn": "organization.passkey_forms.AuthenticateForm",
    "reauthenticate_webauthn": "organization.passkey_forms.ReauthenticateForm",
    "add_webauthn": "organization.passkey_forms.AddForm",
}
MFA_ADAPTER = "organization.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # people come by invitation: nobody holds an address that is not theirs
MFA_TOTP_ISSUER = "Planergy"
# Who must have a second factor: account owners, support staff. Accounts can require it of everybody besides.
REQUIRE_SECOND_FACTOR = frozenset(env.list("REQUIRE_SECOND_FACTOR", default=["owners", "support"]))
if unknown := REQUIRE_SECOND_FACTOR - {"owners", "support"}:
    raise ImproperlyConfigured(f"REQUIRE_SECOND_FACTOR names {', '.join(unknown)}; it knows owners and support.")

# Signing in at the deployment's own OpenID Connect provider, for people who were invited here.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_REPLACES_SECOND_FACTOR = env.bool("OIDC_REPLACES_SECOND_FACTOR", default=False)
SOCIALACCOUNT_ADAPTER = "organization.single_sign_on.Adapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # it only ever signs in who was invited; a form could not leave for another site
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "sso",
                "name": env.str("OIDC_NAME", default="single sign-on"),
                "client_id": env.str("OIDC_CLIENT_ID", default=""),
                "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_ISSUER, "oauth_pkce_enabled": True},
            }
        ]
        if OIDC_ISSUER
        else []
    }
}

EMAIL_CONFIG = env.email_url_config(env.str("EMAIL_URL", default=f"filemail:///{DATA_DIR}/mail"))
vars().update(EMAIL_CONFIG)
if EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend":
    EMAIL_BACKEND = "planergy.mail_files.EmailBackend"
EMAIL_TIMEOUT = 30  # a mail server that does not answer must not hold a worker
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Planergy <no-reply@planergy.example>")
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="support@planergy.example")

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "British English"), ("en-us", "American English")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
UPLOADS_DIR = MEDIA_ROOT / "uploads"
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "invoices.uploads.CappedUploadHandler",
]
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_MB", default=20) * 1024 * 1024
PENDING_MAX_BYTES = env.int("PENDING_MAX_MB", default=200) * 1024 * 1024
DOCUMENTS_AT_ONCE = 20
# Far above what the form takes, so that the form itself says what is too many.
DATA_UPLOAD_MAX_NUMBER_FILES = 10 * DOCUMENTS_AT_ONCE
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
AUDIT_RETENTION_DAYS = env.int("AUDIT_RETENTION_DAYS", default=2555)  # seven years
CLAMAV_ADDRESS = env.str("CLAMAV_ADDRESS", default="")

SAGE_INTACCT_ENDPOINT = env.str("SAGE_INTACCT_ENDPOINT", default="https://api.intacct.com/ia/xml/xmlgw.phtml")
SAGE_INTACCT_SENDER_ID = env.str("SAGE_INTACCT_SENDER_ID", default="")
SAGE_INTACCT_SENDER_PASSWORD = env.str("SAGE_INTACCT_SENDER_PASSWORD", default="")
# The addresses that Sage Intacct sees this deployment call from, for customers who filter by address.
SAGE_INTACCT_EGRESS_IPS = [address.strip() for address in env.list("SAGE_INTACCT_EGRESS_IPS", default=[])]
SAGE_INTACCT_CONCURRENCY = env.int("SAGE_INTACCT_CONCURRENCY", default=2)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "organization.tracebacks.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

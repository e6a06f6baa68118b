"""Every setting of the console, read from the environment once and checked at the start.

The README has a row for each; a wrong one stops the start with one sentence.
"""

import sys
import warnings
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from console import private_files, response_headers, secret_settings
from console.common import cache, url_checks
from console.jobs import queue_storage
from console.upstream import urls

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"


def refuse(sentence: str) -> NoReturn:
    sys.exit(f"The console did not start. {sentence}")


class Environment(environ.Env):  # type: ignore[misc]  # the library is not typed
    """The library's reader, but what it cannot read stops the start with a sentence that does not quote it."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        return self._read(super().get_value, var, *args, **kwargs)

    def db_url(self, var: str, *args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings(action="ignore"):  # the library's warning quotes the whole value
            config = self._read(super().db_url, var, *args, **kwargs)
        is_known = config.get("ENGINE", "").endswith(("postgresql", "sqlite3")) and config.get("NAME") != ":memory:"
        return config if is_known else refuse(f"{var} looks like postgres://name:password@host/database.")

    def email_url(self, var: str, *args: Any, **kwargs: Any) -> Any:
        return self._read(super().email_url, var, *args, **kwargs)

    def _read(self, parse: Callable[..., Any], var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return parse(var, *args, **kwargs)
        except (ValueError, LookupError, AttributeError, ImproperlyConfigured):
            refuse(f"{var} cannot be read; the README says what it takes.")


env = Environment()
environ.Env.read_env(BASE_DIR / ".env")


# Safe or not at all

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SECRET_KEY = env.str("SECRET_KEY", default="")
AUDIT_SECRET = env.str("AUDIT_SECRET", default="")

for name, value, least in (("SECRET_KEY", SECRET_KEY, 50), ("AUDIT_SECRET", AUDIT_SECRET, 32)):
    if weakness := secret_settings.weakness(name, value, least=least):
        refuse(weakness)
if SECRET_KEY == AUDIT_SECRET:
    refuse("AUDIT_SECRET must differ from SECRET_KEY.")
try:
    KEY_SECRETS = secret_settings.read_key_secrets(env.str("KEY_SECRETS", default=""))
except ValueError as error:
    refuse(str(error))
if not ALLOWED_HOSTS or not all(url_checks.is_host(host) for host in ALLOWED_HOSTS):
    # Links in mails and invitations carry the name a request came by: it must not be a stranger's choice.
    refuse("ALLOWED_HOSTS must name the hosts people reach the console by, each in full, without * or a leading dot.")
ONLY_LOOPBACK = all(url_checks.is_local_name(host) for host in ALLOWED_HOSTS)
if DEBUG and not ONLY_LOOPBACK:
    refuse("DEBUG shows code and data to visitors: ALLOWED_HOSTS may then hold loopback names only.")

# The vendors

AVALA_BASE_URL = env.str("AVALA_BASE_URL", default="https://api.avala.ai/api/v1")
CLOUDFACTORY_BASE_URL = env.str("CLOUDFACTORY_BASE_URL", default="https://api.ai.cloudfactory.app/api/v1")
for name, value in (("AVALA_BASE_URL", AVALA_BASE_URL), ("CLOUDFACTORY_BASE_URL", CLOUDFACTORY_BASE_URL)):
    try:
        urls.base_url(value)
    except ValueError:
        refuse(f"{name} must start with https:// (http:// is for this machine only) and be a plain address.")
PRACTICE = env.bool("PRACTICE", default=False)
if PRACTICE and not (
    ONLY_LOOPBACK and all(map(url_checks.is_on_this_machine, (AVALA_BASE_URL, CLOUDFACTORY_BASE_URL)))
):
    refuse("PRACTICE is set by `make run` alone: people and vendors must all be on this machine.")

MEDIA_ORIGINS = env.list("MEDIA_ORIGINS", default=["https://cdn.avala.ai", "https://storage.avala.ai"])
UPLOAD_ORIGINS = env.list("UPLOAD_ORIGINS", default=[])
TRUSTED_LOCAL_ORIGINS = env.list("TRUSTED_LOCAL_ORIGINS", default=[])
for name, listed in (
    ("MEDIA_ORIGINS", MEDIA_ORIGINS),
    ("UPLOAD_ORIGINS", UPLOAD_ORIGINS),
    ("TRUSTED_LOCAL_ORIGINS", TRUSTED_LOCAL_ORIGINS),
):
    if not all(url_checks.is_origin(origin) for origin in listed):
        refuse(f"{name} takes origins such as https://cdn.example.com, separated by commas.")

if not all(origin.startswith("https://") or origin in TRUSTED_LOCAL_ORIGINS for origin in UPLOAD_ORIGINS):
    refuse("UPLOAD_ORIGINS takes origins with https; others belong into TRUSTED_LOCAL_ORIGINS as well.")
if not all(origin.startswith("https://") for origin in MEDIA_ORIGINS):
    refuse("MEDIA_ORIGINS takes origins with https; others belong into TRUSTED_LOCAL_ORIGINS.")

PRIORITY_HIGH_FIRST = env.bool("PRIORITY_HIGH_FIRST", default=True)
EXPORT_DOWNLOAD = env.str("EXPORT_DOWNLOAD", default="stream")
if EXPORT_DOWNLOAD not in {"stream", "redirect"}:
    refuse("EXPORT_DOWNLOAD is either stream or redirect.")
# Seconds in which all calls that one request makes to the vendors have to end.
REQUEST_SECONDS = env.float("REQUEST_SECONDS", default=15.0)
# Seconds an answer about exports is shared between people who look at the same space.
SHARED_READ_SECONDS = env.float("SHARED_READ_SECONDS", default=3.0)
EXPORT_FIRST_LOOK = env.float("EXPORT_FIRST_LOOK", default=5.0)
RECEIPT_MOST_BYTES = env.int("RECEIPT_MOST_BYTES", default=1024**3)
# Seconds in which the file of a receipt has to arrive.
RECEIPT_MOST_SECONDS = env.float("RECEIPT_MOST_SECONDS", default=3600.0)
LABEL_TASK_TYPE = env.str("LABEL_TASK_TYPE", default="labeling")
REVIEW_TASK_TYPE = env.str("REVIEW_TASK_TYPE", default="external_review")
# Seconds a decision can be taken back before it is sent: nothing leads back to review (FACTS 2.9).
REVIEW_GRACE = env.float("REVIEW_GRACE", default=10.0)
SIGNAL_PLAN_FRESH = env.float("SIGNAL_PLAN_FRESH", default=60.0)
SIGNAL_PLAN_LIFETIME = env.float("SIGNAL_PLAN_LIFETIME", default=600.0)
# Ready-made reasons for sending an item back, `;` between.
REVIEW_REASONS = [reason.strip() for reason in env.str("REVIEW_REASONS", default="").split(";") if reason.strip()] or [
    "Outline is inaccurate",
    "Something is missing",
    "Wrong class",
    "Picture is unclear",
]

# Where things are kept

private_files.restrict_new_files()
private_files.close_to_others(VAR)
AUDIT_ANCHOR = Path(env.str("AUDIT_ANCHOR", default=str(VAR / "audit-anchor.txt")))
if AUDIT_ANCHOR.is_dir():
    refuse("AUDIT_ANCHOR must name a file.")
AUDIT_GRACE = env.int("AUDIT_GRACE", default=45)
AUDIT_SETTLE_SPAN = env.int("AUDIT_SETTLE_SPAN", default=600)
# Seconds a statement waits for a lock that somebody else holds; a request waits twice at most.
DATABASE_LOCK_SECONDS = env.float("DATABASE_LOCK_SECONDS", default=4.0)
# Seconds one statement on PostgreSQL can take; 0 for no limit, which a long migration may need.
DATABASE_STATEMENT_SECONDS = env.float("DATABASE_STATEMENT_SECONDS", default=10.0)
DATABASES: dict[str, Any] = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR / 'console.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": DATABASE_LOCK_SECONDS,
        # FULL: an entry that was committed before a call must outlive a power cut, not only a kill.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"] |= {
        "ENGINE": "console.common.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        # A server that works keeps the limits below itself; this is for one that says nothing at all.
        "answer_seconds": DATABASE_STATEMENT_SECONDS and DATABASE_STATEMENT_SECONDS + 1,
        "tcp_user_timeout": 10_000,
        "options": f"-c lock_timeout={DATABASE_LOCK_SECONDS * 1000:.0f}"
        f" -c statement_timeout={DATABASE_STATEMENT_SECONDS * 1000:.0f}",
    } | DATABASES["default"].get("OPTIONS", {})
CACHE_URL = env.str("CACHE_URL", default=f"sqlite:///{VAR / 'cache.sqlite3'}")
try:
    CACHES = {"default": cache.configuration(CACHE_URL, limits=("allauth", "second-step-spent", "upstream."))}
except ValueError as error:
    refuse(str(error))
JOBS_URL = env.str("JOBS_URL", default=f"sqlite:///{VAR / 'jobs.sqlite3'}")
# Seconds a worker may be silent about a piece of work before another takes it over.
JOBS_LEASE = env.int("JOBS_LEASE", default=60)
# Each worker process locks a file here for as long as it lives.
WORKER_LOCKS = Path(env.str("WORKER_LOCKS", default=str(VAR / "workers")))
try:
    HUEY = queue_storage.configuration(JOBS_URL, SECRET_KEY)
except ValueError as error:
    refuse(str(error))
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    private_files.close_sqlite(Path(DATABASES["default"]["NAME"]))
if "filename" in HUEY["connection"]:
    private_files.close_sqlite(Path(HUEY["connection"]["filename"]))
for name, number, lowest, highest in (
    ("AUDIT_GRACE", AUDIT_GRACE, 0, 86_400),
    ("AUDIT_SETTLE_SPAN", AUDIT_SETTLE_SPAN, 0, 86_400),
    ("DATABASE_LOCK_SECONDS", DATABASE_LOCK_SECONDS, 0.1, 60),
    ("DATABASE_STATEMENT_SECONDS", DATABASE_STATEMENT_SECONDS, 0, 3_600),
    ("EXPORT_FIRST_LOOK", EXPORT_FIRST_LOOK, 0, 3_600),
    ("JOBS_LEASE", JOBS_LEASE, 1, 86_400),
    ("RECEIPT_MOST_BYTES", RECEIPT_MOST_BYTES, 0, 1024**4),
    ("RECEIPT_MOST_SECONDS", RECEIPT_MOST_SECONDS, 1, 86_400),
    ("REVIEW_GRACE", REVIEW_GRACE, 0, 600),
    ("SIGNAL_PLAN_FRESH", SIGNAL_PLAN_FRESH, 0, 86_400),
    ("SIGNAL_PLAN_LIFETIME", SIGNAL_PLAN_LIFETIME, 0, 86_400),
    ("SHARED_READ_SECONDS", SHARED_READ_SECONDS, 0, 60),
):
    if number > highest:
        refuse(f"{name} must be at most {highest}.")
    if not number >= lowest:  # neither is a number that is none
        refuse(f"{name} must be at least {lowest}.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Mail: nothing is sent until EMAIL_URL names a server

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="dummymail://")
if not EMAIL_CONFIG["EMAIL_BACKEND"].endswith(("smtp.EmailBackend", "dummy.EmailBackend")):
    # Mails hold links that sign a person in.
    refuse(
        "EMAIL_URL names a mail server, with smtp://, smtp+tls:// or smtp+ssl://; mails are written to no file or log."
    )
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
MAIL_IS_SET_UP = "dummy" not in EMAIL_CONFIG["EMAIL_BACKEND"]

# The application

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "template_partials",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts",
    "console",
    "console.audit",
    "console.exports",
    "console.home",
    "console.jobs",
    "console.slices",
    "console.projects",
    "console.batches",
    "console.items",
    "console.files",
    "huey.contrib.djhuey",
]
MIDDLEWARE = [
    "console.middleware.Forwarded",
    "console.middleware.Utf8",
    "console.middleware.RequestId",
    "console.middleware.TimeBudget",
    "console.middleware.Headers",
    # Round Django's, which answers some requests by itself.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.middleware.HealthChecks",
    "console.middleware.DatabaseFailures",
    "accounts.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionLimits",
    "accounts.middleware.LocalTime",
    "console.middleware.Access",
    "console.middleware.UpstreamErrors",
]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["console.templatetags.owned_forms"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.shell.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# A file that a page reads is kept in memory, within bounds, and what is too long is dropped while it arrives.
FILE_UPLOAD_HANDLERS = ["console.common.uploads.BoundedUploads"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LANGUAGE_CODE = "en"
USE_TZ = True
USE_I18N = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (ValueError, KeyError):
    refuse("TIME_ZONE takes a name such as Europe/Berlin.")

# Browser

TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
if not all(url_checks.is_address_or_network(proxy) for proxy in TRUSTED_PROXIES):
    refuse("TRUSTED_PROXIES takes addresses or networks such as 10.0.0.7,10.1.0.0/16, and none that holds everybody.")
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = not ONLY_LOOPBACK
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# Not `no-referrer`: under that a plain form posts `Origin: null`, which the CSRF check refuses.
SECURE_REFERRER_POLICY = response_headers.REFERRER_POLICY
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Safari keeps no Secure cookie from http, not even from this machine, and only Secure ones may be called __Host-.
COOKIE_PREFIX, COOKIES_ARE_SECURE = ("practice-", False) if PRACTICE else ("__Host-", True)
KNOWN_BROWSER_COOKIE_NAME = f"{COOKIE_PREFIX}known"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = COOKIES_ARE_SECURE
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "accounts.sessions"
UPLOAD_ARRIVES_WITHIN = 10  # seconds after a browser stopped sending a file, its last bytes can still be on the way
SESSION_IDLE = 2 * 60 * 60  # without a sign of the person
SESSION_LASTS = 12 * 60 * 60  # whatever the person does
# Longer than both, so that the sign-in page of the next morning says why the session ended.
SESSION_COOKIE_AGE = 36 * 60 * 60
# In the session, not in a cookie of their own: that would outlive the person and carry no prefix.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = COOKIES_ARE_SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "console.error_pages.too_old"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, *MEDIA_ORIGINS, *TRUSTED_LOCAL_ORIGINS],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# An order of batches sends two fields for each of up to 5,000 (50 pages of a hundred).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_050
# Pasted labels of 10 MiB, a CSV of 5 MB; not counting files, but counting the escapes of an urlencoded form.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

# People

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home:index"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.adapters.ConsoleAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.NewPasswordForm",
    "reauthenticate": "accounts.forms.ConfirmForm",
    "reset_password": "accounts.forms.ResetForm",
}
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 30 * 60
MFA_ADAPTER = "accounts.adapters.SealedMFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.mfa_forms.CodeForm",
    "reauthenticate": "accounts.mfa_forms.ConfirmCodeForm",
    "authenticate_webauthn": "accounts.mfa_forms.PasskeyForm",
    "login_webauthn": "accounts.mfa_forms.SignInPasskeyForm",
    "reauthenticate_webauthn": "accounts.mfa_forms.ConfirmPasskeyForm",
    "add_webauthn": "accounts.mfa_forms.NewPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Annotation Console"
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator gives the address, the invitation proves it

# Logs

DEFAULT_EXCEPTION_REPORTER = "console.error_reports.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "console.error_reports.ReporterFilter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masked": {"()": "console.common.redaction.LogFilter"}},
    "formatters": {"json": {"()": "console.json_logging.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["masked"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"propagate": True},
        # It sets up its own handlers, which mask nothing; this comes after and takes their place.
        "gunicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # Its own lines about every message say nothing that the jobs page does not.
        "huey": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}

"""Django's settings, read from the environment that ``runtime.records`` prepares.

``RELEVE_HOME`` is the home's folder; ``RELEVE_DATABASE`` a PostgreSQL connection string (absent:
SQLite inside the home); ``RELEVE_SESSION_MINUTES`` the lifetime of an idle session. Cookies are
marked « secure » per answer (``secure``): the part itself speaks https outside loopback.
Importing this file writes nothing and needs no home: type checks and ``--help`` import it too.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from releve.web import bodies

HOME = Path(os.environ.get("RELEVE_HOME", "var/home"))


def _secret_key() -> str:
    """The key kept in the home, or one for this process alone when there is no home yet."""
    try:
        return (HOME / "secrets" / "web" / "django.key").read_text("ascii")
    except OSError:
        return secrets.token_urlsafe(48)


def _database() -> dict[str, Any]:
    dsn = os.environ.get("RELEVE_DATABASE")
    if dsn:
        from psycopg.conninfo import conninfo_to_dict

        fields = conninfo_to_dict(dsn)
        named = {key: fields.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": named["dbname"],
            "USER": named["user"],
            "PASSWORD": named["password"],
            "HOST": named["host"],
            "PORT": named["port"],
            "OPTIONS": fields,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "records.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0;"
                " PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=ON"
            ),
        },
    }


SECRET_KEY = _secret_key()
DEBUG = False
#: Any name or address reaches the page: there may be no DNS. What this guards against elsewhere
#: (links in e-mails built from the host) does not exist here: no absolute link is ever made.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "releve.pages",
    "releve.jobs.app",
    "releve.ledger.app",
    "releve.establishment.app",
    "releve.vault.app",
    "releve.care.app",
    "releve.incident.app",
    "releve.drill.app",
    "releve.retention.app",
    "releve.web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "csp",
]
MIDDLEWARE = [
    "releve.web.secure.SecureCookies",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "releve.web.assets.Assets",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "releve.pages.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "releve.pages.rights.RightsMiddleware",
]
ROOT_URLCONF = "releve.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "releve.pages.frame.frame",
            ],
        },
    }
]
DATABASES = {"default": _database()}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What the rooms above ``pages`` supply to it.
RELEVE_ACTS = "releve.web.acts.ACTS"
RELEVE_NAVIGATION = "releve.web.navigation.NAVIGATION"
RELEVE_LIVE_SOURCE = "releve.web.lines.LedgerLines"
RELEVE_GATES = "releve.web.gates.closed_tonight"
RELEVE_REAL_CRISIS = "releve.web.real_crisis.CRISIS"

# Accounts: local only; no sign-up, no e-mail, no directory.
AUTH_USER_MODEL = "pages.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["login", "name"]},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/connexion/"
ACCOUNT_ADAPTER = "releve.pages.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_ADAPTER = "releve.pages.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Relève"
#: One step of 30 s on each side: clocks drift when the time server is down.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODE_DIGITS = 10

# Sessions and cookies.
SESSION_COOKIE_NAME = bodies.SESSION_COOKIE
SESSION_COOKIE_AGE = 60 * int(os.environ.get("RELEVE_SESSION_MINUTES", "30"))
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "releve_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
#: A request stays in memory whole, its files too (they may hold names): ``bodies`` lets none by
#: that is larger than this, above which the framework would write it to a temporary folder.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = bodies.LARGE
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/fixe/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

USE_TZ = True
TIME_ZONE = "Europe/Paris"
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "français"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "releve_langue"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
#: Slow enough for guessing, and the default of the framework; no native module is needed.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]

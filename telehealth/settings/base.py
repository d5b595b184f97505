"""Apps, middleware, templates, static files, language."""

from __future__ import annotations

import sys
from pathlib import Path

from . import env

BASE_DIR = Path(__file__).resolve().parents[2]
# Known by the running interpreter and not by the environment: a server that a test starts is not a test.
TESTING = "pytest" in sys.modules
DEBUG = False
DEMO_MODE = env.flag("DEMO_MODE", default=False)
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "daphne",
    "channels",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    # Above allauth, so that our templates and commands win over those of packages.
    "frontend.apps.FrontendConfig",
    "telehealth.core",
    "telehealth.audit",
    "telehealth.accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_vite",
    "django_htmx",
    "telehealth.programs",
    "telehealth.enrollment",
    "sessions.apps.SessionsConfig",
    "realtime.apps.RealtimeConfig",
    "telehealth.reports",
    "telehealth.demo",
]

MIDDLEWARE = [
    "telehealth.core.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "telehealth.core.middleware.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "telehealth.accounts.middleware.IdleSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "telehealth.audit.middleware.DomainErrorMiddleware",
    "telehealth.accounts.middleware.AccessMiddleware",
]

ROOT_URLCONF = "telehealth.urls"
ASGI_APPLICATION = "telehealth.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "telehealth.accounts.context.page",
            ],
        },
    }
]

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# No collectstatic: the server reads the finders once when it starts.
STATIC_ROOT = None
_BUILT = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [_BUILT] if _BUILT.is_dir() else []
# Vite puts a content hash into every name it writes, so Django need not do it again.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+-[0-9A-Za-z_-]{8,12}\.(css|js|svg|woff2|png|webp)$"
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": _BUILT / "manifest.json",
        "static_url_prefix": "",
    }
}

"""Structured logs on standard error: one JSON object a line, ids only."""

from __future__ import annotations

from . import env

LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "telehealth.core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # Our own line per request says more (route, actor, request id) and less (no path, no query).
        "django.channels.server": {"level": "ERROR"},
        "daphne": {"level": "WARNING"},
    },
}

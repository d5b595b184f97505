"""Database and cache: SQLite and memory by default, PostgreSQL and Redis by URL."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Any

import dj_database_url

from . import env
from .base import DATA_DIR, TESTING

# Both may hold a password.
DATABASE_URL = env.secret("DATABASE_URL")
REDIS_URL = env.secret("REDIS_URL")
IS_DEMO_DATABASE_ALLOWED = env.flag("DEMO_DATABASE", default=False)


def _sqlite() -> dict[str, Any]:  # Django's own shape of a database entry
    """Describe the embedded database: WAL, write lock taken at BEGIN, patient waiters.

    IMMEDIATE, because a transaction that reads first and writes later cannot wait for another writer: SQLite
    would refuse it at once. Tests skip the disk barrier and use a file of their own process, since the
    shared in-memory database does not let threads wait for each other. Without recursive triggers, REPLACE
    would take a row of an append-only table away without asking its guard.
    """
    with contextlib.suppress(OSError):  # commands that need no database work on a read-only checkout
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    durability = "OFF" if TESTING else "FULL"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous={durability}; PRAGMA recursive_triggers=ON"
            ),
        },
        "TEST": {"NAME": f"{tempfile.gettempdir()}/iop-test-{os.getpid()}.sqlite3"},
    }


def _postgresql(url: str) -> dict[str, Any]:  # the same
    """Describe the database behind an address.

    Tests keep nothing open in threads of their own: the database could not be dropped.
    """
    found = dj_database_url.parse(url, conn_max_age=0 if TESTING else 60, conn_health_checks=True)
    found["ENGINE"] = "telehealth.core.postgresql"
    found["OPTIONS"] = {**found.get("OPTIONS", {}), "server_side_binding": True, "prepare_threshold": 3}
    return dict(found)


DATABASES = {"default": _postgresql(DATABASE_URL) if DATABASE_URL else _sqlite()}

# Each of these threads holds one connection: their sum and one are what a web process asks of the database.
# SQLite has one writer at a time: there, and in tests, which clean it up, rooms share a single one with the
# background work.
PAGE_THREADS = 10
ROOM_THREADS = 4 if DATABASE_URL and not TESTING else 0

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "iop"}
}

"""The second run of the suite really uses the servers it was started for."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_the_one_the_settings_name() -> None:
    wanted = "postgresql" if settings.DATABASE_URL else "sqlite"
    assert connection.vendor == wanted


def test_a_run_on_services_has_both(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--on-services"):
        assert settings.DATABASE_URL
        assert settings.REDIS_URL
    else:
        assert not settings.DATABASE_URL
        assert not settings.REDIS_URL


@pytest.mark.django_db
def test_the_database_speaks_utc_and_keeps_microseconds() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW timezone")
            assert cursor.fetchone() == ("UTC",)
        else:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone() == (1,)


def test_the_cache_counts_and_forgets() -> None:
    cache.delete("contract")
    assert cache.add("contract", 1, timeout=60)
    assert not cache.add("contract", 5, timeout=60)
    assert cache.incr("contract") == 2
    cache.delete("contract")
    assert cache.get("contract") is None

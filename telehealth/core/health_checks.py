"""Health of what the kernel knows: database and clock. Realtime adds the relay and the channel layer."""

from __future__ import annotations

from datetime import UTC

from django.db import DatabaseError, connection

from . import clock
from .health import Health, register

CLOCK_TOLERANCE_SECONDS = 2.0


def register_all() -> None:
    """Register the kernel's checks."""
    register("database", database)
    register("clock", database_clock)


def database() -> Health:
    """Ask the database for one value."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return Health(ok=False, text="The database does not answer. Nobody can sign in or join.")
    return Health(ok=True, text=f"The database answers ({connection.display_name}).")


def database_clock() -> Health:
    """Compare this machine's clock with the database's; credited minutes depend on the former."""
    before = clock.now()
    query = (
        "SELECT strftime('%%Y-%%m-%%dT%%H:%%M:%%f', 'now')"
        if connection.vendor == "sqlite"
        else "SELECT clock_timestamp()"
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, [])
            value = cursor.fetchone()[0]
    except DatabaseError:
        return Health(ok=False, text="The database's clock cannot be read.")
    told = type(before).fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value
    middle = before + (clock.now() - before) / 2
    apart = abs((told - middle).total_seconds())
    if apart > CLOCK_TOLERANCE_SECONDS:
        return Health(
            ok=False,
            text=f"This machine's clock and the database's are {apart:.0f} seconds apart. Check time sync.",
        )
    return Health(ok=True, text="This machine's clock and the database's agree.")

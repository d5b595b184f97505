"""Health of the parts the kernel knows: database, channel layer, clock. Realtime adds the relay."""

from __future__ import annotations

from datetime import UTC

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection

from . import clock
from .health import Health, register

CLOCK_TOLERANCE_SECONDS = 2.0


def register_all() -> None:
    """Register the kernel's checks."""
    register("database", database)
    register("messages", channel_layer)
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


def channel_layer() -> Health:
    """Send one message through the channel layer and take it out again."""
    layer = get_channel_layer()
    if layer is None:
        return Health(ok=False, text="There is no channel layer; rooms cannot update.")
    try:
        received = async_to_sync(_round_trip)(layer)
    except (OSError, TimeoutError):
        return Health(ok=False, text="Messages between processes do not get through; rooms cannot update.")
    if not received:
        return Health(ok=False, text="A message between processes was lost; rooms may be slow to update.")
    return Health(ok=True, text="Messages to the rooms get through.")


async def _round_trip(layer) -> bool:  # type: ignore[no-untyped-def]  # channels has no types
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "health.probe"})
    message = await layer.receive(channel)
    return bool(message.get("type") == "health.probe")


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

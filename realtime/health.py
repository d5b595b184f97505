"""The live rooms' lines on the health page."""

from __future__ import annotations

import secrets

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from realtime import runtime
from realtime.layer import RoomLayer
from telehealth.core.health import Health, register

# A measurement is good to half its round trip; beyond this, minutes could be credited wrongly by a second.
WORST_ROUND_TRIP_NS = 1_000_000_000


def register_checks() -> None:
    """Put the checks on the health page."""
    register("relay", relay)
    register("relay clock", relay_clock)
    register("channel layer", channel_layer)


def relay() -> Health:
    """Ask whether this process is linked to the relay."""
    if not settings.RELAY_CONTROL_URL:
        return Health(ok=False, text="No media relay is configured (RELAY_CONTROL_URL).")
    running = runtime.current()
    if running is None:
        return Health(ok=True, text="No room has been used in this process yet, so it is not linked.")
    if running.relay.boot is None:
        return Health(ok=False, text="The media relay cannot be reached. It is tried again all the time.")
    if running.is_behind:
        return Health(ok=False, text="The relay answers, but its facts could not be stored. They wait there.")
    if running.memory.is_draining:
        return Health(ok=True, text="Linked. The relay is about to end and takes no new rooms.")
    return Health(ok=True, text="Linked.")


def relay_clock() -> Health:
    """Judge the last measurement of the relay's clock."""
    running = runtime.current()
    reading = running.relay.clock if running else None
    if reading is None:
        return Health(ok=True, text="Not measured yet.")
    milliseconds = reading.round_trip_ns / 2_000_000
    text = f"Measured to within {milliseconds:.1f} ms."
    return Health(ok=reading.round_trip_ns <= WORST_ROUND_TRIP_NS, text=text)


def channel_layer() -> Health:
    """Send a message to ourselves."""
    if not settings.REDIS_URL:
        return Health(ok=True, text="In this process; one web process only.")
    layer = get_channel_layer()
    if layer is None:
        return Health(ok=False, text="No channel layer is configured.")
    return async_to_sync(_round_trip)(layer, secrets.token_hex(8))


async def _round_trip(layer: object, word: str) -> Health:
    channel = await layer.new_channel("health")  # type: ignore[attr-defined]  # Channels has no types
    await layer.send(channel, {"type": "health", "word": word})  # type: ignore[attr-defined]
    answer = await layer.receive(channel)  # type: ignore[attr-defined]
    if isinstance(layer, RoomLayer):
        await layer.forget(channel)
    return Health(ok=answer.get("word") == word, text="Messages arrive.")

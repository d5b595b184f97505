"""Names of channel-layer groups and what they carry: ids, numbers and states, never names or notes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Literal, TypedDict
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class RoomEvents(TypedDict):
    """Some numbered changes of a room; `seq` is the last one's number."""

    type: Literal["room.events"]
    seq: int
    changes: list[Mapping[str, object]]


class ConnectionGone(TypedDict):
    """A connection lost its place. `but_socket` is the one socket that goes on with it, if it was resumed."""

    type: Literal["connection.gone"]
    connection: str
    why: Literal["superseded", "removed", "left", "timeout", "consent_revoked"]
    but_socket: str


class PersonRemoved(TypedDict):
    """A person was removed, wherever their sockets are."""

    type: Literal["person.removed"]
    participant: str


class AttendanceChanged(TypedDict):
    """Facts or records of the room changed."""

    type: Literal["attendance.changed"]


class LoginEnded(TypedDict):
    """A browser session was logged out."""

    type: Literal["login.ended"]


GroupMessage = RoomEvents | ConnectionGone | PersonRemoved | AttendanceChanged | LoginEnded


def room_group(group_session_id: UUID) -> str:
    """Name the group of everybody in a room."""
    return f"room.{group_session_id.hex}"


def login_group(session_key: str) -> str:
    """Name the group of a browser session's sockets; the key itself must not leave the database."""
    return f"login.{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


async def tell(group: str, message: GroupMessage) -> None:
    """Send a message to a group, or note that it could not be sent.

    What it speaks of is committed by now: who misses it finds a gap in the numbers and asks for a snapshot.
    """
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async with asyncio.timeout(settings.CHANNEL_SEND_SECONDS):
            await layer.group_send(group, message)
    except (RedisError, OSError):  # TimeoutError is an OSError
        logger.warning("channel_layer.send_failed", extra={"group": group, "kind": message["type"]})

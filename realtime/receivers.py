"""Listen to what the sessions announce after their commits: tell the sockets, then command the relay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from realtime import runtime
from realtime.desk import RelayDesk
from realtime.groups import GroupMessage, login_group, room_group, tell
from sessions import events


def connect() -> None:
    """Connect everything once, when the apps are ready."""
    events.room_changed.connect(tell_changes, dispatch_uid="realtime.changes")
    events.connection_superseded.connect(close_superseded, dispatch_uid="realtime.superseded")
    events.connection_released.connect(close_released, dispatch_uid="realtime.released")
    events.participant_removed.connect(close_removed, dispatch_uid="realtime.removed")
    events.session_ended.connect(close_room, dispatch_uid="realtime.ended")
    events.attendance_changed.connect(tell_attendance, dispatch_uid="realtime.attendance")
    user_logged_out.connect(close_login, dispatch_uid="realtime.logged_out")


# Any: signals carry their sender and more than a receiver asks for.
def tell_changes(*, group_session_id: UUID, seq: int, changes: list[Mapping[str, object]], **_: Any) -> None:
    """Hand numbered changes to the room, and let the relay follow who may send what."""
    _send(room_group(group_session_id), {"type": "room.events", "seq": seq, "changes": changes})
    # Who waits sends nothing: when many come, the relay and the database are left alone.
    people = [
        str(change["id"])
        for change in changes
        if change["kind"] == "participant" and change["state"] != "WAITING"
    ]
    lock = any(change["kind"] == "session" for change in changes)
    if people or lock:
        _at_desk(lambda desk: desk.refresh(str(group_session_id), people, lock=lock))


def close_superseded(*, group_session_id: UUID, connection: UUID, **_: Any) -> None:
    """Stop the device that was replaced by another one."""
    _send(
        room_group(group_session_id),
        {"type": "connection.gone", "connection": str(connection), "why": "superseded", "but_socket": ""},
    )
    _at_desk(lambda desk: desk.close(str(connection), "superseded"))


def close_released(*, group_session_id: UUID, connection: UUID, reason: str, **_: Any) -> None:
    """Stop a device whose place was given up."""
    match reason:
        case "left" | "timeout" | "consent_revoked":
            _send(
                room_group(group_session_id),
                {
                    "type": "connection.gone",
                    "connection": str(connection),
                    "why": reason,
                    "but_socket": "",
                },
            )
            _at_desk(lambda desk: desk.close(str(connection), reason))
        case _:
            raise ValueError(reason)


def close_removed(*, group_session_id: UUID, participant: UUID, connection: UUID | None, **_: Any) -> None:
    """Stop all sockets and the media of somebody who was removed."""
    _send(room_group(group_session_id), {"type": "person.removed", "participant": str(participant)})
    if connection is not None:
        _at_desk(lambda desk: desk.close(str(connection), "removed"))


def close_room(*, group_session_id: UUID, **_: Any) -> None:
    """Stop all media of a room; its sockets close on the event that says it is over."""
    _at_desk(lambda desk: desk.close_room(str(group_session_id), "ended"))


def tell_attendance(*, group_session_id: UUID, **_: Any) -> None:
    """Let the sockets of a room read the minutes anew."""
    _send(room_group(group_session_id), {"type": "attendance.changed"})


def close_login(*, request: HttpRequest | None, **_: Any) -> None:
    """Close the sockets of a browser session that was logged out; other browsers stay signed in."""
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    if session_key:
        _send(login_group(session_key), {"type": "login.ended"})


def _send(group: str, message: GroupMessage) -> None:
    running = runtime.current()
    if running is None:  # a command
        async_to_sync(tell)(group, message)
    else:
        running.submit(lambda: running.announcer.say(group, message))


def _at_desk(action: Callable[[RelayDesk], None]) -> None:
    # Any process may have committed this. Where no link to the relay lives, the worker's comparison of seats
    # and connections does the same a second later.
    running = runtime.current()
    if running is not None:
        running.submit(lambda: action(running.desk))

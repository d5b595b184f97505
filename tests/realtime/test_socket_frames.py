"""Frames outside the protocol, too large, too many, or not for this role."""

from __future__ import annotations

import json

import pytest
from channels.db import database_sync_to_async

from realtime.runtime import Runtime
from realtime.wire.room import CLIENT_TYPES, MAX_FRAME_BYTES
from telehealth.accounts.access import MESSAGES
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.realtime.tabs import Tab, login, open_tab

pytestmark = pytest.mark.django_db(transaction=True)

STAFF_ONLY = [
    "session.start",
    "session.end",
    "break.start",
    "break.end",
    "participant.admit",
    "participants.admit_all",
    "participant.mute",
    "participant.stop_video",
    "participant.move",
    "room.lock",
    "participant.remove",
    "participant.readmit",
]


async def test_a_frame_outside_the_protocol_is_answered_and_forgiven(cast: Cast, runtime: Runtime) -> None:
    frames = [
        ("not json", None),
        ("[]", None),
        ("[" * 40_000, None),
        ('{"type": "join", "id": 7}', 7),
        ('{"type": "participant.unmute", "id": 8, "participant": "x"}', 8),
        ('{"type": "ping", "id": 9, "extra": 1}', 9),
        ('{"type": "ping", "id": true}', None),
        ('{"type": "ping", "id": "9"}', None),
        ('{"type": "ping", "id": -1}', None),
        ("\x00", None),
    ]
    client = await database_sync_to_async(login)(cast.patient)
    for text, number in frames:
        tab = Tab(cast.group_session.pk, client)
        assert await tab.connect()
        await tab.send_text(text)
        answer = await tab.until("error")
        assert (answer["error"], answer["id"]) == ("bad_message", number), text[:80]
        assert (await tab.call("ping"))["type"] == "pong"
        await tab.cut()


async def test_binary_frames_are_outside_the_protocol(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.send_bytes(b"\x01\x02")
    assert (await tab.until("error"))["error"] == "bad_message"
    await tab.cut()


async def test_who_keeps_sending_nonsense_is_closed(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    for _ in range(4):
        await tab.send_text("{}")
    assert await tab.closing() == ("bad_message", 4400)


async def test_an_oversized_frame_closes(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.send_text(json.dumps({"type": "ping", "id": 1, "pad": "x" * MAX_FRAME_BYTES}))
    assert await tab.closing() == ("too_large", 4413)


async def test_size_is_counted_in_bytes_not_in_characters(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.send_text('{"pad": "' + "ä" * (MAX_FRAME_BYTES // 2) + '"}')
    assert await tab.closing() == ("too_large", 4413)


async def test_a_flood_closes(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    for _ in range(400):
        await tab.send("ping")
    assert await tab.closing() == ("rate_limited", 4429)


async def test_everything_but_ping_needs_a_join(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.therapist)
    assert (await tab.call("ping"))["seq"] == 0
    for kind, fields in {
        "publish.offer": {"generation": 1, "sdp": "v=0"},
        "subscribe.request": {"generation": 1},
        "media.set": {"microphone": True, "camera": True},
        "snapshot.get": {},
        "leave": {},
        "session.start": {},
        "participants.admit_all": {},
    }.items():
        answer = await tab.call(kind, **fields)
        assert (answer["type"], answer["error"]) == ("error", "not_joined"), kind
    await tab.cut()


async def test_patients_cannot_run_the_room(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.join()
    for kind in STAFF_ONLY:
        fields = {"participant": str(cast.patient.pk)} if kind.startswith("participant.") else {}
        more = {"participant.move": {"side_room": None}, "room.lock": {"locked": True}}.get(kind, {})
        answer = await tab.call(kind, **fields, **more)
        assert (answer["type"], answer["error"], answer["reason"]) == ("error", "denied", "role"), kind
        event = await AuditEvent.objects.alatest("seq")
        assert event.data["where"] == f"room:{kind}"
    await tab.cut()


def test_the_permission_table_knows_exactly_the_protocols_messages() -> None:
    assert set(MESSAGES) == set(CLIENT_TYPES)
    assert {kind for kind, roles in MESSAGES.items() if "patient" not in roles} == set(STAFF_ONLY)

"""The channel layer may lose anything; numbers, snapshots and pings heal it. And it carries no names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from realtime import receivers
from realtime.runtime import Runtime
from sessions import events
from sessions.services import room as services
from telehealth.core import clock
from tests.cast import Cast
from tests.realtime.tabs import Tab, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


async def run(service: Callable[..., object], cast: Cast, **fields: object) -> None:
    """Call a service as another process would."""
    await database_sync_to_async(service)(
        actor=cast.therapist, group_session_id=cast.group_session.pk, at=clock.now(), **fields
    )


async def waiting_patient(cast: Cast) -> Tab:
    """Put the patient into the waiting room."""
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.join()
    return tab


async def test_a_lost_last_event_shows_at_the_next_ping(
    cast: Cast, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await waiting_patient(cast)
    with monkeypatch.context() as lossy:
        lossy.setattr(receivers, "_send", lambda group, message: None)
        await run(services.open_session, cast)
    pong = await tab.call("ping")
    snapshot = next(message for message in tab.seen if message["type"] == "snapshot")
    assert snapshot["id"] is None
    assert snapshot["snapshot"]["session"]["phase"] == "OPEN"
    assert pong["seq"] == snapshot["snapshot"]["seq"]
    await tab.cut()


async def test_a_gap_is_healed_by_a_snapshot_and_not_by_guessing(
    cast: Cast, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await waiting_patient(cast)
    with monkeypatch.context() as lossy:
        lossy.setattr(receivers, "_send", lambda group, message: None)
        await run(services.open_session, cast)
    await run(services.admit, cast, participant=cast.patient.pk)
    healed = await tab.until("snapshot")
    own = next(each for each in healed["snapshot"]["participants"] if each["id"] == str(cast.patient.pk))
    assert own["state"] == "IN_ROOM"
    assert (await tab.call("publish.offer", generation=1, sdp="v=0"))["type"] == "publish.answer"
    await tab.cut()


async def test_repeated_and_old_events_are_not_passed_on(cast: Cast, runtime: Runtime) -> None:
    sent: list[dict[str, Any]] = []

    def listen(**payload: Any) -> None:
        sent.append(payload)

    events.room_changed.connect(listen)
    try:
        tab = await waiting_patient(cast)
        await run(services.open_session, cast)
        first = await tab.until("event")
        for payload in sent:
            await database_sync_to_async(receivers.tell_changes)(
                group_session_id=payload["group_session_id"], seq=payload["seq"], changes=payload["changes"]
            )
        await tab.call("ping")
    finally:
        events.room_changed.disconnect(listen)
    numbers = [message["seq"] for message in tab.seen if message["type"] == "event"]
    assert numbers == sorted(set(numbers))
    assert first["seq"] in numbers
    await tab.cut()


async def test_a_removal_that_was_never_announced_still_ends_the_socket(
    cast: Cast, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await waiting_patient(cast)
    with monkeypatch.context() as lossy:
        lossy.setattr(receivers, "_send", lambda group, message: None)
        await run(services.remove, cast, participant=cast.patient.pk, reason=services.RemovalReason.OTHER)
    assert (await tab.call("ping"))["error"] == "removed"
    assert await tab.close_code() == 4410


async def test_a_snapshot_may_be_asked_for(cast: Cast, runtime: Runtime) -> None:
    tab = await waiting_patient(cast)
    answer = await tab.call("snapshot.get")
    assert answer["snapshot"] == tab.welcome["snapshot"]
    await tab.cut()


async def test_messages_between_processes_carry_no_names(
    cast: Cast, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person, name in ((cast.patient, "Zebulon"), (cast.therapist, "Xanthippe")):
        person.given_name, person.family_name, person.email = name, "Quixley", f"{name}@quixley.example"
        await person.asave()
    carried: list[str] = []
    layer = get_channel_layer()
    group_send = layer.group_send

    async def listen(group: str, message: dict[str, Any]) -> None:
        carried.append(group + json.dumps(message))
        await group_send(group, message)

    monkeypatch.setattr(layer, "group_send", listen)
    therapist = await open_tab(cast.group_session.pk, cast.therapist)
    await therapist.join()
    patient = await waiting_patient(cast)
    await therapist.call("session.start")
    await therapist.call("participant.admit", participant=str(cast.patient.pk))
    await therapist.call("participant.mute", participant=str(cast.patient.pk))
    await therapist.call("break.start")
    await therapist.call("participant.remove", participant=str(cast.patient.pk), reason="privacy")
    await therapist.call("session.end")
    assert patient.client is not None
    session_key = patient.client.cookies["sessionid"].value
    await database_sync_to_async(patient.client.logout)()
    text = " ".join(carried).lower()
    assert str(cast.patient.pk) in text
    for person in (cast.patient, cast.therapist):
        for private in (person.email, person.given_name, person.family_name, person.peer_name):
            assert private.lower() not in text
    assert "privacy" not in text
    assert session_key not in text
    await therapist.cut()

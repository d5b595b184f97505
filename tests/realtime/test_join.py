"""Every join passes the gate; where it leads depends on who comes and when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async

from realtime.presence import Kind, MemoryPresence
from realtime.runtime import Runtime
from sessions.models import GroupSession, Participation, SessionState
from telehealth.core import clock
from tests import cast as casting
from tests.cast import Cast, sign_everything
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import open_tab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def early_cast(transactional_db: None) -> Cast:
    """Give everybody an hour before the session."""
    return casting.build(at=clock.now(), starts_in=timedelta(hours=1))


async def test_a_patient_waits_and_has_no_media(cast: Cast, runtime: Runtime, relay: FakeRelay) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    welcome = await tab.join()
    assert welcome["type"] == "welcome"
    assert (welcome["you"]["state"], welcome["you"]["role"]) == ("WAITING", "patient")
    assert welcome["you"]["name"] == cast.patient.peer_name
    assert [each["id"] for each in welcome["snapshot"]["participants"]] == [str(cast.patient.pk)]
    assert relay.connections == {}
    answer = await tab.call("publish.offer", generation=1, sdp="v=0")
    assert answer["error"] == "not_in_room"
    await tab.cut()


@pytest.mark.parametrize("who", ["therapist", "covering_therapist"])
async def test_a_clinician_of_the_program_is_seated_at_once(
    cast: Cast, runtime: Runtime, relay: FakeRelay, who: str
) -> None:
    tab = await open_tab(cast.group_session.pk, getattr(cast, who))
    welcome = await tab.join(camera=False)
    assert (welcome["you"]["state"], welcome["you"]["role"]) == ("IN_ROOM", "facilitator")
    assert (await tab.call("publish.offer", generation=1, sdp="v=0"))["type"] == "publish.answer"
    held = relay.connections[tab.connection]
    assert (held["room"], held["participant"]) == (str(cast.group_session.pk), str(getattr(cast, who).pk))
    assert (held["microphone"], held["camera"]) == (True, False)
    await tab.cut()


async def test_before_the_waiting_room_opens_nobody_waits(early_cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(early_cast.group_session.pk, early_cast.patient)
    answer = await tab.join()
    assert (answer["type"], answer["error"]) == ("closing", "not_yet_open")
    assert await tab.close_code() == 4425


async def test_a_missing_agreement_is_named_with_the_way_to_sign_it(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient_unsigned)
    answer = await tab.join()
    assert (answer["type"], answer["error"]) == ("closing", "denied")
    assert answer["reason"] == "treatment_missing"
    assert answer["way_out"].startswith("/my/agreements/")
    assert f"%2Frooms%2F{cast.group_session.pk}%2F" in answer["way_out"]
    assert await tab.close_code() == 4403


async def test_who_has_signed_gets_in(cast: Cast, runtime: Runtime) -> None:
    await database_sync_to_async(sign_everything)(cast.patient_unsigned, clock.now())
    tab = await open_tab(cast.group_session.pk, cast.patient_unsigned)
    assert (await tab.join())["you"]["state"] == "WAITING"
    await tab.cut()


@pytest.mark.parametrize("state", [SessionState.ENDED, SessionState.CANCELLED])
async def test_a_session_that_is_over_is_over(cast: Cast, runtime: Runtime, state: SessionState) -> None:
    await GroupSession.objects.filter(pk=cast.group_session.pk).aupdate(state=state)
    tab = await open_tab(cast.group_session.pk, cast.patient)
    answer = await tab.join()
    assert (answer["type"], answer["error"]) == ("closing", "ended")
    assert await tab.close_code() == 4411


async def test_joining_twice_on_one_socket_is_a_conflict(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.join()
    assert (await tab.join())["error"] == "conflict"
    await tab.cut()


async def test_patients_never_read_legal_names_or_lobby_times(cast: Cast, runtime: Runtime) -> None:
    therapist = await open_tab(cast.group_session.pk, cast.therapist)
    await therapist.join()
    patient = await open_tab(cast.group_session.pk, cast.patient)
    for person in (await patient.join())["snapshot"]["participants"]:
        assert person["full_name"] is None
        assert person["lobby_at"] is None
    shown = await therapist.until_state(cast.patient.pk, "WAITING")
    assert shown["change"]["full_name"] == cast.patient.full_name
    assert shown["change"]["lobby_at"] is not None
    await therapist.cut()
    await patient.cut()


class WatchfulPresence(MemoryPresence):
    """Notes at each new lease whether its connection had a place already."""

    def __init__(self) -> None:
        super().__init__()
        self.had_a_place: list[bool] = []

    async def renew(self, connection: str, kind: Kind, seconds: float) -> None:
        """Look into the database first."""
        places = Participation.objects.filter(connection=connection)
        self.had_a_place.append(await database_sync_to_async(places.exists)())
        await super().renew(connection, kind, seconds)


async def test_who_comes_is_seen_before_the_place_is_taken(cast: Cast, runtime: Runtime) -> None:
    # Otherwise a sweep between the two would take the place away again.
    runtime.presence = presence = WatchfulPresence()
    tab = await open_tab(cast.group_session.pk, cast.patient)
    await tab.join()
    assert presence.had_a_place[:2] == [False, True]
    await tab.cut()

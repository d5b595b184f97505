"""Only pages of ours, live logins and people of this room get a socket; everybody else is told why not."""

from __future__ import annotations

from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session
from pytest_django import Settings

from realtime.runtime import Runtime
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.realtime.tabs import Tab, login, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


async def test_pages_of_others_are_refused_at_the_handshake(cast: Cast, runtime: Runtime) -> None:
    client = await database_sync_to_async(login)(cast.patient)
    strangers = ["https://evil.example", "http://localhost:8001", "null", "http://localhost.evil.example"]
    for origin in (None, *strangers):
        assert not await Tab(cast.group_session.pk, client, origin=origin).connect(), origin


async def test_a_socket_that_leads_nowhere_is_refused(cast: Cast, runtime: Runtime) -> None:
    client = await database_sync_to_async(login)(cast.patient)
    for path in ("/ws/rooms/not-an-id/", "/ws/", "/"):
        assert not await Tab(None, client, path=path).connect(), path


async def test_a_stranger_is_told_to_sign_in(cast: Cast, runtime: Runtime) -> None:
    tab = Tab(cast.group_session.pk, None)
    await tab.connect()
    assert await tab.closing() == ("unauthenticated", 4401)


async def test_an_expired_login_is_told_to_sign_in(cast: Cast, runtime: Runtime) -> None:
    client = await database_sync_to_async(login)(cast.patient)
    await Session.objects.all().adelete()
    tab = Tab(cast.group_session.pk, client)
    await tab.connect()
    assert await tab.closing() == ("unauthenticated", 4401)


async def test_nothing_is_read_from_a_socket_without_a_login(cast: Cast, runtime: Runtime) -> None:
    tab = Tab(cast.group_session.pk, None)
    await tab.connect()
    await tab.send("join", microphone=True, camera=True)
    assert await tab.closing() == ("unauthenticated", 4401)
    assert [message["type"] for message in tab.seen] == ["closing"]


async def test_a_room_that_does_not_exist_is_not_found(cast: Cast, runtime: Runtime) -> None:
    tab = await open_tab(uuid4(), cast.patient)
    assert await tab.closing() == ("not_found", 4404)


async def test_the_room_of_others_is_not_found(cast: Cast, runtime: Runtime) -> None:
    for who in (cast.other_patient, cast.other_therapist, cast.patient_off_roster):
        tab = await open_tab(cast.group_session.pk, who)
        assert await tab.closing() == ("not_found", 4404)


async def test_accounts_that_never_take_part_are_denied_and_it_is_written_down(
    cast: Cast, runtime: Runtime
) -> None:
    for who in (cast.admin, cast.auditor, cast.case_manager, cast.system_admin):
        tab = await open_tab(cast.group_session.pk, who)
        assert await tab.closing() == ("denied", 4403)
        event = await AuditEvent.objects.alatest("seq")
        assert (event.actor_id, event.data["where"]) == (who.pk, "room:join")


async def test_staff_without_their_second_factor_are_denied(
    cast: Cast, runtime: Runtime, settings: Settings
) -> None:
    settings.REQUIRE_STAFF_MFA = True
    tab = await open_tab(cast.group_session.pk, cast.therapist_without_mfa)
    assert await tab.closing() == ("denied", 4403)


async def test_a_deactivated_account_has_no_login(cast: Cast, runtime: Runtime) -> None:
    client = await database_sync_to_async(login)(cast.patient)
    cast.patient.is_active = False
    await cast.patient.asave(update_fields=["is_active"])
    tab = Tab(cast.group_session.pk, client)
    await tab.connect()
    assert await tab.closing() == ("unauthenticated", 4401)

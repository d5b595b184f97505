"""Minutes reach the room as they change: all of them for facilitators, one's own for a patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest
from channels.db import database_sync_to_async

from realtime import attendance, receivers
from realtime.runtime import Runtime
from sessions.models import AttendanceRecord
from telehealth.core import clock
from tests.cast import Cast
from tests.realtime.tabs import Tab, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "EVERY_SECONDS", 0.0)


def write_minutes(cast: Cast, minutes: Mapping[UUID, int], *, known_earlier: timedelta = timedelta()) -> None:
    """Store what a computation would have, while the session runs."""
    at = clock.now() - known_earlier
    for user, worth in minutes.items():
        AttendanceRecord.objects.update_or_create(
            group_session=cast.group_session,
            patient=cast.record_of(next(each for each in people(cast) if each.pk == user)),
            defaults={
                "service_date": at.date(),
                "qualified_seconds": worth * 60 + 59,
                "strict_seconds": worth * 60,
                "credited_min": 0,
                "billable_min": 0,
                "hours_min": 0,
                "ratio": 0,
                "status": "IN_PROGRESS",
                "terms": cast.group_session.terms,
                "chain_head": "0" * 64,
                "as_of": at,
                "computed_at": at,
            },
        )
    receivers.tell_attendance(group_session_id=cast.group_session.pk)


def people(cast: Cast) -> tuple:  # type: ignore[type-arg]
    return (cast.patient, *cast.more_patients)


async def joined(cast: Cast, who: object) -> Tab:
    tab = await open_tab(cast.group_session.pk, who)  # type: ignore[arg-type]
    await tab.join()
    assert (await tab.until("attendance"))["participants"] == []
    return tab


async def test_a_facilitator_reads_all_minutes_and_a_patient_their_own(cast: Cast, runtime: Runtime) -> None:
    therapist, patient = await joined(cast, cast.therapist), await joined(cast, cast.patient)
    minutes = {cast.patient.pk: 12, cast.more_patients[0].pk: 7}
    await database_sync_to_async(write_minutes)(cast, minutes)
    told = (await therapist.until("attendance"))["participants"]
    assert {each["participant"]: each["minutes"] for each in told} == {
        str(who): worth for who, worth in minutes.items()
    }
    assert (await patient.until("attendance"))["participants"] == [
        {"participant": str(cast.patient.pk), "minutes": 12}
    ]
    await therapist.cut()
    await patient.cut()


async def test_minutes_that_did_not_change_are_not_told_again(cast: Cast, runtime: Runtime) -> None:
    tab = await joined(cast, cast.patient)
    await database_sync_to_async(write_minutes)(cast, {cast.patient.pk: 3})
    await tab.until("attendance")
    await database_sync_to_async(write_minutes)(cast, {cast.more_patients[0].pk: 5})
    assert await tab.is_quiet()
    await tab.cut()


async def test_what_is_known_up_to_an_earlier_time_does_not_replace_what_was_told(
    cast: Cast, runtime: Runtime
) -> None:
    tab = await joined(cast, cast.patient)
    await database_sync_to_async(write_minutes)(cast, {cast.patient.pk: 3})
    assert (await tab.until("attendance"))["participants"][0]["minutes"] == 3
    await database_sync_to_async(write_minutes)(
        cast, {cast.patient.pk: 2}, known_earlier=timedelta(minutes=1)
    )
    assert await tab.is_quiet()
    # Judged anew, for example after a camera was off for too long: that is told.
    await database_sync_to_async(write_minutes)(cast, {cast.patient.pk: 1})
    assert (await tab.until("attendance"))["participants"][0]["minutes"] == 1
    await tab.cut()

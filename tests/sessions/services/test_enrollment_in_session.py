"""What a discharge or a hold does to a patient who is in a room at that moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions import events
from sessions.models import AttendanceRecord, ParticipationState, PresenceEvent
from sessions.services import room
from sessions.services.recording import attendance
from telehealth.core.errors import Denied
from telehealth.enrollment.models import DischargeKind, EnrollmentState
from telehealth.enrollment.services import change_enrollment_state
from tests.cast import Cast
from tests.factories import Relay, fresh, heard, join, open_with, place_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def change(cast: Cast, state: EnrollmentState, after: timedelta, **more: Any) -> None:
    change_enrollment_state(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        state=state,
        at=cast.group_session.scheduled_start + after,
        **more,
    )


def hold(cast: Cast, after: timedelta) -> None:
    returns = cast.program.date_at(cast.at) + timedelta(days=3)
    change(cast, EnrollmentState.ON_HOLD, after, reason="Surgery", expected_return_on=returns)


def discharge(cast: Cast, after: timedelta) -> None:
    change(cast, EnrollmentState.DISCHARGED, after, discharge_kind=DischargeKind.COMPLETED)


@pytest.mark.parametrize("end", [hold, discharge])
def test_the_seat_ends_and_the_credit_up_to_then_stays(
    cast: Cast, end: Any, django_capture_on_commit_callbacks: Any
) -> None:
    start = cast.group_session.scheduled_start
    entries, relay = open_with(cast, cast.patient, cast.more_patients[0], at=start), Relay()
    for person, entry in entries.items():
        relay.first_packet(cast.group_session, person, entry.connection, start)
        relay.beat(cast.group_session, person, entry.connection, start + 50 * MINUTE)
    with (
        heard(events.participant_removed) as removed,
        django_capture_on_commit_callbacks(execute=True),
    ):
        end(cast, 40 * MINUTE)
    assert removed == [
        {
            "group_session_id": cast.group_session.pk,
            "participant": cast.patient.pk,
            "connection": entries[cast.patient].connection,
        }
    ]
    place = place_of(cast, cast.patient)
    assert (place.state, place.connection) == (ParticipationState.LEFT, None)
    fact = PresenceEvent.objects.get(kind="removed")
    assert (fact.participant, fact.data) == (cast.patient.pk, {"by": str(cast.admin.pk)})
    # The others stay, and the hours until then are kept.
    assert place_of(cast, cast.more_patients[0]).state == ParticipationState.IN_ROOM
    relay.deliver(start + 50 * MINUTE, as_of=start + 50 * MINUTE)
    attendance.recompute(cast.group_session.pk, at=start + 50 * MINUTE)
    record = AttendanceRecord.objects.get(
        group_session=cast.group_session, patient=cast.record_of(cast.patient)
    )
    assert record.qualified_seconds == 40 * 60
    with pytest.raises(Denied) as refusal:
        join(cast, cast.patient, start + 51 * MINUTE)
    assert refusal.value.error == "enrollment_not_in_force"


def test_somebody_who_waits_is_sent_home_without_a_fact(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    join(cast, cast.patient, cast.at)
    with django_capture_on_commit_callbacks(execute=True):
        hold(cast, -5 * MINUTE)
    assert place_of(cast, cast.patient).state == ParticipationState.LEFT
    assert not PresenceEvent.objects.filter(kind="removed").exists()


def test_a_taper_ends_nobodys_seat(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    open_with(cast, cast.patient, at=cast.group_session.scheduled_start)
    with django_capture_on_commit_callbacks(execute=True):
        change(cast, EnrollmentState.TAPER, 10 * MINUTE)
    assert place_of(cast, cast.patient).state == ParticipationState.IN_ROOM


def test_ending_a_seat_twice_changes_nothing(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.group_session.scheduled_start)
    ids: dict[str, Any] = {
        "group_session_id": cast.group_session.pk,
        "participant": cast.patient.pk,
        "by": cast.admin.pk,
        "at": cast.group_session.scheduled_start + MINUTE,
    }
    assert room.end_seat(**ids)
    seq = fresh(cast.group_session).room_seq
    assert not room.end_seat(**ids)
    assert fresh(cast.group_session).room_seq == seq

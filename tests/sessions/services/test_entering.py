"""Coming into a room: the gate, the waiting room, the seat, the second device."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from sessions import events
from sessions.models import GroupSession, ParticipationState, PresenceEvent, RoomRole, ServiceType
from sessions.services import room
from sessions.services.scheduling import schedule
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict, Denied, NotFound, NotReady
from tests.cast import Cast
from tests.factories import fresh, heard, join, open_with, place_of, resume_of

pytestmark = pytest.mark.django_db

BRIDGE = timedelta(seconds=120)


def kinds(group_session: GroupSession) -> list[str]:
    return list(
        PresenceEvent.objects.filter(group_session=group_session)
        .order_by("id")
        .values_list("kind", flat=True)
    )


def leave(cast: Cast, person: User, entry: room.Entry) -> None:
    room.leave(actor=person, group_session_id=cast.group_session.pk, connection=entry.connection, at=cast.at)


def test_a_patient_waits_until_somebody_admits_them(cast: Cast) -> None:
    entry = join(cast, cast.patient, cast.at)
    assert (entry.state, entry.role) == (ParticipationState.WAITING, RoomRole.PATIENT)
    assert kinds(cast.group_session) == ["lobby_entered"]
    assert place_of(cast, cast.patient).lobby_at == cast.at


def test_a_facilitator_is_seated_at_once_and_that_is_a_fact(cast: Cast) -> None:
    assert join(cast, cast.therapist, cast.at).state is ParticipationState.IN_ROOM
    assert PresenceEvent.objects.get().data == {"role": "facilitator"}


def test_a_covering_colleague_of_the_program_may_lead(cast: Cast) -> None:
    assert join(cast, cast.covering_therapist, cast.at).role is RoomRole.FACILITATOR


def test_the_waiting_room_opens_fifteen_minutes_before_the_start_and_says_when(cast: Cast) -> None:
    opens = cast.group_session.lobby_opens_at
    with pytest.raises(NotReady) as refusal:
        join(cast, cast.patient, opens - timedelta(seconds=1))
    assert refusal.value.error == "not_yet_open"
    assert "09:55" in refusal.value.text
    assert join(cast, cast.patient, opens).state is ParticipationState.WAITING


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("patient_off_roster", "not_on_roster"),
        ("patient_unsigned", "treatment_missing"),
        ("other_patient", "enrollment_not_in_force"),
        ("other_therapist", "not_a_facilitator"),
        ("case_manager", "role_may_not_join"),
        ("admin", "role_may_not_join"),
        ("auditor", "role_may_not_join"),
        ("system_admin", "role_may_not_join"),
    ],
)
def test_everybody_else_is_told_why_not(cast: Cast, who: str, reason: str) -> None:
    with pytest.raises(Denied) as refusal:
        join(cast, getattr(cast, who), cast.at)
    assert refusal.value.error == reason
    assert not PresenceEvent.objects.exists()


def test_a_session_that_is_over_says_so_before_asking_for_signatures(cast: Cast) -> None:
    open_with(cast, at=cast.at)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    with pytest.raises(Conflict) as refusal:
        join(cast, cast.patient_unsigned, cast.at)
    assert refusal.value.error == "ended"


def test_a_session_that_nobody_held_cannot_be_joined_after_its_time(cast: Cast) -> None:
    with pytest.raises(Conflict) as refusal:
        join(cast, cast.patient, cast.group_session.scheduled_end)
    assert refusal.value.error == "ended"


def test_leaving_by_mistake_needs_no_new_admission_while_the_bridge_lasts(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    room.leave(
        actor=cast.patient, group_session_id=cast.group_session.pk, connection=entry.connection, at=cast.at
    )
    back = join(cast, cast.patient, cast.at + BRIDGE)
    assert back.state is ParticipationState.IN_ROOM
    assert kinds(cast.group_session).count("admitted") == 2  # the therapist's and the first of the patient's


def test_after_the_bridge_a_patient_waits_again(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    room.leave(
        actor=cast.patient, group_session_id=cast.group_session.pk, connection=entry.connection, at=cast.at
    )
    back = join(cast, cast.patient, cast.at + BRIDGE + timedelta(seconds=1))
    assert back.state is ParticipationState.WAITING


def test_a_lost_seat_is_kept_for_the_bridge_and_then_given_up(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    lost_at = cast.at + timedelta(minutes=1)
    room.mark_reconnecting(
        group_session_id=cast.group_session.pk,
        participant=cast.patient.pk,
        connection=entry.connection,
        at=lost_at,
    )
    assert join(cast, cast.patient, lost_at + BRIDGE).state is ParticipationState.IN_ROOM
    place = place_of(cast, cast.patient)
    room.mark_reconnecting(
        group_session_id=cast.group_session.pk,
        participant=cast.patient.pk,
        connection=place.connection,
        at=lost_at,
    )
    late = lost_at + BRIDGE + timedelta(seconds=1)
    with heard(events.room_changed):
        assert room.sweep_lapsed(at=late) == [cast.group_session.pk]
    assert place_of(cast, cast.patient).state == ParticipationState.LEFT
    assert join(cast, cast.patient, late).state is ParticipationState.WAITING


def test_the_gate_is_asked_again_when_somebody_comes_back(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    cast.group_session.roster.filter(patient__user=cast.patient).update(removed_at=cast.at)
    with pytest.raises(Denied) as refusal:
        join(cast, cast.patient, cast.at, take_over=True)
    assert refusal.value.error == "not_on_roster"


def test_a_second_device_is_refused_until_it_takes_over(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    first = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    with pytest.raises(Conflict) as refusal:
        join(cast, cast.patient, cast.at)
    assert refusal.value.error == "opened_elsewhere"
    with heard(events.connection_superseded) as stopped, django_capture_on_commit_callbacks(execute=True):
        second = join(cast, cast.patient, cast.at, take_over=True)
    assert second.state is ParticipationState.IN_ROOM
    assert second.superseded_connection == first.connection
    assert stopped == [
        {
            "group_session_id": cast.group_session.pk,
            "participant": cast.patient.pk,
            "connection": first.connection,
        }
    ]


def test_reports_about_a_superseded_connection_change_nothing(cast: Cast) -> None:
    first = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    join(cast, cast.patient, cast.at, take_over=True)
    seq = fresh(cast.group_session).room_seq
    about = {
        "group_session_id": cast.group_session.pk,
        "participant": cast.patient.pk,
        "connection": first.connection,
        "at": cast.at,
    }
    assert not room.mark_reconnecting(**about)
    assert not room.mark_back(**about)
    assert not room.mark_left(**about)
    assert not room.leave(
        actor=cast.patient, group_session_id=cast.group_session.pk, connection=first.connection, at=cast.at
    )
    assert fresh(cast.group_session).room_seq == seq


def test_a_dropped_socket_resumes_its_seat_with_the_secret(cast: Cast) -> None:
    first = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    back = join(cast, cast.patient, cast.at, resume=resume_of(first))
    assert (back.is_resumed, back.connection) == (True, first.connection)


def test_a_wrong_secret_resumes_nothing(cast: Cast) -> None:
    first = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    with pytest.raises(Conflict):
        join(cast, cast.patient, cast.at, resume=room.Resume(first.connection, "guessed"))


def test_a_removed_patient_comes_back_only_by_readmission(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    pk = cast.group_session.pk
    room.remove(
        actor=cast.therapist,
        group_session_id=pk,
        participant=cast.patient.pk,
        reason=room.RemovalReason.DISRUPTIVE,
        at=cast.at,
    )
    with pytest.raises(Denied) as refusal:
        join(cast, cast.patient, cast.at)
    assert refusal.value.error == "removed"
    room.readmit(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    assert join(cast, cast.patient, cast.at).state is ParticipationState.IN_ROOM


def test_somebody_turned_away_at_the_door_waits_again_after_readmission_lapsed(cast: Cast) -> None:
    open_with(cast, at=cast.at)
    join(cast, cast.patient, cast.at)
    pk = cast.group_session.pk
    room.remove(
        actor=cast.therapist,
        group_session_id=pk,
        participant=cast.patient.pk,
        reason=room.RemovalReason.WRONG_PERSON,
        at=cast.at,
    )
    assert place_of(cast, cast.patient).state == ParticipationState.DENIED
    with pytest.raises(Denied):
        join(cast, cast.patient, cast.at)
    room.readmit(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    late = cast.at + BRIDGE + timedelta(seconds=1)
    assert join(cast, cast.patient, late).state is ParticipationState.WAITING


def test_a_patient_is_in_one_live_room_at_a_time(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    other = schedule.create_session(
        actor=cast.admin,
        program=cast.program,
        title="Skills",
        service_type=ServiceType.LIFE_SKILLS,
        facilitator=cast.covering_therapist,
        start=cast.group_session.scheduled_end,
        end=cast.group_session.scheduled_end + timedelta(hours=1),
        patients=[cast.record_of(cast.patient)],
        at=cast.at,
    )
    at = other.scheduled_start
    with pytest.raises(Conflict) as refusal:
        join(cast, cast.patient, at, group_session=other)
    assert refusal.value.error == "opened_elsewhere"
    assert (
        join(cast, cast.patient, at, group_session=other, take_over=True).state is ParticipationState.WAITING
    )
    assert place_of(cast, cast.patient).state == ParticipationState.LEFT


def test_a_session_that_does_not_exist_is_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound):
        room.open_session(actor=cast.therapist, group_session_id=uuid.uuid4(), at=cast.at)

"""Stepping out of the group with one patient: who moves whom, who follows, and when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from sessions.models import ParticipationState
from sessions.services import room
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, NotFound
from tests.cast import Cast
from tests.factories import join, open_with, place_of, resume_of

pytestmark = pytest.mark.django_db


def move(cast: Cast, person: User, side_room: User | None, *, by: User | None = None, **more: Any) -> None:
    """Move somebody; the leading therapist does it unless somebody else is named."""
    room.move_person(
        actor=by or cast.therapist,
        group_session_id=cast.group_session.pk,
        participant=person.pk,
        side_room=side_room.pk if side_room else None,
        at=more.get("at", cast.at),
    )


def where(cast: Cast, *people: User) -> list[UUID | None]:
    """Give whose side room each of these people is in."""
    return [place_of(cast, person).side_room for person in people]


def moves() -> list[tuple[UUID | None, str, str | None]]:
    """Give what the trail has: by whom, who, and where to."""
    events = AuditEvent.objects.filter(action="participant.moved").order_by("seq")
    return [(event.actor_id, event.data["participant"], event.data["side_room"]) for event in events]


def test_taking_a_patient_out_goes_along_and_bringing_them_back_too(cast: Cast) -> None:
    open_with(cast, cast.patient, *cast.more_patients, at=cast.at)
    me, patient = cast.therapist, cast.patient
    move(cast, patient, me)
    assert where(cast, me, patient, *cast.more_patients) == [me.pk, me.pk, None, None]
    with pytest.raises(Conflict) as taken:
        move(cast, cast.more_patients[0], me)
    assert "already" in taken.value.text
    assert taken.value.way_out
    move(cast, patient, me)
    move(cast, patient, None)
    assert where(cast, me, patient) == [None, None]
    assert moves() == [
        (me.pk, str(me.pk), str(me.pk)),
        (me.pk, str(patient.pk), str(me.pk)),
        (me.pk, str(patient.pk), None),
        (me.pk, str(me.pk), None),
    ]


def test_who_comes_back_to_the_group_is_silent_until_they_speak_up_and_shows_no_screen(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    move(cast, cast.patient, cast.therapist)
    room.set_media(
        actor=cast.therapist,
        group_session_id=cast.group_session.pk,
        connection=entries[cast.therapist].connection,
        microphone=True,
        camera=True,
        screen=True,
        at=cast.at,
    )
    assert place_of(cast, cast.patient).microphone_on
    move(cast, cast.therapist, None)
    patient, therapist = place_of(cast, cast.patient), place_of(cast, cast.therapist)
    assert (patient.microphone_on, patient.muted_by_staff, patient.camera_on) == (False, True, True)
    assert (therapist.microphone_on, therapist.muted_by_staff, therapist.screen_on) == (True, False, False)


def test_a_colleague_is_moved_by_nobody_and_opens_their_own_side_room(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    colleague = cast.covering_therapist
    join(cast, colleague, cast.at)
    for person, side_room in ((colleague, colleague), (cast.therapist, colleague), (cast.patient, colleague)):
        with pytest.raises(Conflict):
            move(cast, person, side_room)
    move(cast, colleague, colleague, by=colleague)
    move(cast, cast.patient, colleague)
    assert where(cast, cast.therapist, colleague, cast.patient) == [None, colleague.pk, colleague.pk]
    # From one side room to another: the first is over.
    move(cast, cast.patient, cast.therapist)
    assert where(cast, cast.therapist, colleague, cast.patient) == [
        cast.therapist.pk,
        None,
        cast.therapist.pk,
    ]


def test_only_staff_move_people_and_only_those_who_are_there_in_a_session_that_runs(cast: Cast) -> None:
    join(cast, cast.therapist, cast.at)
    with pytest.raises(Conflict):
        move(cast, cast.therapist, cast.therapist)
    room.open_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    join(cast, cast.patient, cast.at)
    with pytest.raises(Conflict):
        move(cast, cast.patient, cast.therapist)
    with pytest.raises(NotFound):
        move(cast, cast.more_patients[0], cast.therapist)
    with pytest.raises(Denied):
        move(cast, cast.patient, cast.therapist, by=cast.patient)
    room.admit(
        actor=cast.therapist, group_session_id=cast.group_session.pk, participant=cast.patient.pk, at=cast.at
    )
    with pytest.raises(NotFound):
        move(cast, cast.patient, cast.more_patients[0])
    assert moves() == []


def test_a_lost_connection_a_new_device_and_a_leave_by_mistake_keep_the_side_room(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    me, patient, pk = cast.therapist, cast.patient, cast.group_session.pk
    move(cast, patient, me)
    entry = entries[patient]
    room.mark_reconnecting(
        group_session_id=pk, participant=patient.pk, connection=entry.connection, at=cast.at
    )
    assert join(cast, patient, cast.at, resume=resume_of(entry)).is_resumed
    assert where(cast, me, patient) == [me.pk, me.pk]
    join(cast, me, cast.at, take_over=True)
    entry = join(cast, patient, cast.at, take_over=True)
    assert where(cast, me, patient) == [me.pk, me.pk]
    room.leave(actor=patient, group_session_id=pk, connection=entry.connection, at=cast.at)
    assert join(cast, patient, cast.at + timedelta(seconds=60)).state == ParticipationState.IN_ROOM
    assert where(cast, me, patient) == [me.pk, me.pk]


def test_after_the_bridge_or_when_somebody_else_is_in_there_one_comes_back_to_the_group(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, *cast.more_patients, at=cast.at)
    first, second, third = cast.patient, *cast.more_patients
    me, pk = cast.therapist, cast.group_session.pk
    move(cast, first, me)
    room.leave(actor=first, group_session_id=pk, connection=entries[first].connection, at=cast.at)
    move(cast, second, me)
    join(cast, first, cast.at + timedelta(seconds=30))
    assert where(cast, me, first, second) == [me.pk, None, me.pk]
    room.leave(actor=second, group_session_id=pk, connection=entries[second].connection, at=cast.at)
    late = join(cast, second, cast.at + timedelta(hours=1))
    assert late.state == ParticipationState.WAITING
    assert where(cast, me, second, third) == [me.pk, None, None]


@pytest.mark.parametrize("how", ["leaves", "is lost", "ends the session"])
def test_without_its_facilitator_a_side_room_is_over(cast: Cast, how: str) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    join(cast, cast.covering_therapist, cast.at)
    move(cast, cast.patient, cast.therapist)
    pk, mine = cast.group_session.pk, entries[cast.therapist].connection
    if how == "leaves":
        room.leave(actor=cast.therapist, group_session_id=pk, connection=mine, at=cast.at)
    elif how == "is lost":
        room.mark_reconnecting(
            group_session_id=pk, participant=cast.therapist.pk, connection=mine, at=cast.at
        )
        assert where(cast, cast.patient) == [cast.therapist.pk]
        room.sweep_lapsed(at=cast.at + timedelta(minutes=5))
    else:
        room.end_session(actor=cast.therapist, group_session_id=pk, at=cast.at)
    assert where(cast, cast.therapist, cast.patient) == [None, None]
    if how != "ends the session":
        assert place_of(cast, cast.patient).muted_by_staff
        assert moves()[-1] == (None, str(cast.patient.pk), None)


def test_a_removed_patient_leaves_the_side_room_for_good_and_a_break_changes_nothing_in_it(
    cast: Cast,
) -> None:
    open_with(cast, cast.patient, at=cast.at)
    me, pk = cast.therapist, cast.group_session.pk
    move(cast, cast.patient, me)
    room.start_break(actor=me, group_session_id=pk, at=cast.at)
    assert where(cast, me, cast.patient) == [me.pk, me.pk]
    room.remove(
        actor=me,
        group_session_id=pk,
        participant=cast.patient.pk,
        reason=room.RemovalReason.OTHER,
        at=cast.at,
    )
    room.readmit(actor=me, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    join(cast, cast.patient, cast.at, connection=uuid4())
    assert where(cast, me, cast.patient) == [me.pk, None]

"""Stopping pictures, sharing a screen, locking the room: who may, and what stays possible."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from sessions.models import ParticipationState
from sessions.services import room
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied
from tests.cast import Cast
from tests.factories import fresh, join, open_with, place_of, resume_of

pytestmark = pytest.mark.django_db


def send(
    cast: Cast,
    person: User,
    connection: UUID,
    *,
    camera: bool = True,
    screen: bool = False,
    seen: int | None = None,
) -> None:
    """Say what somebody wants to send."""
    room.set_media(
        actor=person,
        group_session_id=cast.group_session.pk,
        connection=connection,
        microphone=True,
        camera=camera,
        screen=screen,
        seen=seen,
        at=cast.at,
    )


def test_a_word_from_before_the_page_knew_undoes_nothing_that_staff_turned_off(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    mine, pk = entries[cast.patient].connection, cast.group_session.pk
    send(cast, cast.patient, mine)
    known = fresh(cast.group_session).room_seq
    room.mute(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    room.stop_video(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)
    send(cast, cast.patient, mine, seen=known)
    place = place_of(cast, cast.patient)
    assert (place.microphone_on, place.camera_on) == (False, False)
    assert (place.muted_by_staff, place.camera_stopped_by_staff) == (True, True)
    send(cast, cast.patient, mine, seen=fresh(cast.group_session).room_seq)
    place = place_of(cast, cast.patient)
    assert (place.microphone_on, place.camera_on) == (True, True)
    assert (place.muted_by_staff, place.camera_stopped_by_staff) == (False, False)


def lock(cast: Cast, *, locked: bool, by: User | None = None) -> None:
    """Lock or unlock the room."""
    room.lock_room(
        actor=by or cast.therapist, group_session_id=cast.group_session.pk, locked=locked, at=cast.at
    )


def actions() -> list[str]:
    """Give the last words of the trail, newest first."""
    return list(AuditEvent.objects.order_by("-seq").values_list("action", flat=True)[:4])


def test_a_stopped_picture_is_started_again_by_its_person_only(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    colleague = join(cast, cast.covering_therapist, cast.at)
    send(cast, cast.covering_therapist, colleague.connection, screen=True)
    pk = cast.group_session.pk
    for person in (cast.patient, cast.covering_therapist):
        room.stop_video(actor=cast.therapist, group_session_id=pk, participant=person.pk, at=cast.at)
        place = place_of(cast, person)
        assert (place.camera_on, place.screen_on, place.camera_stopped_by_staff) == (False, False, True)
        assert (place.microphone_on, place.muted_by_staff) == (True, False)
    assert actions()[0] == "participant.video_stopped"
    mine = entries[cast.patient].connection
    send(cast, cast.patient, mine, camera=False)
    assert place_of(cast, cast.patient).camera_stopped_by_staff
    send(cast, cast.patient, mine)
    place = place_of(cast, cast.patient)
    assert (place.camera_on, place.camera_stopped_by_staff) == (True, False)
    with pytest.raises(Denied):
        room.stop_video(actor=cast.patient, group_session_id=pk, participant=cast.therapist.pk, at=cast.at)
    room.leave(actor=cast.patient, group_session_id=pk, connection=mine, at=cast.at)
    with pytest.raises(Conflict):
        room.stop_video(actor=cast.therapist, group_session_id=pk, participant=cast.patient.pk, at=cast.at)


def test_one_screen_is_shown_at_a_time_and_never_a_patients(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    with pytest.raises(Denied) as refusal:
        send(cast, cast.patient, entries[cast.patient].connection, camera=False, screen=True)
    assert refusal.value.error == "screen_for_facilitators"
    assert refusal.value.way_out
    assert place_of(cast, cast.patient).camera_on
    colleague = join(cast, cast.covering_therapist, cast.at)
    send(cast, cast.therapist, entries[cast.therapist].connection, screen=True)
    send(cast, cast.covering_therapist, colleague.connection, screen=True)
    shown = [place_of(cast, person).screen_on for person in (cast.therapist, cast.covering_therapist)]
    assert shown == [False, True]
    # Somebody in a side room shows theirs to who is in there; another device shows nothing yet.
    room.move_person(
        actor=cast.therapist,
        group_session_id=cast.group_session.pk,
        participant=cast.patient.pk,
        side_room=cast.therapist.pk,
        at=cast.at,
    )
    send(cast, cast.therapist, entries[cast.therapist].connection, screen=True)
    assert place_of(cast, cast.covering_therapist).screen_on
    join(cast, cast.therapist, cast.at, take_over=True)
    assert not place_of(cast, cast.therapist).screen_on


def test_a_locked_room_takes_nobody_new_and_keeps_who_was_there(cast: Cast) -> None:
    seated, waiting, new = cast.patient, *cast.more_patients
    entries = open_with(cast, seated, at=cast.at)
    join(cast, waiting, cast.at)
    lock(cast, locked=True)
    lock(cast, locked=True)
    assert actions()[:2] == ["session.room_locked", "participant.lobby_entered"]
    with pytest.raises(Denied) as refusal:
        join(cast, new, cast.at)
    assert refusal.value.error == "room_locked"
    assert refusal.value.way_out
    later = cast.at + timedelta(minutes=30)
    assert join(cast, seated, cast.at, resume=resume_of(entries[seated])).is_resumed
    entry = join(cast, seated, cast.at, take_over=True)
    assert entry.state == ParticipationState.IN_ROOM
    assert join(cast, waiting, cast.at, take_over=True).state == ParticipationState.WAITING
    pk = cast.group_session.pk
    room.admit(actor=cast.therapist, group_session_id=pk, participant=waiting.pk, at=cast.at)
    # Who had a seat and is long gone is not new: they wait, and somebody decides.
    room.leave(actor=seated, group_session_id=pk, connection=entry.connection, at=cast.at)
    assert join(cast, seated, later).state == ParticipationState.WAITING
    assert join(cast, cast.covering_therapist, later).state == ParticipationState.IN_ROOM
    lock(cast, locked=False)
    assert join(cast, new, later).state == ParticipationState.WAITING


def test_a_room_is_locked_by_staff_while_it_is_open_and_unlocked_by_its_end(cast: Cast) -> None:
    with pytest.raises(Conflict):
        lock(cast, locked=True)
    open_with(cast, cast.patient, at=cast.at)
    with pytest.raises(Denied):
        lock(cast, locked=True, by=cast.patient)
    lock(cast, locked=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    assert not fresh(cast.group_session).is_room_locked

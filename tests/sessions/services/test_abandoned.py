"""A room without a facilitator warns, and then has ended when the last one left."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from sessions import events
from sessions.models import ParticipationState, PresenceEvent, SessionState
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.room.sweeps import RELAY_PATIENCE
from tests.cast import Cast
from tests.factories import Relay, freeze_terms, fresh, heard, join, open_with, place_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
WAIT = 15 * MINUTE


def leave(cast: Cast, entry: room.Entry, at: Any) -> None:
    room.leave(
        actor=cast.therapist, group_session_id=cast.group_session.pk, connection=entry.connection, at=at
    )


def test_the_last_facilitator_leaving_sets_the_time_and_coming_back_clears_it(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.therapist]
    assert fresh(cast.group_session).auto_end_at is None
    left = cast.at + MINUTE
    leave(cast, entry, left)
    assert fresh(cast.group_session).auto_end_at == left + WAIT
    join(cast, cast.covering_therapist, left + MINUTE)
    assert fresh(cast.group_session).auto_end_at is None


def test_one_of_two_facilitators_leaving_warns_nobody(cast: Cast) -> None:
    entry = open_with(cast, at=cast.at)[cast.therapist]
    join(cast, cast.covering_therapist, cast.at)
    leave(cast, entry, cast.at)
    assert fresh(cast.group_session).auto_end_at is None


def test_a_lost_facilitator_counts_from_the_last_packet_once_the_bridge_has_lapsed(cast: Cast) -> None:
    entry = open_with(cast, at=cast.at)[cast.therapist]
    relay, last = Relay(), cast.at + 5 * MINUTE
    relay.first_packet(cast.group_session, cast.therapist, entry.connection, cast.at)
    relay.silent(cast.group_session, cast.therapist, entry.connection, last, last + timedelta(seconds=10))
    relay.deliver(last + MINUTE)
    assert fresh(cast.group_session).auto_end_at is None
    # The bridge to come back in begins when the loss is known, the wait for the end when they left.
    room.sweep_lapsed(at=last + MINUTE + timedelta(seconds=120))
    assert place_of(cast, cast.therapist).state == ParticipationState.RECONNECTING
    room.sweep_lapsed(at=last + MINUTE + timedelta(seconds=121))
    assert place_of(cast, cast.therapist).state == ParticipationState.LEFT
    assert fresh(cast.group_session).auto_end_at == last + WAIT


def test_a_facilitator_without_any_media_is_not_there_for_long(cast: Cast) -> None:
    open_with(cast, at=cast.at)
    assert room.sweep_lapsed(at=cast.at + timedelta(seconds=59)) == []
    assert room.sweep_lapsed(at=cast.at + timedelta(seconds=60)) == [cast.group_session.pk]
    assert fresh(cast.group_session).auto_end_at == cast.at + WAIT


def test_the_first_packet_of_a_facilitator_clears_the_warning(cast: Cast) -> None:
    entry = open_with(cast, at=cast.at)[cast.therapist]
    room.sweep_lapsed(at=cast.at + MINUTE)
    relay = Relay()
    relay.first_packet(cast.group_session, cast.therapist, entry.connection, cast.at + 2 * MINUTE)
    relay.deliver(cast.at + 2 * MINUTE)
    assert fresh(cast.group_session).auto_end_at is None


def test_an_abandoned_session_ends_at_the_departure_the_facts_tell_of(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    entries = open_with(cast, cast.patient, cast.more_patients[0], at=cast.at)
    start, relay = cast.group_session.scheduled_start, Relay()
    last = start + 30 * MINUTE
    relay.present(cast.group_session, cast.therapist, entries[cast.therapist].connection, start, last)
    for person in (cast.patient, cast.more_patients[0]):
        relay.present(
            cast.group_session, person, entries[person].connection, start, last + 20 * MINUTE, reason="ended"
        )
    left = last + timedelta(seconds=3)
    leave(cast, entries[cast.therapist], left)
    due = left + WAIT
    relay.deliver(due)
    assert room.end_abandoned(at=due - timedelta(seconds=1)) == []
    with heard(events.session_ended) as ended, django_capture_on_commit_callbacks(execute=True):
        assert room.end_abandoned(at=due) == [cast.group_session.pk]
    over = fresh(cast.group_session)
    assert (over.state, over.ended_at) == (SessionState.ENDED, last)
    assert ended == [{"group_session_id": over.pk, "reason": "auto_end"}]
    fact = PresenceEvent.objects.get(kind="ended")
    assert (fact.at, fact.participant, fact.data) == (last, None, {"reason": "auto_end"})
    assert room.end_abandoned(at=due) == []
    attendance.recompute(over.pk, at=due)
    assert over.attendance_records.get(patient__user=cast.patient).credited_min == 30


def test_a_facilitator_whom_only_the_facts_still_see_keeps_the_session_open(cast: Cast) -> None:
    entry = open_with(cast, at=cast.at)[cast.therapist]
    relay = Relay()
    relay.first_packet(cast.group_session, cast.therapist, entry.connection, cast.at)
    seen = cast.at + 10 * MINUTE
    relay.beat(cast.group_session, cast.therapist, entry.connection, seen)
    leave(cast, entry, cast.at + MINUTE)
    at = cast.at + MINUTE + WAIT
    relay.deliver(at, as_of=seen)
    assert room.end_abandoned(at=at) == []
    assert fresh(cast.group_session).auto_end_at == seen + WAIT


def test_a_slow_journal_ends_no_session_until_patience_runs_out(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    relay, last = Relay(), cast.at + 5 * MINUTE
    relay.present(cast.group_session, cast.therapist, entries[cast.therapist].connection, cast.at, last)
    relay.first_packet(cast.group_session, cast.patient, entries[cast.patient].connection, cast.at)
    relay.deliver(last, as_of=last)
    leave(cast, entries[cast.therapist], last)
    due = last + WAIT
    assert room.end_abandoned(at=due) == []
    assert room.end_abandoned(at=due + RELAY_PATIENCE) == [cast.group_session.pk]
    assert fresh(cast.group_session).ended_at == last


def test_the_waiting_time_is_a_term_of_the_session(cast: Cast) -> None:
    freeze_terms(cast.group_session, auto_end_min=2)
    entry = open_with(cast, at=cast.at)[cast.therapist]
    leave(cast, entry, cast.at)
    assert fresh(cast.group_session).auto_end_at == cast.at + 2 * MINUTE


def test_without_any_facilitator_the_opening_counts(cast: Cast) -> None:
    room.open_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    assert fresh(cast.group_session).auto_end_at == cast.at + WAIT
    assert room.end_abandoned(at=cast.at + WAIT) == [cast.group_session.pk]
    assert fresh(cast.group_session).ended_at == cast.at


def test_a_vanished_waiting_person_gives_up_the_place(cast: Cast) -> None:
    entry = join(cast, cast.patient, cast.at)
    assert room.mark_left(
        group_session_id=cast.group_session.pk,
        participant=cast.patient.pk,
        connection=entry.connection,
        at=cast.at,
    )
    place = place_of(cast, cast.patient)
    assert (place.state, place.connection) == (ParticipationState.LEFT, None)
    assert join(cast, cast.patient, cast.at, connection=uuid.uuid4()).state is ParticipationState.WAITING

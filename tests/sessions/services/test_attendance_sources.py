"""What a record comes from, and what else a computation touches: terms, incidents, overlapping sessions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from sessions.models import AttendanceRecord, GroupSession, Incident, ServiceType
from sessions.rules import compute, parse
from sessions.rules.presence.facts import FactKind
from sessions.selectors.ledger.evidence import evidence_for_session, evidence_to_compute
from sessions.selectors.ledger.facts import chain_head, facts_of
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.recording.ledger import record_web_fact
from sessions.services.scheduling import schedule
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.append_only import suspended
from telehealth.enrollment.models import EnrollmentTerms, WeeklyTarget
from tests.cast import Cast
from tests.factories import Relay, freeze_terms, fresh, join, open_with

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE


def record_of(cast: Cast, person: User, group_session: GroupSession | None = None) -> AttendanceRecord:
    return AttendanceRecord.objects.get(
        group_session=group_session or cast.group_session, patient=cast.record_of(person)
    )


def hold(cast: Cast, relay: Relay, *patients: User) -> None:
    """Hold the first hour of the group with everybody there from its start to its end."""
    start = cast.group_session.scheduled_start
    for person, entry in open_with(cast, *patients, at=start).items():
        relay.present(cast.group_session, person, entry.connection, start, start + HOUR, reason="ended")
    relay.deliver(start + HOUR, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=start + HOUR)


def own_terms(cast: Cast, person: User, **parameters: object) -> EnrollmentTerms:
    return EnrollmentTerms.objects.create(
        enrollment=cast.enrollment_of(person),
        version=1,
        effective_on=cast.program.date_at(cast.at) - timedelta(days=14),
        name="Own terms",
        parameters=parameters,
        created_by=cast.admin,
        created_at=cast.at - timedelta(days=14),
    )


def test_a_record_names_every_version_of_terms_and_the_last_fact_it_comes_from(cast: Cast) -> None:
    hold(cast, Relay(), cast.patient, cast.more_patients[0])
    terms = own_terms(cast, cast.patient, min_credit_min=61)
    at = cast.group_session.scheduled_start + 2 * HOUR
    attendance.recompute(cast.group_session.pk, at=at)
    mine, other = record_of(cast, cast.patient), record_of(cast, cast.more_patients[0])
    assert (mine.credited_min, mine.enrollment_terms_id) == (0, terms.pk)
    assert (other.credited_min, other.enrollment_terms_id) == (60, None)
    assert {mine.terms_id, other.terms_id} == {cast.group_session.terms_id}
    assert {mine.chain_head, other.chain_head} == {chain_head(cast.group_session.pk)}


@pytest.mark.parametrize("has_target", [True, False], ids=["with a target", "without a target"])
def test_own_terms_travel_in_the_evidence_with_or_without_a_weekly_target(
    cast: Cast, has_target: bool
) -> None:
    hold(cast, Relay(), cast.patient, cast.more_patients[0])
    own_terms(cast, cast.patient, min_credit_min=61)
    enrollment = cast.enrollment_of(cast.patient)
    assert WeeklyTarget.objects.filter(enrollment=enrollment).exists()
    if not has_target:
        with suspended(connection, ["enrollment_weeklytarget"]):
            WeeklyTarget.objects.filter(enrollment=enrollment).delete()
    at = cast.group_session.scheduled_start + 2 * HOUR
    for gather in (evidence_for_session, evidence_to_compute):
        result = compute(parse(json.dumps(gather(fresh(cast.group_session), at=at))))
        minutes = {one.id: one.credited_min for one in result.sessions[0].patients}
        assert minutes[str(cast.record_of(cast.patient).pk)] == 0
        assert minutes[str(cast.record_of(cast.more_patients[0]).pk)] == 60


def test_a_computation_never_touches_what_a_correction_laid_over_a_record(cast: Cast) -> None:
    hold(cast, Relay(), cast.patient, cast.more_patients[0])
    at = cast.group_session.scheduled_start + 2 * HOUR
    attendance.recompute(cast.group_session.pk, at=at)
    before = record_of(cast, cast.patient)
    AttendanceRecord.objects.filter(pk=before.pk).update(adjusted_min=17, adjusted_hours_min=16)
    attendance.recompute(cast.group_session.pk, at=at + MINUTE)
    after = record_of(cast, cast.patient)
    assert (after.pk, after.credited_min) == (before.pk, 60)
    assert (after.adjusted_min, after.adjusted_hours_min) == (17, 16)


def test_a_relay_that_dies_is_recorded_once_and_its_time_is_not_held_against_anybody(cast: Cast) -> None:
    freeze_terms(cast.group_session, rejoin_bridge_sec=0, facilitator_gap_sec=900)
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, cast.more_patients[0], at=start)
    died, back = start + 30 * MINUTE, start + 40 * MINUTE
    old, new = Relay("old"), Relay("new")
    for person, entry in entries.items():
        old.present(cast.group_session, person, entry.connection, start, died, reason="boot_ended")
    old.deliver(died + MINUTE, is_last=True)
    attendance.recompute(cast.group_session.pk, at=died + 2 * MINUTE)
    running = Incident.objects.get()
    assert (running.kind, running.began_at, running.participants) == ("relay_death", died, 3)
    assert running.ended_at == died + 2 * MINUTE
    for person, entry in entries.items():
        new.first_packet(cast.group_session, person, entry.connection, back)
    end = start + HOUR
    for person, entry in entries.items():
        new.closed(cast.group_session, person, entry.connection, end, end, "ended")
    new.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    attendance.recompute(cast.group_session.pk, at=end + MINUTE)
    stored = Incident.objects.get()
    assert (stored.pk, stored.began_at, stored.ended_at) == (running.pk, died, back)
    record = record_of(cast, cast.patient)
    # Ten of sixty minutes were ours: not credited, and not missed either.
    assert (record.credited_min, record.ratio, record.status) == (50, 1, "PRESENT")
    event = AuditEvent.objects.get(action="attendance.incident_recorded")
    assert event.data["incident"] == str(stored.pk)
    evidence = evidence_for_session(fresh(cast.group_session), at=end + MINUTE)
    spans = [[f"{edge:%Y-%m-%dT%H:%M:%SZ}" for edge in (died, back)]]
    assert [one["incidents"] for one in evidence["sessions"]] == [spans]  # type: ignore[index,union-attr]


def test_an_incident_that_later_facts_do_not_bear_out_is_taken_back(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, *cast.more_patients, at=start)
    relay, dropped = Relay(), start + 30 * MINUTE
    for person, entry in entries.items():
        relay.first_packet(cast.group_session, person, entry.connection, start)
        relay.silent(cast.group_session, person, entry.connection, dropped, dropped + 10 * SECOND)
    relay.deliver(dropped + MINUTE)
    attendance.recompute(cast.group_session.pk, at=dropped + MINUTE)
    assert Incident.objects.get().kind == "mass_drop"
    # They were all there through a second relay, whose journal came late.
    other = Relay("second")
    for person in entries:
        other.present(cast.group_session, person, entries[person].connection, start, dropped + MINUTE)
    other.deliver(dropped + MINUTE)
    attendance.recompute(cast.group_session.pk, at=dropped + 2 * MINUTE)
    assert not Incident.objects.exists()


def test_late_facts_of_one_session_have_the_overlapping_one_computed_again(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    other = schedule.create_session(
        actor=cast.admin,
        program=cast.program,
        title="Individual hour",
        service_type=ServiceType.INDIVIDUAL_THERAPY,
        facilitator=cast.covering_therapist,
        start=cast.group_session.scheduled_end,
        end=cast.group_session.scheduled_end + HOUR,
        patients=[cast.record_of(cast.patient)],
        at=cast.at,
    )
    begin = start + 30 * MINUTE
    GroupSession.objects.filter(pk=other.pk).update(scheduled_start=begin, scheduled_end=begin + HOUR)
    entries = open_with(cast, cast.patient, at=start)
    late = Relay("late")
    for person, entry in entries.items():
        late.present(cast.group_session, person, entry.connection, start, start + HOUR, reason="ended")
    late.deliver(start + HOUR, as_of=start, lines=late.lines[:1])
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=start + HOUR)
    relay = Relay("in time")
    room.open_session(actor=cast.covering_therapist, group_session_id=other.pk, at=begin)
    for person in (cast.covering_therapist, cast.patient):
        entry = join(cast, person, begin, group_session=other, take_over=True)
        if person == cast.patient:
            room.admit(
                actor=cast.covering_therapist, group_session_id=other.pk, participant=person.pk, at=begin
            )
        relay.present(other, person, entry.connection, begin, begin + HOUR, reason="ended")
    end = begin + HOUR
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.covering_therapist, group_session_id=other.pk, at=end)
    much_later = end + 2 * HOUR
    attendance.recompute_due(at=much_later)
    assert record_of(cast, cast.patient, other).credited_min == 60
    late.deliver(much_later, is_last=True)
    attendance.recompute_due(at=much_later + MINUTE)
    attendance.recompute_due(at=much_later + 2 * MINUTE)
    assert record_of(cast, cast.patient).credited_min == 60
    shared = record_of(cast, cast.patient, other)
    assert (shared.credited_min, shared.flags) == (30, ["OVERLAP"])
    assert not GroupSession.objects.filter(is_attendance_due=True).exists()


def test_nothing_is_final_while_a_session_that_overlaps_it_is_not_known_so_far(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    other = schedule.create_session(
        actor=cast.admin,
        program=cast.program,
        title="Individual hour",
        service_type=ServiceType.INDIVIDUAL_THERAPY,
        facilitator=cast.covering_therapist,
        start=start - 10 * MINUTE,
        end=start,
        patients=[cast.record_of(cast.patient)],
        at=cast.at - HOUR,
    )
    early = start - 10 * MINUTE
    room.open_session(actor=cast.covering_therapist, group_session_id=other.pk, at=early)
    lost, leader = Relay("lost"), join(cast, cast.covering_therapist, early, group_session=other)
    lost.first_packet(other, cast.covering_therapist, leader.connection, early)
    lost.deliver(start, as_of=start - 5 * MINUTE)
    hold(cast, Relay(), cast.patient, cast.more_patients[0])
    at = start + HOUR + MINUTE
    attendance.recompute(cast.group_session.pk, at=at)
    assert not record_of(cast, cast.patient).is_final
    # It has waited a minute for the other one: a quarter of that is long enough between two tries.
    assert cast.group_session.pk not in attendance.recompute_due(at=at + timedelta(seconds=14))
    assert cast.group_session.pk in attendance.recompute_due(at=at + timedelta(seconds=15))
    lost.closed(other, cast.covering_therapist, leader.connection, start, start, "boot_ended")
    lost.deliver(at, is_last=True)
    attendance.recompute_due(at=at + MINUTE)
    assert record_of(cast, cast.patient).is_final
    assert record_of(cast, cast.patient).credited_min == 60


def test_one_broken_session_keeps_no_other_from_its_minutes(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    hold(cast, Relay(), cast.patient, cast.more_patients[0])
    broken = fresh(cast.group_session)
    broken.pk, broken.fact_seq = None, 0
    broken.save(force_insert=True)
    start = cast.group_session.scheduled_start
    # Facts know a patient here whom no roster names: nobody may be left out in silence.
    record_web_fact(broken, kind=FactKind.OPENED, at=start)
    who, role = cast.patient.pk, {"role": "patient"}
    record_web_fact(broken, kind=FactKind.ADMITTED, at=start, participant=who, data=role)
    copy = Relay("copy")
    copy.present(broken, cast.patient, uuid4(), start, start + HOUR)
    copy.deliver(start + HOUR, is_last=True)
    at, failing = start + 2 * HOUR, {}
    for seconds in (0, 1, 59):
        attendance.recompute_due(at=at + timedelta(seconds=seconds), failing=failing)
    assert record_of(cast, cast.patient).credited_min == 60
    # It is tried again after a minute, not with every sweep.
    assert [one.message for one in caplog.records] == ["attendance.failed"]
    assert broken.pk in attendance.recompute_due(at=at + MINUTE, failing=failing)


def test_credit_reads_a_handful_of_facts_however_long_the_session_was(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, at=start)
    relay = Relay()
    for step in range(600):
        at = start + step * 5 * SECOND
        for person, entry in entries.items():
            if step == 0:
                relay.first_packet(cast.group_session, person, entry.connection, at)
            relay.beat(cast.group_session, person, entry.connection, at)
    for page in range(0, len(relay.lines), 500):
        relay.deliver(at, lines=relay.lines[page : page + 500])
    pk = cast.group_session.pk
    with django_assert_max_num_queries(2):
        facts = facts_of([pk])[pk]
    web = sum(not fact.kind.is_of_relay for fact in facts)
    # Of each connection: the first packet, the first beat and the newest.
    assert len(facts) - web == 2 * 3
    assert len(facts_of([pk], every=True)[pk]) == 1202 + web

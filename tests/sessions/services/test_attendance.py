"""From facts to records: the worked examples by way of services, the ledger and the evidence file."""

from __future__ import annotations

import io
import json
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from sessions.models import AttendanceRecord, GroupSession, RosterEntry, ServiceType, SessionState
from sessions.selectors.ledger.evidence import evidence_for_session
from sessions.selectors.ledger.facts import chain_head
from sessions.selectors.weekly.weeks import week_of
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling import roster, schedule
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.factories import Relay, freeze_terms, fresh, join, open_with

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def held(
    cast: Cast, relay: Relay, presence: dict[User, list[tuple[float, float]]], *, minutes: float = 180
) -> datetime:
    """Hold the group from its planned start, `presence` in minutes after it; give an instant after."""
    start = cast.group_session.scheduled_start
    entries = open_with(cast, *presence, at=start)
    end = start + minutes * MINUTE
    relay.present(
        cast.group_session, cast.therapist, entries[cast.therapist].connection, start, end, reason="ended"
    )
    for person, spans in presence.items():
        for low, high in spans:
            relay.present(
                cast.group_session, person, uuid.uuid4(), start + low * MINUTE, start + high * MINUTE
            )
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    return end + MINUTE


def record_of(cast: Cast, person: User, group_session: GroupSession | None = None) -> AttendanceRecord:
    return AttendanceRecord.objects.get(
        group_session=group_session or cast.group_session, patient=cast.record_of(person)
    )


def credit_command(evidence: object, folder: Path) -> dict[str, Any]:
    """Run the offline verifier over an exported file."""
    path = folder / "evidence.json"
    path.write_text(json.dumps(evidence))
    out = io.StringIO()
    call_command("credit", str(path), stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_presence_with_a_bridged_and_an_unbridged_gap_is_credited_as_worked_out(cast: Cast) -> None:
    other = cast.more_patients[0]
    # Worked example B without its break: 12:20 late, 90 s bridged, 430 s not, out at 189 min.
    at = held(
        cast,
        Relay(),
        {cast.patient: [(12 + 20 / 60, 62), (63.5, 130), (130 + 430 / 60, 174)], other: [(0, 180)]},
    )
    attendance.recompute(cast.group_session.pk, at=at)
    record = record_of(cast, cast.patient)
    assert record.qualified_seconds == 174 * 60 - 740 - 430
    assert record.strict_seconds == record.qualified_seconds - 90
    assert (record.credited_min, record.billable_min, record.hours_min) == (154, 153, 154)
    # They were in the waiting room in time, so they are not late: they were let in late.
    assert record.flags == ["ADMIT_DELAY", "BRIDGED", "EARLY_LEAVE"]
    assert (record.status, record.is_final) == ("PARTIAL", True)
    assert record.chain_head == chain_head(cast.group_session.pk)
    assert record_of(cast, other).credited_min == 180


def test_the_product_and_the_exported_file_give_the_same_answer(cast: Cast, tmp_path: Path) -> None:
    at = held(cast, Relay(), {cast.patient: [(3, 90), (91, 170)], cast.more_patients[0]: [(0, 180)]})
    attendance.recompute(cast.group_session.pk, at=at)
    result = credit_command(evidence_for_session(fresh(cast.group_session), at=at), tmp_path)
    session = next(one for one in result["sessions"] if one["id"] == str(cast.group_session.pk))
    assert len(session["patients"]) == 4
    for one in session["patients"]:
        record = AttendanceRecord.objects.get(group_session=cast.group_session, patient=one["id"])
        assert record.service_date.isoformat() == session["service_date"]
        for name in ("qualified_seconds", "strict_seconds", "credited_min", "billable_min", "hours_min"):
            assert getattr(record, name) == one[name]
        assert (record.status, record.flags) == (one["status"], one["flags"])
        assert (record.units, record.timeline) == (one["units"], one["timeline"])
        assert record.ratio == Decimal(str(one["ratio"]))
    week = next(one for one in result["weeks"] if one["patient"] == str(cast.record_of(cast.patient).pk))
    row = week_of(cast.record_of(cast.patient), cast.program, at)
    assert row is not None
    assert week == {
        "patient": row.patient,
        "week_start": row.week_start.isoformat(),
        "target_min": row.target_min,
        "hours_min": row.hours_min,
        "remaining_min": row.remaining_min,
        "days": row.days,
        "flag": str(row.flag),
        "deficit_min": row.deficit_min,
        "also": [str(note) for note in row.also],
        "partial": row.partial,
    }


def test_weekly_hours_count_what_is_stored_and_what_is_still_to_come(cast: Cast, tmp_path: Path) -> None:
    friday = cast.group_session.scheduled_start + timedelta(days=2)
    schedule.create_session(
        actor=cast.admin,
        program=cast.program,
        title="Friday group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.therapist,
        start=friday,
        end=friday + 195 * MINUTE,
        breaks=[(friday + 90 * MINUTE, friday + 105 * MINUTE)],
        patients=[cast.record_of(cast.patient)],
        at=cast.at,
    )
    at = held(cast, Relay(), {cast.patient: [(0, 180)], cast.more_patients[0]: [(0, 180)]})
    attendance.recompute(cast.group_session.pk, at=at)
    row = week_of(cast.record_of(cast.patient), cast.program, at)
    assert row is not None
    assert (row.hours_min, row.remaining_min, row.target_min) == (180, 180, 540)
    assert (str(row.flag), row.deficit_min) == ("SHORTFALL_CERTAIN", 180)
    result = credit_command(evidence_for_session(fresh(cast.group_session), at=at), tmp_path)
    assert [one["flag"] for one in result["weeks"] if one["patient"] == row.patient] == ["SHORTFALL_CERTAIN"]


def test_a_live_break_replaces_the_planned_one(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    GroupSession.objects.filter(pk=cast.group_session.pk).update(
        planned_breaks=[[(start + 90 * MINUTE).isoformat(), (start + 105 * MINUTE).isoformat()]]
    )
    pk = cast.group_session.pk
    entries = open_with(cast, cast.patient, cast.more_patients[0], at=start)
    room.start_break(actor=cast.therapist, group_session_id=pk, at=start + 60 * MINUTE)
    room.end_break(actor=cast.therapist, group_session_id=pk, at=start + 70 * MINUTE)
    relay, end = Relay(), start + 180 * MINUTE
    for person, entry in entries.items():
        relay.present(cast.group_session, person, entry.connection, start, end, reason="ended")
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=pk, at=end)
    attendance.recompute(pk, at=end)
    assert record_of(cast, cast.patient).credited_min == 170


def test_a_running_session_is_computed_up_to_what_is_known_and_is_not_final(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, at=start)
    relay = Relay()
    for person, entry in entries.items():
        relay.first_packet(cast.group_session, person, entry.connection, start)
    known = start + 20 * MINUTE
    relay.deliver(start + 25 * MINUTE, as_of=known)
    # The room's last packet is at the start; silence would have been noticed, so both are there.
    for person, entry in entries.items():
        relay.beat(cast.group_session, person, entry.connection, known)
    relay.deliver(start + 25 * MINUTE, as_of=known)
    attendance.recompute(cast.group_session.pk, at=start + 25 * MINUTE)
    record = record_of(cast, cast.patient)
    assert (record.status, record.qualified_seconds, record.is_final) == ("IN_PROGRESS", 1200, False)
    assert record.as_of == known


def test_an_ended_session_is_final_once_every_journal_is_in(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, at=start)
    relay, end = Relay(), start + 60 * MINUTE
    for person, entry in entries.items():
        relay.first_packet(cast.group_session, person, entry.connection, start)
    relay.deliver(end, as_of=start + 30 * MINUTE)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    assert attendance.recompute_due(at=end) == [cast.group_session.pk]
    assert not record_of(cast, cast.patient).is_final
    for person, entry in entries.items():
        relay.closed(cast.group_session, person, entry.connection, end, end, "ended")
    relay.deliver(end + MINUTE, as_of=end + MINUTE)
    assert attendance.recompute_due(at=end + MINUTE) == [cast.group_session.pk]
    assert record_of(cast, cast.patient).is_final
    assert record_of(cast, cast.patient).credited_min == 60
    assert attendance.recompute_due(at=end + 2 * MINUTE) == []
    assert AuditEvent.objects.filter(action="attendance.computed").count() == 1


def test_a_journal_that_becomes_complete_without_new_facts_makes_records_final(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, at=start)
    relay, end = Relay(), start + 60 * MINUTE
    relay.first_packet(cast.group_session, cast.patient, entries[cast.patient].connection, start)
    relay.deliver(end, as_of=end - MINUTE)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    attendance.recompute_due(at=end)
    relay.deliver(end + 2 * MINUTE, as_of=end + 2 * MINUTE)
    assert attendance.recompute_due(at=end + 2 * MINUTE) == [cast.group_session.pk]
    assert record_of(cast, cast.patient).is_final


def test_time_shared_by_two_sessions_counts_once_for_the_first(cast: Cast) -> None:
    """The product keeps people in one live room, so the overlap is made through facts alone."""
    start = cast.group_session.scheduled_start
    other = schedule.create_session(
        actor=cast.admin,
        program=cast.program,
        title="Individual hour",
        service_type=ServiceType.INDIVIDUAL_THERAPY,
        facilitator=cast.covering_therapist,
        start=cast.group_session.scheduled_end,
        end=cast.group_session.scheduled_end + 60 * MINUTE,
        patients=[cast.record_of(cast.patient)],
        at=cast.at,
    )
    GroupSession.objects.filter(pk=other.pk).update(
        scheduled_start=start + 150 * MINUTE, scheduled_end=start + 210 * MINUTE
    )
    at = held(cast, Relay(), {cast.patient: [(0, 180)], cast.more_patients[0]: [(0, 180)]})
    relay, begin = Relay("boot-2"), start + 150 * MINUTE
    room.open_session(actor=cast.covering_therapist, group_session_id=other.pk, at=begin)
    leader = join(cast, cast.covering_therapist, begin, group_session=other)
    entry = join(cast, cast.patient, begin, group_session=other, take_over=True)
    room.admit(
        actor=cast.covering_therapist, group_session_id=other.pk, participant=cast.patient.pk, at=begin
    )
    end = begin + 60 * MINUTE
    for person, connection in (
        (cast.covering_therapist, leader.connection),
        (cast.patient, entry.connection),
    ):
        relay.present(other, person, connection, begin, end, reason="ended")
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.covering_therapist, group_session_id=other.pk, at=end)
    attendance.recompute(cast.group_session.pk, at=at)
    attendance.recompute(other.pk, at=end + MINUTE)
    assert record_of(cast, cast.patient).credited_min == 180
    later = record_of(cast, cast.patient, other)
    assert (later.credited_min, later.flags) == (30, ["OVERLAP"])


def test_a_patient_taken_off_the_roster_stays_in_the_evidence_once_present(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, cast.more_patients[0], at=start)
    relay, gone = Relay(), start + 30 * MINUTE
    for person, entry in entries.items():
        relay.present(
            cast.group_session, person, entry.connection, start, start + 60 * MINUTE, reason="ended"
        )
    roster.take_off_roster(
        actor=cast.admin, group_session=cast.group_session, patient=cast.record_of(cast.patient), at=gone
    )
    never = cast.record_of(cast.more_patients[1])
    roster.take_off_roster(actor=cast.admin, group_session=cast.group_session, patient=never, at=gone)
    relay.deliver(start + 60 * MINUTE, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=start + 60 * MINUTE)
    attendance.recompute(cast.group_session.pk, at=start + 61 * MINUTE)
    assert record_of(cast, cast.patient).credited_min == 30
    assert not AttendanceRecord.objects.filter(patient=never).exists()
    assert RosterEntry.objects.filter(patient=never, removed_at=gone).exists()


def test_so_does_one_who_took_a_consent_back_first(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entries = open_with(cast, cast.patient, cast.more_patients[0], at=start)
    relay, gone, end = Relay(), start + 30 * MINUTE, start + 60 * MINUTE
    for person, entry in entries.items():
        relay.present(cast.group_session, person, entry.connection, start, end, reason="ended")
    room.revoke_consent(group_session_id=cast.group_session.pk, participant=cast.patient.pk, at=gone)
    roster.take_off_roster(
        actor=cast.admin, group_session=cast.group_session, patient=cast.record_of(cast.patient), at=gone
    )
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    attendance.recompute(cast.group_session.pk, at=end + MINUTE)
    assert record_of(cast, cast.patient).credited_min == 30


def test_the_frozen_terms_of_the_session_decide(cast: Cast) -> None:
    freeze_terms(cast.group_session, min_credit_min=1, min_presence_ratio="0.5", weekly_min_days=2)
    at = held(cast, Relay(), {cast.patient: [(0, 3)], cast.more_patients[0]: [(0, 180)]})
    attendance.recompute(cast.group_session.pk, at=at)
    record = record_of(cast, cast.patient)
    assert (record.credited_min, record.terms_id) == (3, cast.group_session.terms_id)


def test_a_session_that_was_never_opened_has_no_records(cast: Cast) -> None:
    assert attendance.recompute(cast.group_session.pk, at=cast.group_session.scheduled_end) == []
    assert fresh(cast.group_session).state == SessionState.SCHEDULED
    assert not AttendanceRecord.objects.exists()


def test_evidence_of_a_cancelled_session_says_so(cast: Cast, tmp_path: Path) -> None:
    schedule.cancel_session(
        actor=cast.admin, group_session_id=cast.group_session.pk, reason="Storm", at=cast.at
    )
    result = credit_command(evidence_for_session(fresh(cast.group_session), at=cast.at + MINUTE), tmp_path)
    assert {one["status"] for one in result["sessions"][0]["patients"]} == {"CANCELLED_BY_PROGRAM"}


def test_evidence_of_a_session_to_come_is_a_valid_file(cast: Cast, tmp_path: Path) -> None:
    result = credit_command(evidence_for_session(cast.group_session, at=cast.at), tmp_path)
    assert {one["status"] for one in result["sessions"][0]["patients"]} == {"SCHEDULED"}


def test_a_running_session_is_computed_every_ten_seconds(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    entry = open_with(cast, cast.patient, at=start)[cast.patient]
    relay, pk = Relay(), cast.group_session.pk

    def due(at: datetime) -> bool:
        relay.beat(cast.group_session, cast.patient, entry.connection, at)
        relay.deliver(at)
        return attendance.recompute_due(at=at) == [pk]

    assert due(start + 5 * SECOND)
    assert not due(start + 14 * SECOND)
    assert due(start + 15 * SECOND)
    assert due(start + 160 * MINUTE)
    assert due(start + 160 * MINUTE + 10 * SECOND)

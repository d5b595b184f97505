"""`manage.py verify_ledger` says that everything holds, or names the first thing that was tampered with."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from sessions.models import AttendanceRecord, GroupSession, PresenceEvent, SignOff
from sessions.services import room
from sessions.services.recording import attendance
from telehealth.audit.models import AuditEvent
from telehealth.core import hashchain
from telehealth.core.append_only import suspended
from tests.cast import Cast
from tests.factories import Relay, open_with

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ROSTER = {"rows": [{"patient": "p", "credited_min": 60}]}


@pytest.fixture
def held(cast: Cast) -> Cast:
    """Give the cast after a session of an hour that is final and signed."""
    start = cast.group_session.scheduled_start
    relay, end = Relay(), start + HOUR
    for person, entry in open_with(cast, cast.patient, cast.more_patients[0], at=start).items():
        relay.present(cast.group_session, person, entry.connection, start, end, reason="ended")
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=end)
    attendance.recompute(cast.group_session.pk, at=end + HOUR)
    SignOff.objects.create(
        group_session=cast.group_session,
        number=1,
        signed_by=cast.therapist,
        capacity="of_record",
        credential="LCSW",
        statement="I led this session.",
        authenticated_at=end,
        authentication_method="password",
        roster=ROSTER,
        roster_hash=hashlib.sha256(hashchain.canonical(ROSTER)).hexdigest(),
        chain_head=AttendanceRecord.objects.all()[0].chain_head,
        signed_at=end,
    )
    return cast


def verify(**options: Any) -> str:
    out = io.StringIO()
    call_command("verify_ledger", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def first_fault(**options: Any) -> str:
    with pytest.raises(CommandError) as refusal:
        verify(**options)
    return str(refusal.value).split(": ", 1)[1]


def tamper(table: str, change: Callable[[], object]) -> None:
    with suspended(connection, [table]):
        change()


def facts() -> Any:
    return PresenceEvent.objects.order_by("id")


def test_an_untouched_ledger_holds_and_is_counted(held: Cast) -> None:
    events = AuditEvent.objects.count()
    records = AttendanceRecord.objects.count()
    assert verify() == (
        f"The ledger holds: 1 sessions, {facts().count()} facts, 1 signatures, {records} credited records,"
        f" {events} audit events.\n"
    )
    assert "1 signatures" in verify(session=held.group_session.pk)
    assert "audit" not in verify(session=held.group_session.pk)


def test_a_changed_fact_is_named(held: Cast) -> None:
    victim = facts()[5]
    earlier = victim.at - timedelta(minutes=5)
    tamper("iop_presenceevent", lambda: facts().filter(pk=victim.pk).update(at=earlier))
    assert first_fault() == f"session {held.group_session.pk}: fact {victim} does not fit"


def test_a_missing_fact_shows_at_the_one_after_it(held: Cast) -> None:
    victim, after = facts()[4:6]
    tamper("iop_presenceevent", victim.delete)
    assert first_fault() == f"session {held.group_session.pk}: fact {after} does not fit"


@pytest.mark.parametrize("how_many", [1, 3, None], ids=["the last", "the last three", "all"])
def test_a_chain_that_was_cut_off_is_found(held: Cast, how_many: int | None) -> None:
    last = list(facts().reverse().values_list("pk", flat=True)[:how_many])
    tamper("iop_presenceevent", facts().filter(pk__in=last).delete)
    assert first_fault() == f"session {held.group_session.pk}: facts are missing at the end"


def test_facts_gone_together_with_their_count_are_missed_by_the_records(held: Cast) -> None:
    tamper("iop_presenceevent", facts().all().delete)
    GroupSession.objects.update(fact_seq=0)
    assert first_fault() == f"session {held.group_session.pk}: facts are missing at the end"


def test_a_fact_hidden_from_credit_is_named(held: Cast) -> None:
    closed = facts().filter(kind="closed")[0]
    tamper("iop_presenceevent", lambda: facts().filter(pk=closed.pk).update(is_routine=True))
    assert first_fault() == f"session {held.group_session.pk}: fact {closed} is hidden from credit"


def test_a_fact_that_nobody_decided_is_noticed(held: Cast) -> None:
    last = facts().reverse()[0]
    forged = PresenceEvent.objects.get(pk=facts().filter(kind="admitted")[0].pk)
    forged.pk, forged.seq, forged.prev_hash = None, 99, last.row_hash
    forged.row_hash = hashchain.row_hash(forged.prev_hash, forged.payload())
    forged.save(force_insert=True)
    assert first_fault() == f"session {held.group_session.pk}: facts were added that nobody decided"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"credited_min": 61}, "credited_min"),
        ({"hours_min": 0, "billable_min": 61}, "billable_min, hours_min"),
        ({"flags": ["LATE"]}, "flags"),
        ({"timeline": []}, "timeline"),
        ({"service_date": datetime(2026, 1, 1).date()}, "service_date"),  # noqa: DTZ001 - a date
        ({"adjusted_min": 90}, "adjusted_min"),
    ],
)
def test_a_changed_credit_is_named_with_its_fields(held: Cast, change: dict[str, Any], named: str) -> None:
    patient = held.record_of(held.patient)
    AttendanceRecord.objects.filter(patient=patient).update(**change)
    expected = f"session {held.group_session.pk}: patient {patient.pk}: {named} not as computed"
    assert first_fault() == expected


@pytest.mark.parametrize("whose", ["one", "all"])
def test_a_record_that_is_gone_is_missed(held: Cast, whose: str) -> None:
    rows = AttendanceRecord.objects.order_by("patient_id")
    first = rows[0].patient_id
    (rows.filter(patient=first) if whose == "one" else rows).delete()
    assert first_fault() == f"session {held.group_session.pk}: patient {first}: has no record"


def test_a_changed_signature_is_named(held: Cast) -> None:
    rows = {"rows": [{"patient": "p", "credited_min": 90}]}
    tamper("iop_signoff", lambda: SignOff.objects.update(roster=rows))
    assert first_fault() == f"session {held.group_session.pk}: signature 1 does not fit its roster"


def test_a_signature_that_is_gone_is_missed(held: Cast) -> None:
    row = SignOff.objects.get()
    row.pk, row.number = None, 2
    tamper("iop_signoff", SignOff.objects.all().delete)
    row.save(force_insert=True)
    assert first_fault() == f"session {held.group_session.pk}: signature 1 is missing"


def test_a_changed_audit_event_is_named(held: Cast) -> None:
    victim = AuditEvent.objects.order_by("seq")[3]
    tamper("audit_auditevent", lambda: AuditEvent.objects.filter(pk=victim.pk).update(data={}, at=held.at))
    assert first_fault() == f"audit trail: event {victim.seq} does not fit"
    assert verify(session=held.group_session.pk)


def test_minutes_that_wait_to_be_computed_again_are_no_fault(held: Cast) -> None:
    AttendanceRecord.objects.filter(patient=held.record_of(held.patient)).update(credited_min=61)
    GroupSession.objects.filter(pk=held.group_session.pk).update(is_attendance_due=True)
    assert "0 credited records" in verify()


def test_a_session_that_does_not_exist_is_a_fault(held: Cast) -> None:
    assert first_fault(session=held.patient.pk).endswith("there is no such session")


def test_long_work_tells_how_far_it_is(held: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.management.commands.verify_ledger.PROGRESS_EVERY", 1)
    assert verify().startswith("1 of 1 sessions looked at\n")
    assert "looked at" not in verify(verbosity=0)

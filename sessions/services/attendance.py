"""Decide attendance: from rows and facts to evidence, from evidence to records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from sessions import events
from sessions.models import AttendanceRecord, GroupSession, SessionState
from sessions.rules.credit import PatientResult
from sessions.rules.result import patient_to_json
from sessions.rules.weeks import round_ratio
from sessions.selectors.evidence import evidence_to_compute, result_of
from sessions.selectors.facts import chain_head, facts_horizon
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import NotFound
from telehealth.core.locking import lock

RUNNING_EVERY = timedelta(seconds=15)
RUNNING_SHARE = 240
"""A running session is computed anew every 15 s at most, and more rarely as it grows: 45 s after three hours.

The whole ledger of the session is read each time, so that the cost of an open room stays about the same.
"""
UNFINISHED_EVERY = timedelta(seconds=60)
"""How often an ended session is looked at again while a relay still owes facts."""


def recompute(group_session_id: UUID, *, at: datetime) -> list[AttendanceRecord]:
    """Compute the attendance of a session that was opened, and write it down.

    The computation holds no row. If facts came in meanwhile the session stays due and is computed again.
    """
    group_session = GroupSession.objects.with_people().filter(pk=group_session_id).first()
    if group_session is None:
        raise NotFound
    head = chain_head(group_session_id)
    if group_session.opened_at is None:
        GroupSession.objects.filter(pk=group_session_id, opened_at=None).update(is_attendance_due=False)
        return []
    is_final = _is_final(group_session, at)
    evidence = evidence_to_compute(group_session, at=at)
    result = result_of(evidence, group_session_id)
    as_of = datetime.fromisoformat(str(evidence["as_of"]))
    with transaction.atomic():
        locked = lock(GroupSession, group_session_id)
        was_final = AttendanceRecord.objects.filter(group_session=locked, is_final=True).exists()
        records = [
            _store(locked, patient, result.service_date, head=head, as_of=as_of, is_final=is_final, at=at)
            for patient in result.patients
        ]
        # Somebody taken off the roster who never came has no attendance any more.
        AttendanceRecord.objects.filter(group_session=locked).exclude(
            patient__in=[record.patient_id for record in records]
        ).delete()
        if chain_head(group_session_id) == head:
            locked.is_attendance_due = False
            locked.save(update_fields=["is_attendance_due"])
        if is_final and not was_final:
            audit.record(
                AuditAction.ATTENDANCE_COMPUTED,
                actor=None,
                subject=locked,
                at=at,
                data={"records": len(records), "chain_head": head},
            )
        events.attendance_changed.send_on_commit(group_session_id=group_session_id)
    return records


def recompute_due(*, at: datetime) -> list[UUID]:
    """Compute what is due; gives the sessions.

    Open rooms with new facts now and then, ended ones at once and until all their facts are in.
    """
    ended = Q(state=SessionState.ENDED, is_attendance_due=True)
    unfinished = Q(state=SessionState.ENDED, attendance_records__is_final=False) & ~Q(
        attendance_records__computed_at__gt=at - UNFINISHED_EVERY
    )
    over = GroupSession.objects.filter(ended | unfinished).values_list("pk", flat=True).distinct()
    pks = sorted({*over, *_running_due(at)})
    for pk in pks:
        recompute(pk, at=at)
    return pks


def _running_due(at: datetime) -> list[UUID]:
    rooms = GroupSession.objects.running().filter(is_attendance_due=True, opened_at__isnull=False)
    rows = rooms.annotate(last=Max("attendance_records__computed_at")).values_list("pk", "opened_at", "last")
    return [
        pk
        for pk, opened_at, last in rows
        if opened_at is not None
        and (last is None or at - last >= max(RUNNING_EVERY, (at - opened_at) / RUNNING_SHARE))
    ]


def _is_final(group_session: GroupSession, at: datetime) -> bool:
    ended_at = group_session.ended_at
    return ended_at is not None and facts_horizon(group_session, at=at) >= ended_at


def _store(
    group_session: GroupSession,
    result: PatientResult,
    service_date: date,
    *,
    head: str,
    as_of: datetime,
    is_final: bool,
    at: datetime,
) -> AttendanceRecord:
    shown: Mapping[str, object] = patient_to_json(result)
    record, _ = AttendanceRecord.objects.update_or_create(
        group_session=group_session,
        patient_id=UUID(result.id),
        defaults={
            "service_date": service_date,
            "qualified_seconds": result.qualified_seconds,
            "strict_seconds": result.strict_seconds,
            "credited_min": result.credited_min,
            "billable_min": result.billable_min,
            "hours_min": result.hours_min,
            "ratio": Decimal(round_ratio(result.ratio)),
            "status": str(result.status),
            "flags": shown["flags"],
            "units": shown["units"],
            "timeline": shown["timeline"],
            "terms_id": group_session.terms_id,
            "chain_head": head,
            "as_of": as_of,
            "is_final": is_final,
            "computed_at": at,
        },
    )
    return record

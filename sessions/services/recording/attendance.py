"""Decide attendance: from rows and facts to evidence, from evidence to records."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min

from sessions import events
from sessions.models import AttendanceRecord, GroupSession, RosterEntry, SessionState
from sessions.rules import EvidenceError
from sessions.rules.crediting.credit import InvariantBroken, Result
from sessions.rules.document.export import ExportError
from sessions.rules.presence.facts import FactError
from sessions.rules.time.instants import floor_instant
from sessions.selectors.ledger.computed import COMPUTED, computed_values
from sessions.selectors.ledger.evidence import Gathered, gather, results_of
from sessions.selectors.ledger.facts import chain_head, facts_horizon
from sessions.services.recording.incidents import store_incidents
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import DomainError, NotFound
from telehealth.core.locking import lock

logger = logging.getLogger(__name__)

RUNNING_EVERY = timedelta(seconds=10)
"""How often the minutes of an open room are computed anew: screens show whole ones, held back for as long."""
UNFINISHED_EVERY = timedelta(seconds=60)
"""How often an ended session is computed again while a relay owes facts; at once when it has given them."""

_SOURCES = ("terms_id", "track_terms_id", "enrollment_terms_id", "chain_head")
_STORED = (*COMPUTED, *_SOURCES, "as_of", "is_final", "computed_at")


def recompute(group_session_id: UUID, *, at: datetime, every: bool = False) -> list[AttendanceRecord]:
    """Compute the attendance of a session that was opened, and write it down.

    The computation holds no row. If facts or roster changed meanwhile the session stays due. What a
    correction laid over a record stays as it is. `every` reads also the facts that credit does not need.
    """
    group_session = GroupSession.objects.with_people().filter(pk=group_session_id).first()
    if group_session is None:
        raise NotFound
    head = chain_head(group_session_id)
    if group_session.opened_at is None:
        GroupSession.objects.filter(pk=group_session_id, opened_at=None).update(is_attendance_due=False)
        return []
    gathered = gather(group_session, at=at, every=every)
    result = results_of(gathered.evidence)
    as_of = datetime.fromisoformat(str(gathered.evidence["as_of"]))
    # Evidence reaches as far as what is known of every session in it, also of those that overlap.
    is_final = _is_final(group_session, at) and _is_reached(group_session.ended_at, as_of)
    new = _records(group_session, gathered, result, head=head, as_of=as_of, is_final=is_final, at=at)
    with transaction.atomic():
        locked = lock(GroupSession, group_session_id)
        was_final_at = _final_head(locked)
        records = _write(locked, new)
        store_incidents(locked, gathered.incidents, at=at)
        if chain_head(group_session_id) == head and _roster_of(locked) == {one.patient_id for one in new}:
            locked.is_attendance_due = False
            locked.save(update_fields=["is_attendance_due"])
        _wake_others(gathered.others, result)
        if is_final and was_final_at != head:
            audit.record(
                AuditAction.ATTENDANCE_COMPUTED,
                actor=None,
                subject=locked,
                at=at,
                data={"records": len(records), "chain_head": head},
            )
        events.attendance_changed.send_on_commit(group_session_id=group_session_id)
    return records


def recompute_due(*, at: datetime, failing: dict[UUID, datetime] | None = None) -> list[UUID]:
    """Compute what is due; gives the sessions.

    Open rooms with new facts now and then, ended ones at once, and again as soon as all their facts are in.
    `failing` holds when each session that could not be computed is tried again; the caller keeps it.
    """
    failing = {} if failing is None else failing
    over = GroupSession.objects.filter(state=SessionState.ENDED)
    due = over.filter(is_attendance_due=True).values_list("pk", flat=True)
    every = {*due, *_unfinished_due(at), *_running_due(at)}
    pks = sorted(pk for pk in every if failing.get(pk, at) <= at)
    for pk in pks:
        try:
            recompute(pk, at=at)
            failing.pop(pk, None)
        except (DomainError, ExportError, FactError, EvidenceError, InvariantBroken) as error:
            # A defect of one session must not keep all others from their minutes, nor fill the log.
            failing[pk] = at + UNFINISHED_EVERY
            logger.error(  # noqa: TRY400 - a trace would add values to ids
                "attendance.failed", extra={"group_session_id": str(pk), "cause": type(error).__name__}
            )
    return pks


def _unfinished_due(at: datetime) -> list[UUID]:
    """List ended sessions computed before all facts were in: now they are, or it was a while ago.

    One whose own facts are in may wait for those of a session that it overlaps, for hours: the longer it has
    waited, the longer it is left alone.
    """
    rows = AttendanceRecord.objects.filter(is_final=False, group_session__state=SessionState.ENDED)
    computed_at = dict(rows.order_by().values_list("group_session").annotate(Min("computed_at")))
    return [
        one.pk
        for one in GroupSession.objects.filter(pk__in=computed_at)
        if _is_worth_a_try(one, computed_at[one.pk], at)
    ]


def _is_worth_a_try(group_session: GroupSession, computed_at: datetime, at: datetime) -> bool:
    ago = at - computed_at
    waited = computed_at - (group_session.ended_at or computed_at)
    return ago >= UNFINISHED_EVERY or (ago >= waited / 4 and _is_final(group_session, at))


def _running_due(at: datetime) -> list[UUID]:
    rooms = GroupSession.objects.running().filter(is_attendance_due=True, opened_at__isnull=False)
    rows = rooms.annotate(last=Max("attendance_records__computed_at")).values_list("pk", "last")
    return [pk for pk, last in rows if last is None or at - last >= RUNNING_EVERY]


def _is_final(group_session: GroupSession, at: datetime) -> bool:
    ended_at = group_session.ended_at
    return ended_at is not None and facts_horizon(group_session, at=at) >= ended_at


def _is_reached(ended_at: datetime | None, as_of: datetime) -> bool:
    """Say whether evidence, whose times are whole seconds, holds the end."""
    return ended_at is not None and floor_instant(ended_at) <= floor_instant(as_of)


def _roster_of(group_session: GroupSession) -> set[UUID]:
    entries = RosterEntry.objects.evidential().filter(group_session=group_session)
    return set(entries.values_list("patient_id", flat=True))


def _final_head(group_session: GroupSession) -> str | None:
    """Give the last fact that a final result was computed from, if there is one."""
    rows = AttendanceRecord.objects.filter(group_session=group_session, is_final=True)
    return rows.values_list("chain_head", flat=True).first()


def _records(
    group_session: GroupSession,
    gathered: Gathered,
    result: Result,
    *,
    head: str,
    as_of: datetime,
    is_final: bool,
    at: datetime,
) -> list[AttendanceRecord]:
    """Make the records that are to stand, not yet written."""
    own = next(one for one in result.sessions if one.id == str(group_session.pk))
    found = []
    for patient_id, values in computed_values(own).items():
        terms = gathered.own_terms.get(patient_id)
        found.append(
            AttendanceRecord(
                group_session=group_session,
                patient_id=patient_id,
                **values,
                terms_id=group_session.terms_id,
                track_terms_id=group_session.track_terms_id,
                enrollment_terms=None if terms is None else terms.enrollment_terms,
                chain_head=head,
                as_of=as_of,
                is_final=is_final,
                computed_at=at,
            )
        )
    return found


def _write(group_session: GroupSession, new: Collection[AttendanceRecord]) -> list[AttendanceRecord]:
    """Bring the stored records to the new ones; two queries, and one for those who are gone.

    Somebody taken off the roster who never came has no attendance any more.
    """
    AttendanceRecord.objects.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["group_session", "patient"],
        update_fields=[name.removesuffix("_id") for name in _STORED],
    )
    # Read back, since a record that was there keeps its own id and what was laid over it.
    rows = list(AttendanceRecord.objects.filter(group_session=group_session).order_by("patient_id"))
    patients = {one.patient_id for one in new}
    gone = [row.pk for row in rows if row.patient_id not in patients]
    if gone:
        AttendanceRecord.objects.filter(pk__in=gone).delete()
    return [row for row in rows if row.patient_id in patients]


def _wake_others(others: Collection[UUID], result: Result) -> None:
    """Have sessions computed again whose patients' shared time this one decides, where that changed.

    Only their minutes of shared patients are looked at: those of the rest do not depend on this session.
    """
    if not others:
        return
    minutes = {
        (UUID(session.id), UUID(patient.id)): (patient.qualified_seconds, patient.strict_seconds)
        for session in result.sessions
        for patient in session.patients
    }
    rows = AttendanceRecord.objects.filter(group_session__in=others, group_session__state=SessionState.ENDED)
    changed = {
        row.group_session_id
        for row in rows
        if (row.qualified_seconds, row.strict_seconds)
        != minutes.get((row.group_session_id, row.patient_id), (row.qualified_seconds, row.strict_seconds))
    }
    GroupSession.objects.filter(pk__in=changed).update(is_attendance_due=True)

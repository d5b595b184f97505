"""Plan sessions: single ones and weekly series; move and cancel them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from sessions.models import GroupSession, RosterEntry, ServiceType, SessionState
from sessions.policies import can_edit_session, can_facilitate, can_schedule
from sessions.selectors.room import stamp
from sessions.services.conditions.freezing import freeze_terms, frozen_terms
from sessions.services.room.lifecycle import close_room
from sessions.services.room_edit import edit_room
from sessions.services.scheduling.planning import Span, refuse_overlap, stored_breaks
from sessions.services.scheduling.series import create_series, generate_sessions
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict
from telehealth.enrollment.models import Patient
from telehealth.programs.models import Program, Track

__all__ = ["cancel_session", "create_series", "create_session", "generate_sessions", "move_session"]


def create_session(
    *,
    actor: User,
    program: Program,
    title: str,
    service_type: ServiceType,
    facilitator: User,
    start: datetime,
    end: datetime,
    patients: Collection[Patient],
    at: datetime,
    breaks: Sequence[Span] = (),
    track: Track | None = None,
) -> GroupSession:
    """Plan one session; the credit terms of its date, and over them its track's, are frozen with it."""
    with transaction.atomic():
        can_schedule(actor, program, at=at).require()
        can_facilitate(facilitator, program, at=at).require()
        _require_sense(start, end, breaks)
        refuse_overlap(
            start=start,
            end=end,
            facilitator_id=facilitator.pk,
            patient_ids=[patient.pk for patient in patients],
        )
        group_session = GroupSession.objects.create(
            program=program,
            title=title.strip(),
            service_type=service_type,
            facilitator=facilitator,
            scheduled_start=start,
            scheduled_end=end,
            planned_breaks=stored_breaks(breaks),
            track=track,
            **frozen_terms(program, track, program.date_at(start)),
        )
        RosterEntry.objects.bulk_create(
            RosterEntry(group_session=group_session, patient=patient, added_by=actor, added_at=at)
            for patient in patients
        )
        audit.record(
            AuditAction.SESSION_CREATED,
            actor=actor,
            subject=group_session,
            at=at,
            data={
                "start": stamp(start),
                "end": stamp(end),
                "patients": sorted(str(patient.pk) for patient in patients),
            },
        )
    return group_session


def move_session(
    *, actor: User, group_session_id: UUID, start: datetime, end: datetime, at: datetime
) -> GroupSession:
    """Move a session that has not begun; planned breaks keep their distance from its start.

    The terms of the new date are frozen with it. A session that nobody opened in its time can still be moved.
    """
    with edit_room(group_session_id, at=at) as edit:
        group_session = edit.group_session
        can_edit_session(actor, group_session, at=at).require()
        require_scheduled(group_session, "moved")
        if start < at:
            raise Conflict("in_the_past", "A session cannot be moved into the past.")
        shift = start - group_session.scheduled_start
        breaks = [(begin + shift, finish + shift) for begin, finish in group_session.break_spans]
        _require_sense(start, end, breaks)
        refuse_overlap(
            start=start,
            end=end,
            facilitator_id=group_session.facilitator_id,
            patient_ids=list(
                RosterEntry.objects.current()
                .filter(group_session=group_session)
                .values_list("patient_id", flat=True)
            ),
            besides=group_session,
        )
        before = group_session.scheduled_start, group_session.scheduled_end
        group_session.scheduled_start, group_session.scheduled_end = start, end
        group_session.planned_breaks = stored_breaks(breaks)
        freeze_terms(group_session)
        edit.audit(
            AuditAction.SESSION_MOVED,
            actor,
            start=stamp(start),
            end=stamp(end),
            old_start=stamp(before[0]),
            old_end=stamp(before[1]),
        )
        return group_session


def cancel_session(*, actor: User, group_session_id: UUID, reason: str, at: datetime) -> GroupSession:
    """Cancel a session that has not begun, in the program's name; whoever waits is sent home."""
    with edit_room(group_session_id, at=at) as edit:
        group_session = edit.group_session
        can_edit_session(actor, group_session, at=at).require()
        require_scheduled(group_session, "cancelled")
        if not reason.strip():
            raise Conflict("reason_missing", "Say why the session is cancelled.")
        group_session.cancel_reason = reason.strip()[:200]
        close_room(edit, actor=actor, ended_at=at, reason="cancelled", state=SessionState.CANCELLED)
        # The words stay in the row: the trail holds ids and closed vocabularies only.
        edit.audit(AuditAction.SESSION_CANCELLED, actor)
        return group_session


def require_scheduled(group_session: GroupSession, verb: str) -> None:
    """Ask for a session that has not begun."""
    if group_session.state != SessionState.SCHEDULED:
        raise Conflict("already_begun", f"Only a session that has not begun can be {verb}.")


def _require_sense(start: datetime, end: datetime, breaks: Sequence[Span]) -> None:
    if start >= end:
        raise Conflict("empty_time", "A session must end after it starts.")
    if any(begin >= finish or begin < start or finish > end for begin, finish in breaks):
        raise Conflict("bad_break", "Every break must lie inside the session and end after it starts.")

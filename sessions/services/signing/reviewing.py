"""Reads of settled attendance by staff, each written down: rosters, the queue of corrections, objections."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.selectors.scope import get_session_for
from sessions.selectors.signing.correction_draft import CorrectionDraft, Effect, correction_draft
from sessions.selectors.signing.corrections import (
    CorrectionPage,
    CorrectionQueue,
    correction_queue,
    get_correction_for,
)
from sessions.selectors.signing.disputes import DisputePage, ListedDispute, dispute_list, get_dispute_for
from sessions.selectors.signing.roster_page import RosterPage, roster_page
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction


def view_roster(*, actor: User, group_session_id: UUID, at: datetime) -> RosterPage:
    """Gather the roster of one session."""
    page = roster_page(actor, group_session_id, at)
    _viewed(actor, group_session_id, at, view="roster", patients=len(page.lines))
    return page


def view_correction_draft(
    *, actor: User, group_session_id: UUID, patient_id: UUID, at: datetime
) -> CorrectionDraft:
    """Gather what the form to correct one patient's minutes shows."""
    draft = correction_draft(actor, group_session_id, patient_id, at)
    _viewed(actor, group_session_id, at, view="correction_form", patient=str(patient_id))
    return draft


def correction_effect(user: User, pk: UUID, patient_id: UUID, typed: str, at: datetime) -> Effect:
    """Say what a number somebody types would do; a part of the form, whose page is written down."""
    draft = correction_draft(user, pk, patient_id, at)
    draft.page.may_correct.require()
    return draft.effect(int(typed) if typed.isdecimal() and len(typed) < 6 else None)


def view_corrections(*, actor: User, pending: bool, at: datetime) -> CorrectionQueue:
    """Gather the queue of corrections."""
    queue = correction_queue(actor, at, pending=pending)
    _listed(
        actor, at, view="corrections", filter="pending" if pending else "decided", rows=len(queue.corrections)
    )
    return queue


def view_correction(*, actor: User, correction_id: UUID, at: datetime) -> CorrectionPage:
    """Gather one correction for those who decide about it."""
    page = get_correction_for(actor, correction_id, at)
    row = page.queued.row
    _viewed(actor, row.group_session_id, at, view="correction", patient=str(row.patient_id))
    return page


def view_disputes(*, actor: User, is_open: bool, at: datetime) -> tuple[ListedDispute, ...]:
    """Gather the objections the reader may answer."""
    found = dispute_list(actor, at, is_open=is_open)
    _listed(actor, at, view="disputes", filter="open" if is_open else "answered", rows=len(found))
    return found


def view_dispute(*, actor: User, dispute_id: UUID, at: datetime) -> DisputePage:
    """Gather one objection."""
    page = get_dispute_for(actor, dispute_id, at)
    row = page.listed.row
    _viewed(actor, row.group_session_id, at, view="dispute", patient=str(row.patient_id))
    return page


def _viewed(actor: User, group_session_id: UUID, at: datetime, **data: object) -> None:
    group_session = get_session_for(actor, group_session_id, at)
    audit.record(AuditAction.ATTENDANCE_VIEWED, actor=actor, subject=group_session, at=at, data=data)


def _listed(actor: User, at: datetime, **data: object) -> None:
    audit.record(AuditAction.ATTENDANCE_VIEWED, actor=actor, subject=None, at=at, data=data)

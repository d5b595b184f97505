"""Reads of attendance by staff: each one is itself written down.

Gathering holds no row and no writer: a long session takes its time to compute while live rooms write.
Nothing is handed out before the trail has it. Routes that read attendance are listed in
`telehealth/accounts/attendance_reads.py`; a test asks each of them for its event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Model

from sessions.models import GroupSession, RosterState
from sessions.selectors.admin import SessionDetail, session_detail
from sessions.selectors.auditing.audit import SessionAudit, session_audit
from sessions.selectors.auditing.drill import FactsPage, facts_page
from sessions.selectors.auditing.history import HistoryFilters, PatientHistory, patient_history
from sessions.selectors.homes.staff import TherapistHome, TodaySession, live_roster, therapist_home
from sessions.selectors.ledger.evidence import Evidence, evidence_for_session, evidence_to_compute
from sessions.selectors.scope import get_session_for
from sessions.selectors.weekly.weeks import week_holding
from sessions.services.signing.signoff import LockReason, lock_rosters
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.enrollment.selectors import get_patient_for
from telehealth.programs.selectors import audit_scope

POLL_IS_ONE_READ = timedelta(minutes=15)
"""A page that asks anew every few seconds is one read for so long: as long as idle staff stay signed in."""


def view_audit(*, actor: User, group_session_id: UUID, at: datetime) -> SessionAudit:
    """Gather the audit page."""
    return _audit(actor, get_session_for(actor, group_session_id, at), AuditAction.AUDIT_VIEWED, at)


def export_audit(*, actor: User, group_session_id: UUID, at: datetime) -> SessionAudit:
    """Gather the audit for a file that leaves the product; a signed roster is locked before it does."""
    group_session = get_session_for(actor, group_session_id, at)
    if group_session.roster_state == RosterState.ATTESTED:
        lock_rosters(actor=actor, group_session_ids=[group_session_id], reason=LockReason.EXPORTED, at=at)
    return _audit(actor, group_session, AuditAction.AUDIT_EXPORTED, at)


def view_facts(*, actor: User, group_session_id: UUID, participant: UUID, at: datetime) -> FactsPage:
    """Gather the single facts about one person in a session."""
    page = facts_page(actor, group_session_id, participant, at)
    audit.record(
        AuditAction.AUDIT_VIEWED,
        actor=actor,
        subject=get_session_for(actor, group_session_id, at),
        at=at,
        data={"facts_of": str(participant)},
    )
    return page


def export_evidence(*, actor: User, group_session_id: UUID, at: datetime) -> Evidence:
    """Give the evidence document of a session and its patients' week (`credit.md` section 3).

    Without the week, where that reaches beyond the service dates the account may see.
    """
    group_session = get_session_for(actor, group_session_id, at)
    dates, week = audit_scope(actor, group_session.program, at), week_holding(group_session)
    is_whole = dates.holds(week.first_day) and dates.holds(week.last_day)
    gather = evidence_for_session if is_whole else evidence_to_compute
    document = gather(group_session, at=at)
    audit.record(AuditAction.EVIDENCE_EXPORTED, actor=actor, subject=group_session, at=at)
    return document


def view_history(*, actor: User, patient_id: UUID, filters: HistoryFilters, at: datetime) -> PatientHistory:
    """Gather one patient's attendance over time."""
    page = patient_history(actor, patient_id, filters, at)
    audit.record(
        AuditAction.ATTENDANCE_VIEWED,
        actor=actor,
        subject=get_patient_for(actor, patient_id, at),
        at=at,
        data={
            "page": "history",
            "from": page.dates.first.isoformat(),
            "until": page.dates.last.isoformat(),
            "count": len(page.sessions),
        },
    )
    return page


def view_detail(*, actor: User, group_session_id: UUID, at: datetime) -> SessionDetail:
    """Gather the page of one session, whose roster says who is in the room."""
    page = session_detail(actor, group_session_id, at)
    note_read(actor=actor, page="detail", at=at, subject=page.group_session, count=len(page.roster))
    return page


def view_today(*, actor: User, at: datetime) -> TherapistHome:
    """Gather the clinicians' home: who is there in today's groups, with minutes."""
    home = therapist_home(actor, at)
    note_read(actor=actor, page="today", at=at, count=len(home.sessions))
    return home


def view_live_roster(*, actor: User, group_session_id: UUID, at: datetime) -> TodaySession:
    """Gather one group's roster anew; a page that polls it is written down once in a while."""
    one = live_roster(actor, group_session_id, at)
    since = at - POLL_IS_ONE_READ
    if not audit.has_recorded(
        AuditAction.ATTENDANCE_VIEWED, actor=actor, since=since, subject_id=str(group_session_id)
    ):
        subject = get_session_for(actor, group_session_id, at)
        note_read(actor=actor, page="live_roster", at=at, subject=subject, count=len(one.roster))
    return one


def note_read(
    *,
    actor: User,
    page: str,
    at: datetime,
    count: int,
    subject: Model | None = None,
    filters: Mapping[str, str] | None = None,
    action: AuditAction = AuditAction.ATTENDANCE_VIEWED,
) -> None:
    """Write down that an account read attendance; for lists once, with the filter and how many rows.

    `page` and `filters` are closed words, ids and dates: never a name and never what somebody typed.
    """
    data = {"page": page, "count": count, **({"filters": dict(filters)} if filters else {})}
    audit.record(action, actor=actor, subject=subject, at=at, data=data)


def _audit(actor: User, group_session: GroupSession, action: AuditAction, at: datetime) -> SessionAudit:
    page = session_audit(actor, group_session.pk, at)
    audit.record(action, actor=actor, subject=group_session, at=at)
    return page

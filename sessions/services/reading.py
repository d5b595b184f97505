"""Reads of attendance by staff: each one is itself written down.

Gathering holds no row and no writer: a long session takes its time to compute while live rooms write.
Nothing is handed out before the trail has it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.selectors.audit import SessionAudit, session_audit
from sessions.selectors.evidence import Evidence, evidence_for_session
from sessions.selectors.scope import get_session_for
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction


def view_audit(*, actor: User, group_session_id: UUID, at: datetime) -> SessionAudit:
    """Gather the audit page."""
    return _audit(actor, group_session_id, AuditAction.AUDIT_VIEWED, at)


def export_audit(*, actor: User, group_session_id: UUID, at: datetime) -> SessionAudit:
    """Gather the audit for a file that leaves the product."""
    return _audit(actor, group_session_id, AuditAction.AUDIT_EXPORTED, at)


def export_evidence(*, actor: User, group_session_id: UUID, at: datetime) -> Evidence:
    """Give the evidence document of a session and its patients' week (`credit.md` section 3)."""
    group_session = get_session_for(actor, group_session_id, at)
    document = evidence_for_session(group_session, at=at)
    audit.record(AuditAction.EVIDENCE_EXPORTED, actor=actor, subject=group_session, at=at)
    return document


def _audit(actor: User, group_session_id: UUID, action: AuditAction, at: datetime) -> SessionAudit:
    group_session = get_session_for(actor, group_session_id, at)
    page = session_audit(actor, group_session_id, at)
    audit.record(action, actor=actor, subject=group_session, at=at)
    return page

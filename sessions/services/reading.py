"""Reads of attendance by staff: each one is itself written down."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from sessions.models import GroupSession
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
    with transaction.atomic():
        group_session = get_session_for(actor, group_session_id, at)
        document = evidence_for_session(group_session, at=at)
        _note(AuditAction.EVIDENCE_EXPORTED, actor, group_session, at)
    return document


def _audit(actor: User, group_session_id: UUID, action: AuditAction, at: datetime) -> SessionAudit:
    with transaction.atomic():
        page = session_audit(actor, group_session_id, at)
        _note(action, actor, get_session_for(actor, group_session_id, at), at)
    return page


def _note(action: AuditAction, actor: User, group_session: GroupSession, at: datetime) -> None:
    audit.record(action, actor=actor, subject=group_session, at=at)

"""Read and export reports: each one is written down before it is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sessions.services.signing.signoff import LockReason, lock_rosters
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import NotFound
from telehealth.programs.models import Program, Track
from telehealth.programs.selectors import audit_scope, programs_of

from .document import Report
from .scope import ReportScope
from .selectors import KINDS, ReportKind

READERS = frozenset({Role.PROGRAM_ADMIN, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A gathered report with what was asked."""

    kind: ReportKind
    scope: ReportScope
    report: Report


def programs_to_report_on(user: User, at: datetime) -> list[Program]:
    """List the programs of which the account reads reports."""
    return programs_of(user, at) if user.role_enum in READERS else []


def view_report(
    *,
    actor: User,
    key: str,
    program_id: UUID,
    first: date,
    last: date,
    at: datetime,
    track_id: UUID | None = None,
) -> ReportPage:
    """Gather a report for the screen."""
    kind, scope = KINDS[key], _scope(actor, program_id, track_id, first, last, at)
    page = ReportPage(kind, scope, kind.gather(scope))
    _record(AuditAction.REPORT_VIEWED, actor, page, at)
    return page


def export_report(
    *,
    actor: User,
    key: str,
    program_id: UUID,
    first: date,
    last: date,
    at: datetime,
    track_id: UUID | None = None,
) -> ReportPage:
    """Gather a report for a file; the signed rosters whose attendance it holds are locked first."""
    kind, scope = KINDS[key], _scope(actor, program_id, track_id, first, last, at)
    if kind.locks:
        lock_rosters(actor=actor, group_session_ids=scope.session_ids(), reason=LockReason.EXPORTED, at=at)
    page = ReportPage(kind, scope, kind.gather(scope))
    _record(AuditAction.REPORT_EXPORTED, actor, page, at)
    return page


def _scope(
    actor: User, program_id: UUID, track_id: UUID | None, first: date, last: date, at: datetime
) -> ReportScope:
    program = next((one for one in programs_to_report_on(actor, at) if one.pk == program_id), None)
    if program is None:
        raise NotFound("program_not_found", "There is no such program among yours.")
    track = None
    if track_id is not None:
        track = Track.objects.filter(program=program, pk=track_id).first()
        if track is None:
            raise NotFound("track_not_found", "There is no such track in this program.")
    seen = audit_scope(actor, program, at)
    return ReportScope(
        reader=actor, program=program, track=track, dates=seen.clip(first, last), seen=seen, at=at
    )


def _record(action: AuditAction, actor: User, page: ReportPage, at: datetime) -> None:
    audit.record(
        action,
        actor=actor,
        subject=page.scope.program,
        at=at,
        data={"report": page.kind.key, "rows": len(page.report.rows), "filters": dict(page.scope.filters)},
    )

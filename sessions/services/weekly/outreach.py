"""Write down attempts to reach a patient who stays away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from sessions.models import OutreachAttempt, OutreachChannel, OutreachOutcome
from sessions.policies.absences import can_log_outreach
from sessions.selectors.weekly.outreach import last_missed
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import DomainError
from telehealth.core.locking import lock
from telehealth.enrollment.models import Enrollment
from telehealth.enrollment.selectors import get_enrollment_for

MAX_NOTE = 2000


def log_outreach(
    *,
    actor: User,
    enrollment_id: UUID,
    channel: OutreachChannel,
    outcome: OutreachOutcome,
    at: datetime,
    note: str = "",
) -> OutreachAttempt:
    """Add one attempt, linked to the session that was missed last."""
    with transaction.atomic():
        enrollment = lock(
            Enrollment.objects.select_related("program"), get_enrollment_for(actor, enrollment_id, at).pk
        )
        can_log_outreach(actor, enrollment.program, at=at).require()
        note = note.strip()[:MAX_NOTE]
        if outcome is OutreachOutcome.SAFETY_CONCERN and not note:
            raise DomainError("note_missing", "Say in the note what the concern is and who was told.")
        attempt = OutreachAttempt.objects.create(
            enrollment=enrollment,
            group_session_id=last_missed(enrollment),
            channel=channel,
            outcome=outcome,
            note=note,
            made_by=actor,
            made_at=at,
        )
        audit.record(
            AuditAction.OUTREACH_LOGGED,
            actor=actor,
            subject=enrollment,
            at=at,
            data={"channel": channel.value, "outcome": outcome.value},
        )
    return attempt

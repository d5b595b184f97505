"""Compare terms over a past month; the look itself is written down, nothing else is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.selectors.conditions.what_if import Answer, Question, what_if
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.programs.policies import can_administer


def compare_terms(
    *, actor: User, question: Question, at: datetime, source: str = "", patient_id: UUID | None = None
) -> Answer:
    """Say what other terms would have made of a past month, and note in the audit trail who asked.

    `source` is the key of a pack or the id of a version, `patient_id` whose sessions are shown one by one.
    """
    can_administer(actor, question.program, at).require()
    answer = what_if(question, at)
    audit.record(
        AuditAction.TERMS_COMPARED,
        actor=actor,
        subject=question.program,
        at=at,
        data={
            "month": f"{question.month:%Y-%m}",
            "track": None if question.track is None else str(question.track.pk),
            "source": source,
            "parameters": dict(question.parameters),
            "target_min": question.target_min,
            "count": len(answer.rows),
            "patient": None if patient_id is None else str(patient_id),
        },
    )
    return answer

"""Write the dated steps of an episode: what held from when on, by whom, why. Rows are added, never edited."""

from __future__ import annotations

from datetime import date, datetime

from telehealth.accounts.models import User
from telehealth.core.errors import DomainError

from ..holds import HOLD_MAX_DAYS
from ..models import Enrollment, EnrollmentChange, EnrollmentState

MAX_REASON = 200


def record_change(
    *,
    actor: User,
    enrollment: Enrollment,
    effective_on: date,
    at: datetime,
    reason: str = "",
    expected_return_on: date | None = None,
) -> EnrollmentChange:
    """Note the state and the track that an episode, held by the caller, now has."""
    return EnrollmentChange.objects.create(
        enrollment=enrollment,
        state=enrollment.state,
        track_id=enrollment.track_id,
        effective_on=effective_on,
        expected_return_on=expected_return_on,
        reason=" ".join(reason.split())[:MAX_REASON],
        changed_by=actor,
        changed_at=at,
    )


def require_reason_and_return(
    state: EnrollmentState, reason: str, expected_return_on: date | None, today: date
) -> None:
    """Ask a hold for its reason and for the day of return, at most two weeks away."""
    if state is not EnrollmentState.ON_HOLD:
        if expected_return_on is not None:
            raise DomainError("return_without_hold", "Only a hold has an expected return.")
        return
    if not reason.strip():
        raise DomainError("hold_reason_missing", "Say why the enrollment is put on hold.")
    if expected_return_on is None or not 0 < (expected_return_on - today).days <= HOLD_MAX_DAYS:
        raise DomainError(
            "bad_return_date",
            f"The expected return lies between tomorrow and {HOLD_MAX_DAYS} days from today.",
            "Discharge the patient if they will be away for longer.",
        )

"""Set the credit terms that one episode has over those of its track and program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict
from telehealth.core.locking import lock
from telehealth.programs.services.terms import TermsValidator, require_shape

from .. import events
from ..models import Enrollment, EnrollmentState, EnrollmentTerms
from ..policies import can_manage_enrollment


def set_enrollment_terms(
    *,
    actor: User,
    enrollment: Enrollment,
    name: str,
    effective_on: date,
    parameters: Mapping[str, object],
    validate: TermsValidator,
    at: datetime,
    pack: str = "",
) -> EnrollmentTerms:
    """Add a version of an episode's own terms, from the first day of a program week still to come.

    Without parameters the episode is back at the terms of its track and program.
    """
    with transaction.atomic():
        enrollment = lock(Enrollment.objects.select_related("program", "patient"), enrollment.pk)
        program = enrollment.program
        can_manage_enrollment(actor, program, at).require()
        require_shape(parameters)
        validate(parameters)
        if enrollment.state_enum is EnrollmentState.DISCHARGED:
            raise Conflict("episode_over", "This episode is over; its terms stay as they were.")
        today = program.date_at(at)
        if effective_on <= today or effective_on != program.first_day_of_week(effective_on):
            raise Conflict(
                "not_a_week_start",
                "A patient's own terms start with a program week still to come, on a "
                f"{program.get_week_start_display()}, so that no week is judged by two sets of terms.",
            )
        newest = EnrollmentTerms.objects.filter(enrollment=enrollment).order_by("-version").first()
        terms = EnrollmentTerms.objects.create(
            enrollment=enrollment,
            version=1 if newest is None else newest.version + 1,
            effective_on=effective_on,
            pack=pack,
            name=name.strip() or "Own terms",
            parameters=dict(parameters),
            created_by=actor,
            created_at=at,
        )
        audit.record(
            audit.AuditAction.ENROLLMENT_TERMS_SET,
            actor=actor,
            subject=enrollment,
            at=at,
            data={
                "terms": str(terms.pk),
                "version": terms.version,
                "pack": terms.pack,
                "effective_on": effective_on.isoformat(),
            },
        )
        events.enrollment_changed.send_on_commit(
            enrollment_id=enrollment.pk,
            patient_id=enrollment.patient_id,
            user_id=enrollment.patient.user_id,
            program_id=enrollment.program_id,
            in_treatment=enrollment.state_enum.is_in_treatment,
            changed_by=actor.pk,
            at=at,
        )
    return terms

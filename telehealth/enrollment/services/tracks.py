"""Assign an episode to a track, from a date on."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict
from telehealth.core.locking import lock
from telehealth.programs.models import Track
from telehealth.programs.tracks import require_track_of

from .. import events
from ..models import Enrollment, EnrollmentChange, EnrollmentState
from ..policies import can_manage_enrollment
from ..selectors.terms import track_steps
from .changes import record_change


def assign_track(
    *, actor: User, enrollment: Enrollment, track: Track | None, effective_on: date, at: datetime
) -> EnrollmentChange:
    """Put an episode into a track from a date on, or into none.

    Steps are added in the order of their dates, so that the track last assigned is the one of the row itself.
    Weeks follow from the first that begins then or later; sessions keep their rosters.
    """
    with transaction.atomic():
        enrollment = lock(Enrollment.objects.select_related("program", "patient"), enrollment.pk)
        program = enrollment.program
        can_manage_enrollment(actor, program, at).require()
        if enrollment.state_enum is EnrollmentState.DISCHARGED:
            raise Conflict("episode_over", "This episode is over; its track stays as it was.")
        if track is not None:
            track = lock(Track, track.pk)
        require_track_of(program, track, [effective_on])
        if (track.pk if track else None) == enrollment.track_id:
            raise Conflict("same_track", "The patient is in this track already. Choose another one.")
        if effective_on < max(program.date_at(at), enrollment.admitted_on):
            raise Conflict(
                "date_in_past", "Another track starts today or later, so that past weeks stay as they were."
            )
        if not EnrollmentChange.objects.filter(enrollment=enrollment).exists():
            # An episode from before changes were kept: say what held until now.
            record_change(actor=actor, enrollment=enrollment, effective_on=enrollment.admitted_on, at=at)
        planned = track_steps([enrollment])[enrollment.pk][-1].effective_on
        if effective_on < planned:
            raise Conflict(
                "track_planned",
                f"Another track is planned from {planned.isoformat()} on. Choose that day or a later one.",
            )
        enrollment.track = track
        enrollment.save(update_fields=["track"])
        change = record_change(actor=actor, enrollment=enrollment, effective_on=effective_on, at=at)
        audit.record(
            audit.AuditAction.TRACK_ASSIGNED,
            actor=actor,
            subject=enrollment,
            at=at,
            data={
                "track": None if track is None else str(track.pk),
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
    return change

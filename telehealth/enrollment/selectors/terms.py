"""Which track and which terms of their own episodes had on a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from telehealth.programs.models import Track
from telehealth.programs.tracks import in_force

from ..models import Enrollment, EnrollmentChange, EnrollmentTerms


@dataclass(frozen=True, slots=True)
class TrackStep:
    """From a date on, an episode belongs to a track; None to none."""

    effective_on: date
    track_id: UUID | None


def track_steps(enrollments: Collection[Enrollment]) -> dict[UUID, list[TrackStep]]:
    """Give the dated tracks of episodes, in order of time, at least one of each; one query.

    Changes of another kind repeat the track that was known when they were written, and are no steps.
    """
    rows: defaultdict[UUID, list[TrackStep]] = defaultdict(list)
    changes = EnrollmentChange.objects.filter(enrollment__in=[one.pk for one in enrollments]).order_by("pk")
    # Lean rows: a whole program's board asks.
    for enrollment_id, effective_on, track_id in changes.values_list(
        "enrollment_id", "effective_on", "track_id"
    ):
        rows[enrollment_id].append(TrackStep(effective_on, track_id))
    return {one.pk: _steps(one, rows[one.pk]) for one in enrollments}


def track_id_on(enrollment: Enrollment, steps: Sequence[TrackStep], on: date) -> UUID | None:
    """Give an episode's track on a date; before admission, the one it began with."""
    day = max(on, enrollment.admitted_on)
    begun = [step for step in steps if step.effective_on <= day]
    return begun[-1].track_id if begun else next((step.track_id for step in steps), None)


def own_terms_of(enrollments: Collection[Enrollment]) -> dict[UUID, list[EnrollmentTerms]]:
    """Give every version of the terms that episodes have of their own, by version; one query."""
    found: defaultdict[UUID, list[EnrollmentTerms]] = defaultdict(list)
    rows = EnrollmentTerms.objects.filter(enrollment__in=[one.pk for one in enrollments]).order_by("version")
    for row in rows:
        found[row.enrollment_id].append(row)
    return {one.pk: found[one.pk] for one in enrollments}


def own_terms_on(enrollment: Enrollment, on: date) -> EnrollmentTerms | None:
    """Give the terms of its own that an episode has on a date."""
    return in_force(EnrollmentTerms.objects.filter(enrollment=enrollment), on)


def track_on(enrollment: Enrollment, on: date) -> Track | None:
    """Give an episode's track on a date."""
    track_id = track_id_on(enrollment, track_steps([enrollment])[enrollment.pk], on)
    return None if track_id is None else Track.objects.get(pk=track_id)


def _steps(enrollment: Enrollment, rows: Iterable[TrackStep]) -> list[TrackStep]:
    found: list[TrackStep] = []
    known: UUID | None = None
    for row in rows:
        if row.track_id != known or not found:
            found.append(row)
            known = row.track_id
    # An episode without any change has one track from its first day.
    return found or [TrackStep(enrollment.admitted_on, enrollment.track_id)]

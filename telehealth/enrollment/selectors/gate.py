"""The facts of the join gate, and of the week's target, at an instant."""

from __future__ import annotations

from datetime import date, datetime

from telehealth.programs.models import Program

from ..gates import JoinGateFacts
from ..models import Enrollment, Patient, WeeklyTarget
from .agreements import agreement_standings


def join_gate_facts(
    *, patient: Patient, program: Program, on_roster: bool, is_group: bool, at: datetime
) -> JoinGateFacts:
    """Gather what the gate looks at; the caller knows the roster and the kind of session. Three queries."""
    standings = agreement_standings(patient, program, at)
    return JoinGateFacts(
        enrollment_in_force=enrollment_in_force(patient, program, at) is not None,
        on_roster=on_roster,
        is_group=is_group,
        agreements={kind: found.state for kind, found in standings.items()},
    )


def enrollment_in_force(patient: Patient, program: Program, at: datetime) -> Enrollment | None:
    """Give the episode that allows sessions on the program's calendar date of this instant."""
    on = program.date_at(at)
    rows = Enrollment.objects.filter(patient=patient, program=program).order_by("-admitted_on")
    return next((row for row in rows if row.is_in_force(on)), None)


def target_minutes_on(enrollment: Enrollment, on: date) -> int | None:
    """Give the weekly target in force on a date; none before the first one."""
    row = (
        WeeklyTarget.objects.filter(enrollment=enrollment, effective_on__lte=on)
        .order_by("-effective_on")
        .first()
    )
    return None if row is None else row.minutes

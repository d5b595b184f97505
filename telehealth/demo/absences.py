"""What the demo's staff did about missed sessions: reasons, attempts to reach somebody, a make-up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sessions.models import (
    AbsenceDecision,
    AbsenceKind,
    AbsenceReason,
    AttendanceRecord,
    GroupSession,
    OutreachChannel,
    OutreachOutcome,
    RosterEntry,
    SessionState,
)
from sessions.selectors.weekly.make_ups import missed_places
from sessions.services.weekly.absences import decide_absence
from sessions.services.weekly.make_ups import add_make_up
from sessions.services.weekly.outreach import log_outreach
from telehealth.accounts.models import User
from telehealth.enrollment.models import Enrollment, Patient
from telehealth.programs.models import Program

from . import cast
from .plot import MISSES_ONE, STAYS_AWAY
from .tracks import EVENING

LEFT_UNDECIDED = timedelta(days=3)
"""What was missed more recently still waits for a reason."""
EXCUSES = (AbsenceReason.ILLNESS, AbsenceReason.COURT, AbsenceReason.MEDICAL_APPOINTMENT)
ATTEMPTS = (
    (OutreachChannel.TEXT, OutreachOutcome.LEFT_MESSAGE, ""),
    (OutreachChannel.PHONE, OutreachOutcome.NO_ANSWER, "Rang twice, the mailbox is full."),
)


def reach_out(group_session: GroupSession, *, number: int, at: datetime) -> None:
    """Write down the attempt that follows the missed session of somebody who stays away."""
    if number >= len(ATTEMPTS):
        return  # the next step is for whoever looks at the demo
    channel, outcome, note = ATTEMPTS[number]
    log_outreach(
        actor=User.objects.get(email=cast.CASE_MANAGER.person.email),
        enrollment_id=Enrollment.objects.get(patient__user__email=STAYS_AWAY.person.email).pk,
        channel=channel,
        outcome=outcome,
        note=note,
        at=min(at, group_session.scheduled_end + timedelta(minutes=50)),
    )


def decide_absences(program: Program, *, at: datetime) -> None:
    """Give every second missed session an excuse and the others none, in turn."""
    decided = set(AbsenceDecision.objects.values_list("group_session_id", "patient_id"))
    missed = AttendanceRecord.objects.filter(
        group_session__program=program,
        group_session__ended_at__lt=at - LEFT_UNDECIDED,
        status="NO_SHOW",
        is_final=True,
    ).select_related("group_session")
    actor = User.objects.get(email=cast.CASE_MANAGER.person.email)
    for number, row in enumerate(missed.order_by("group_session__ended_at", "patient__record_number")):
        if (row.group_session_id, row.patient_id) in decided:
            continue
        start, end = row.group_session.scheduled_start, row.group_session.ended_at or at
        is_excused = number % 2 == 0
        decide_absence(
            actor=actor,
            group_session_id=row.group_session_id,
            patient_id=row.patient_id,
            kind=AbsenceKind.EXCUSED if is_excused else AbsenceKind.UNEXCUSED,
            reason=EXCUSES[number // 2 % len(EXCUSES)] if is_excused else AbsenceReason.NO_CONTACT,
            noticed_at=start - timedelta(hours=14) if is_excused else None,
            at=end + timedelta(days=1),
        )


def plan_make_up(program: Program, *, at: datetime) -> None:
    """Let the patient who missed the newest morning make it up in the next evening group that fits."""
    if RosterEntry.objects.filter(makes_up__isnull=False).exists():
        return
    patient = Patient.objects.get(user__email=MISSES_ONE.person.email)
    missed = missed_places(program, [patient.pk], at)[patient.pk]
    evenings = GroupSession.objects.filter(
        program=program, track__name=EVENING, state=SessionState.SCHEDULED, scheduled_start__gt=at
    ).order_by("scheduled_start")
    for place in reversed(missed):
        for evening in evenings[:3]:
            if place.is_made_up_by(evening.scheduled_start):
                add_make_up(
                    actor=User.objects.get(email=cast.ADMIN.person.email),
                    group_session_id=evening.pk,
                    patient=patient,
                    missed_entry_id=place.entry_id,
                    at=at,
                )
                return

"""What a look at the demo's ledger must find, in words of the tables."""

from __future__ import annotations

from datetime import datetime, timedelta

from sessions.models import (
    AbsenceDecision,
    Correction,
    CorrectionDecision,
    Dispute,
    GroupSession,
    Incident,
    OutreachAttempt,
    RosterEntry,
    SignOff,
)
from sessions.rules.weekly.weeks import WeekFlag
from sessions.selectors.weekly.weeks import read_weeks, week_at
from telehealth.enrollment.models import Enrollment, EnrollmentChange, Patient, WeeklyTarget
from telehealth.programs.models import CreditTerms, Program, ProgramMembership, Track


def the_terms_have_a_history(program: Program) -> None:
    assert set(Track.objects.values_list("name", flat=True)) == {"Morning", "Evening"}
    in_tracks = Enrollment.objects.filter(track__isnull=False)
    assert in_tracks.count() == Enrollment.objects.count()
    assert CreditTerms.objects.filter(program=program, track=None).count() >= 2
    pack = CreditTerms.objects.exclude(pack="").get()
    assert pack.track is not None
    assert GroupSession.objects.filter(track_terms=pack, track=pack.track).exists()


def rosters_stand_in_every_state(at: datetime) -> None:
    ended = GroupSession.objects.filter(state="ENDED")
    assert set(ended.values_list("roster_state", flat=True)) == {"COMPUTED", "ATTESTED", "LOCKED"}
    assert all(one.signed_by == one.group_session.facilitator for one in SignOff.objects.all())
    unsigned = ended.filter(roster_state="COMPUTED")
    assert 1 < unsigned.count() < ended.count() / 8
    assert unsigned.filter(ended_at__lt=at - timedelta(hours=24)).exists()


def corrections_and_objections_stand_in_every_state() -> None:
    assert Correction.objects.filter(decision__isnull=True, needs_second_person=True).count() == 1
    assert Correction.objects.filter(decision__outcome="approved", needs_second_person=False).exists()
    approved = CorrectionDecision.objects.filter(outcome="approved", correction__needs_second_person=True)
    assert approved.exists()
    assert all(one.decided_by != one.correction.requested_by for one in approved)
    assert Dispute.objects.filter(answer__isnull=True).count() == 1
    assert Dispute.objects.filter(answer__isnull=False).count() == 1


def absences_are_followed_up(program: Program, at: datetime) -> None:
    assert set(AbsenceDecision.objects.values_list("kind", flat=True)) == {"EXCUSED", "UNEXCUSED"}
    assert OutreachAttempt.objects.count() == 2
    assert OutreachAttempt.objects.values("group_session").distinct().count() == 2
    make_up = RosterEntry.objects.get(makes_up__isnull=False)
    assert make_up.group_session.scheduled_start > at
    patients = list(Patient.objects.values_list("pk", flat=True))
    reading = read_weeks(program, patients, week_at(program, at), at=at)
    assert len(reading.rows) == len(patients)


def episodes_taper_and_rest(program: Program, at: datetime) -> None:
    assert WeeklyTarget.objects.filter(minutes__in=(360, 180), enrollment__track__name="Morning").count() == 2
    states = list(
        EnrollmentChange.objects.filter(state="ON_HOLD").values_list("enrollment__state", flat=True)
    )
    assert sorted(states) == ["ACTIVE", "ON_HOLD"]
    rested = Patient.objects.get(enrollments__changes__state="ON_HOLD", enrollments__state="ACTIVE").pk
    weeks = [week_at(program, at).earlier(back) for back in range(3, 7)]
    rows = [read_weeks(program, [rested], week, at=at).rows[rested] for week in weeks]
    assert [row.flag for row in rows].count(WeekFlag.ON_HOLD) == 1


def an_incident_and_two_seats_are_there() -> None:
    assert Incident.objects.filter(kind="relay_death").exists()
    assert ProgramMembership.objects.filter(is_supervisor=True).count() == 1
    auditor = ProgramMembership.objects.get(user__role="auditor")
    assert auditor.sees_from is not None
    assert auditor.sees_until == auditor.ends_on

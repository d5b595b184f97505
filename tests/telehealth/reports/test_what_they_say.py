"""What the reports say: compliance, census, absences, corrections, unsigned rosters, reads."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sessions.models import (
    AbsenceDecision,
    AttendanceRecord,
    Correction,
    CorrectionDecision,
    GroupSession,
    OutreachAttempt,
    RosterState,
    SignOff,
)
from sessions.selectors.signing.roster import roster_document, roster_hash
from telehealth.audit.models import AuditEvent
from telehealth.enrollment.models import Enrollment, EnrollmentChange
from telehealth.programs.models import Track
from tests.cast import Cast
from tests.sessions.pages.browsing import Browser
from tests.sessions.pages.stories import example_b, held_without

from .test_reports import lines, page, table

pytestmark = pytest.mark.django_db
SECRET = "He told me about his mother"
DAY = timedelta(days=1)
AFTER = {"from_on": "2026-03-01", "to_on": "2026-03-07"}


def of(cast: Cast, key: str, user: object = None, **query: str) -> dict[str, str]:
    """Give the one row of a report about a patient."""
    patient = cast.record_of(user or cast.patient)  # type: ignore[arg-type]
    (row,) = [row for row in table(cast, key, **query) if row["patient_id"] == str(patient.pk)]
    return row


def sign(cast: Cast, group: GroupSession) -> None:
    """Put a signature under a roster as the service would."""
    document = roster_document(GroupSession.objects.get(pk=group.pk))
    SignOff.objects.create(
        group_session=group,
        number=1,
        signed_by=cast.therapist,
        capacity="of_record",
        credential="LCSW",
        statement="I led this session; the roster and times are correct.",
        authenticated_at=cast.at,
        authentication_method="password",
        roster=document,
        roster_hash=roster_hash(document),
        chain_head="0" * 64,
        signed_at=cast.at,
    )
    GroupSession.objects.filter(pk=group.pk).update(roster_state=RosterState.ATTESTED)


def test_only_a_file_of_attendance_locks_the_signed_rosters_it_holds(cast: Cast) -> None:
    group, other = example_b(cast), held_without(cast, cast.patient)
    sign(cast, group)
    for key in ("weeks", "corrections", "unsigned"):
        lines(cast, key)
    page(cast, "attendance")
    assert GroupSession.objects.get(pk=group.pk).roster_state == RosterState.ATTESTED
    lines(cast, "attendance", from_on="2026-03-04", to_on="2026-03-07")
    assert GroupSession.objects.get(pk=group.pk).roster_state == RosterState.ATTESTED
    states = {row["session_id"]: row["roster_state"] for row in table(cast, "attendance", "auditor")}
    # Only what somebody vouches for is locked.
    assert states == {str(group.pk): "LOCKED", str(other.pk): "COMPUTED"}
    event = AuditEvent.objects.get(action="roster.locked")
    assert (event.subject_id, event.data["reason"]) == (str(group.pk), "exported")
    signed = of(cast, "attendance", cast.more_patients[0])
    assert signed["attested_by"] == "Thea Example, LCSW"
    assert signed["roster_hash"] == SignOff.objects.get().roster_hash


def test_weeks_leave_partial_and_held_ones_out_of_the_share(cast: Cast) -> None:
    example_b(cast)
    later = Browser(cast.admin, cast.at + timedelta(days=7))
    text = later.read("reports:weeks", **AFTER)
    assert "closed weeks" in text
    row = of(cast, "weeks")
    assert (row["credited_min"], row["billable_min"], row["days_attended"]) == ("154", "153", "1")
    assert (row["is_over"], row["in_denominator"]) == ("no", "no")
    # Admitted in the middle of that week: left out.
    Enrollment.objects.filter(pk=cast.enrollment_of(cast.patient).pk).update(admitted_on=date(2026, 3, 3))
    assert of(cast, "weeks")["is_partial"] == "yes"
    assert "partial week, left out" in page(cast, "weeks")


def test_minutes_in_reports_are_those_that_stand(cast: Cast) -> None:
    group = example_b(cast)
    AttendanceRecord.objects.filter(group_session=group, patient__user=cast.patient).update(
        adjusted_min=120, adjusted_hours_min=120
    )
    assert of(cast, "weeks")["credited_min"] == "120"
    row = of(cast, "attendance")
    assert (row["credited_min"], row["decided_min"], row["decided_billable_min"]) == ("154", "120", "120")


def test_the_census_follows_the_dated_steps_of_each_episode(cast: Cast) -> None:
    track = Track.objects.create(program=cast.program, name="Morning")
    episode = cast.enrollment_of(cast.patient)
    Enrollment.objects.filter(program=cast.program).exclude(pk=episode.pk).update(state="PENDING")
    Enrollment.objects.filter(pk=episode.pk).update(
        admitted_on=date(2026, 2, 23),
        discharged_on=date(2026, 3, 3),
        state="DISCHARGED",
        discharge_kind="completed",
        track=track,
    )
    for state, day in (("ACTIVE", 23), ("TAPER", 25), ("ON_HOLD", 27)):
        step(cast, episode, state, date(2026, 2, day), track)
    step(cast, episode, "ACTIVE", date(2026, 3, 2), track)
    step(cast, episode, "DISCHARGED", date(2026, 3, 3), track)
    rows = {
        row["date"]: row
        for row in table(cast, "census", from_on="2026-02-22", to_on="2026-03-31")
        if row["track"] == "(all)"
    }
    # Never beyond today.
    assert max(rows) == "2026-03-04"
    counts = {
        day: tuple(map(int, (row["active"], row["of_them_in_taper"], row["on_hold"])))
        for day, row in rows.items()
    }
    assert counts["2026-02-22"] == (0, 0, 0)
    assert counts["2026-02-24"] == (1, 0, 0)
    assert counts["2026-02-26"] == (1, 1, 0)
    assert counts["2026-02-27"] == counts["2026-03-01"] == (0, 0, 1)
    assert counts["2026-03-03"] == (1, 0, 0)
    assert counts["2026-03-04"] == (0, 0, 0)
    assert rows["2026-02-23"]["admits"] == "1"
    gone = rows["2026-03-03"]
    assert (gone["discharges"], gone["discharges_completed"], gone["length_of_stay_days"]) == ("1", "1", "9")
    of_track = table(cast, "census", from_on="2026-02-22", to_on="2026-03-04", track=str(track.pk))
    assert {row["track"] for row in of_track} == {"Morning"}
    text = page(cast, "census", from_on="2026-02-22", to_on="2026-03-04")
    assert "Length of stay9.0 days" in text
    assert "1 completed" in text


def step(cast: Cast, episode: Enrollment, state: str, day: date, track: Track) -> None:
    EnrollmentChange.objects.create(
        enrollment=episode,
        state=state,
        track=track,
        effective_on=day,
        changed_by=cast.admin,
        changed_at=cast.at,
    )


def test_absences_say_how_they_count_and_how_the_program_reached_out(cast: Cast) -> None:
    group, patient = held_without(cast, cast.patient), cast.record_of(cast.patient)
    row = of(cast, "absences")
    assert (row["kind"], row["missed_in_a_row"], row["policy_step"]) == (
        "NO_SHOW",
        "1",
        "Reminder and message",
    )
    AbsenceDecision.objects.create(
        group_session=group,
        patient=patient,
        kind="UNEXCUSED",
        reason="no_contact",
        note=SECRET,
        decided_by=cast.case_manager,
        decided_at=cast.at,
    )
    OutreachAttempt.objects.create(
        enrollment=cast.enrollment_of(cast.patient),
        group_session=group,
        channel="phone",
        outcome="reached",
        note=SECRET,
        made_by=cast.case_manager,
        made_at=cast.at,
    )
    row = of(cast, "absences")
    assert (row["kind"], row["reason"], row["outreach_attempts"]) == ("UNEXCUSED", "no_contact", "1")
    assert row["outreach"] == "2026-03-04T15:00:00Z phone reached"
    for who in ("admin", "auditor"):
        assert "No contact" in page(cast, "absences", who)
        assert SECRET not in page(cast, "absences", who) + str(lines(cast, "absences", who))


def test_corrections_are_all_there_without_anybodys_own_words(cast: Cast) -> None:
    group = example_b(cast)
    asked = Correction.objects.create(
        group_session=group,
        patient=cast.record_of(cast.patient),
        old_min=154,
        new_min=174,
        reason="platform_outage",
        narrative=SECRET,
        evidence=SECRET,
        is_late_entry=True,
        needs_second_person=True,
        requested_by=cast.therapist,
        requested_at=cast.at,
    )
    row = of(cast, "corrections")
    assert (row["outcome"], row["is_late_entry"], row["amends_locked_roster"]) == ("pending", "yes", "no")
    CorrectionDecision.objects.create(
        correction=asked, outcome="approved", note=SECRET, decided_by=cast.admin, decided_at=cast.at
    )
    row = of(cast, "corrections")
    assert (row["old_min"], row["new_min"], row["outcome"]) == ("154", "174", "approved")
    assert (row["decided_by"], row["decided_at"]) == ("Admin Example", "2026-03-04T15:00:00Z")
    for who in ("admin", "auditor"):
        text = page(cast, "corrections", who)
        assert "Our platform failed" in text
        assert SECRET not in text + str(lines(cast, "corrections", who))


def test_unsigned_rosters_are_listed_with_their_age_until_they_are_signed(cast: Cast) -> None:
    group = example_b(cast)
    text = page(cast, "unsigned")
    assert "Tuesday group" in text
    assert "21 h" in text
    (row,) = table(cast, "unsigned")
    assert (row["session_id"], row["age_hours"], row["is_overdue"]) == (str(group.pk), "21", "no")
    sign(cast, group)
    assert "Every roster of these days is signed." in page(cast, "unsigned")


def test_the_access_log_names_readers_files_and_refusals_of_this_program(cast: Cast) -> None:
    group, patient = example_b(cast), cast.record_of(cast.patient)
    Browser(cast.auditor, cast.at).get("sessions:audit_csv", group.pk)
    Browser(cast.auditor, cast.at).get("sessions:facts", group.pk, cast.patient.pk)
    Browser(cast.therapist, cast.at).get("sessions:patient_history", patient.pk)
    Browser(cast.case_manager, cast.at).get("sessions:audit", group.pk)
    rows = table(cast, "access")
    said = {(row["user"], row["action"], row["result"]) for row in rows}
    assert ("Aud Example", "attendance.audit_exported", "allowed") in said
    assert ("Thea Example", "attendance.viewed", "allowed") in said
    assert ("Casey Example", "access.denied", "refused") in said
    (facts,) = [row for row in rows if row["action"] == "attendance.audit_viewed"]
    assert (facts["patient_id"], facts["patient_initials"]) == (str(patient.pk), "PE")
    (looked,) = [row for row in rows if row["page"] == "history"]
    assert looked["patient_id"] == str(patient.pk)
    text = page(cast, "access", "auditor")
    assert "Downloaded a session's audit" in text
    assert "Refused1" in text
    # The other program's readers are not in it.
    assert {row["user"] for row in rows} <= {"Aud Example", "Thea Example", "Casey Example", "Admin Example"}


@pytest.mark.parametrize("key", ["attendance", "absences", "corrections", "unsigned"])
def test_a_track_narrows_what_is_about_sessions(cast: Cast, key: str) -> None:
    track = Track.objects.create(program=cast.program, name="Evening")
    group = example_b(cast)
    held_without(cast, cast.patient)
    assert table(cast, key, track=str(track.pk)) == []
    GroupSession.objects.filter(pk=group.pk).update(track=track)
    found = table(cast, key, track=str(track.pk))
    assert len(found) == {"attendance": 2, "absences": 0, "corrections": 0, "unsigned": 1}[key]


def test_queries_do_not_grow_with_rows(cast: Cast) -> None:
    example_b(cast)
    held_without(cast, cast.patient)
    for key in ("attendance", "absences", "corrections", "unsigned", "census", "access"):
        few = Browser(cast.admin, cast.at).queries(f"reports:{key}")
        assert few <= 45, (key, few)


def test_the_file_of_one_session_locks_its_signed_roster_and_its_page_does_not(cast: Cast) -> None:
    group, other = example_b(cast), held_without(cast, cast.patient)
    sign(cast, group)
    reader = Browser(cast.auditor, cast.at)
    reader.get("sessions:audit", group.pk)
    assert GroupSession.objects.get(pk=group.pk).roster_state == RosterState.ATTESTED
    for one in (group, other):
        assert reader.get("sessions:audit_csv", one.pk).status_code == 200
    assert GroupSession.objects.get(pk=group.pk).roster_state == RosterState.LOCKED
    assert GroupSession.objects.get(pk=other.pk).roster_state == RosterState.COMPUTED

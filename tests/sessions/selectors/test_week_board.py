"""The week board: who is on it, in what order, narrowed how, and what holds and corrections do to it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sessions.models import AttendanceRecord
from sessions.selectors.ledger.evidence import evidence_for_patients
from sessions.selectors.weekly.board import CAN_BE_SAVED, week_board
from sessions.selectors.weekly.board_shapes import BoardFilters, BoardRow, WeekBoard
from sessions.selectors.weekly.weeks import read_weeks, week_of, week_on, weeks_of
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Enrollment, EnrollmentState
from telehealth.enrollment.services import change_enrollment_state, set_weekly_target
from telehealth.programs.models import ProgramMembership
from tests.cast import Cast
from tests.sessions.services.held import hold, plan

pytestmark = pytest.mark.django_db

SUNDAY, MONDAY, TUESDAY = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
DAY = timedelta(days=1)


def board(cast: Cast, user: User | None = None, weeks: int = 0, **filters: Any) -> WeekBoard:
    return week_board(user or cast.admin, BoardFilters(**filters), cast.at + timedelta(weeks=weeks))


def row(found: WeekBoard, cast: Cast, person: User) -> BoardRow:
    return next(one for one in found.rows if one.patient_id == cast.record_of(person).pk)


def put_on_hold(cast: Cast, on: date, returns: date) -> None:
    at = cast.at + (on - cast.program.date_at(cast.at))
    change_enrollment_state(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        state=EnrollmentState.ON_HOLD,
        reason="Surgery",
        expected_return_on=returns,
        at=at,
    )


def come_back(cast: Cast, on: date) -> None:
    change_enrollment_state(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        state=EnrollmentState.ACTIVE,
        at=cast.at + (on - cast.program.date_at(cast.at)),
    )


def test_everybody_enrolled_is_on_it_the_most_urgent_first(cast: Cast) -> None:
    hold(plan(cast, TUESDAY, cast.patient), pat=600)
    found = board(cast)
    assert found.total == Enrollment.objects.filter(program=cast.program).count()
    flags = [str(one.week.flag) for one in found.rows]
    assert flags[-1] == "MET"
    assert flags[0] == "SHORTFALL_CERTAIN"
    assert found.rows[-1].name == cast.patient.full_name
    counts = {one.flag: one.count for one in found.counts}
    assert counts["MET"] == 1
    assert sum(count for flag, count in counts.items() if flag != CAN_BE_SAVED) == found.total


def test_a_row_says_days_trend_and_what_is_still_planned(cast: Cast) -> None:
    hold(plan(cast, MONDAY - 7 * DAY, cast.patient), pat=180)
    hold(plan(cast, MONDAY, cast.patient), pat=170)
    hold(plan(cast, TUESDAY, cast.patient))
    one = row(board(cast), cast, cast.patient)
    assert [dot.state for dot in one.days] == ["", "attended", "missed", "coming", "", "", ""]
    assert (one.week.hours_min, one.week.remaining_min) == (170, 180)
    assert one.trend[-1] == 33
    assert one.track_name == ""


def test_it_is_narrowed_by_flag_and_therapist(cast: Cast) -> None:
    hold(plan(cast, TUESDAY, cast.patient), pat=600)
    Enrollment.objects.filter(patient__user=cast.patient).update(primary_therapist=cast.therapist)
    assert [one.name for one in board(cast, flag="MET").rows] == [cast.patient.full_name]
    mine = board(cast, therapist_id=cast.therapist.pk)
    assert [one.name for one in mine.rows] == [cast.patient.full_name]
    assert mine.total == 1
    assert mine.therapists == ((cast.therapist.pk, cast.therapist.full_name),)
    assert board(cast, flag="NONSENSE").rows == ()


def test_weeks_that_can_be_saved_are_a_filter_of_their_own(cast: Cast) -> None:
    plan(cast, TUESDAY + 2 * DAY, title="Spare")
    plan(cast, TUESDAY + 3 * DAY, title="Spare")
    # One group to come today and two to spare: 540 minutes for all who could join them.
    everybody = {one.name for one in board(cast).rows}
    saved = {one.name for one in board(cast, flag=CAN_BE_SAVED).rows}
    assert everybody - saved == {cast.patient_unsigned.full_name}
    assert board(cast).counts[0].flag == CAN_BE_SAVED


def test_corrections_count_as_they_stand(cast: Cast) -> None:
    hold(plan(cast, TUESDAY, cast.patient), pat=154)
    AttendanceRecord.objects.update(adjusted_min=180, adjusted_hours_min=180)
    one = week_of(cast.record_of(cast.patient), cast.program, cast.at)
    assert one is not None
    assert one.hours_min == 180
    assert row(board(cast), cast, cast.patient).week == one


def test_a_week_over_says_why_it_fell_short_in_minutes_that_sum_to_it(cast: Cast) -> None:
    hold(plan(cast, MONDAY, cast.patient), pat=154)
    hold(plan(cast, TUESDAY, cast.patient))
    found = board(cast, weeks=1, day=TUESDAY)
    one = row(found, cast, cast.patient)
    # Wednesday's group of the cast was never held; 540 were planned and 154 earned.
    assert (one.week.deficit_min, found.is_over) == (386, True)
    assert dict(one.reasons) == {
        "did not come": 180,
        "late or partial": 26,
        "not delivered by the program": 180,
    }
    assert one.suggestions == ()


def test_a_week_wholly_on_hold_has_no_target_and_comes_back_after(cast: Cast) -> None:
    put_on_hold(cast, TUESDAY, TUESDAY + 13 * DAY)
    come_back(cast, TUESDAY + 13 * DAY)
    flags = {}
    for weeks in range(4):
        one = row(board(cast, weeks=3, day=SUNDAY + weeks * 7 * DAY), cast, cast.patient)
        flags[weeks] = (str(one.week.flag), one.week.target_min, one.week.partial)
    assert flags[0] == ("SHORTFALL", 540, True)
    assert flags[1] == ("ON_HOLD", 0, False)
    assert flags[2] == ("SHORTFALL", 540, True)
    assert flags[3][1:] == (540, False)


def test_evidence_holds_the_suspended_target_from_the_week_on_and_back(cast: Cast) -> None:
    put_on_hold(cast, TUESDAY, TUESDAY + 13 * DAY)
    patient, week = cast.record_of(cast.patient), week_on(cast.program, SUNDAY + 7 * DAY)
    document = evidence_for_patients(cast.program, [patient.pk], week, at=cast.at + timedelta(weeks=1))
    enrollment: Any = next(one for one in document["enrollments"] if one["patient"] == str(patient.pk))  # type: ignore[union-attr,index,call-overload]  # JSON
    admitted = cast.enrollment_of(cast.patient).admitted_on.isoformat()
    assert enrollment["targets"] == [[admitted, 540], ["2026-03-08", 0], ["2026-03-15", 540]]


def test_a_hold_that_lasts_says_when_the_patient_is_expected(cast: Cast) -> None:
    put_on_hold(cast, TUESDAY + DAY, TUESDAY + 8 * DAY)
    assert row(board(cast), cast, cast.patient).expected_return_on == TUESDAY + 8 * DAY


def test_a_taper_below_the_level_of_care_is_noted_and_then_asks_for_a_review(cast: Cast) -> None:
    set_weekly_target(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        minutes=360,
        effective_on=SUNDAY + 7 * DAY,
        at=cast.at,
    )
    notes = [
        "".join(
            note
            for note in row(board(cast, weeks=9, day=SUNDAY + 7 * weeks * DAY), cast, cast.patient).notes
            if "minimum" in note
        )
        for weeks in (0, 1, 2, 3)
    ]
    assert notes[0] == ""
    assert notes[1] == notes[2] == "Taper: below the minimum of this level of care"
    assert "review" in notes[3]


def test_reading_many_weeks_and_one_give_the_same(cast: Cast) -> None:
    hold(plan(cast, TUESDAY, cast.patient, *cast.more_patients), pat=180, patient2=154)
    week = week_on(cast.program, TUESDAY)
    together = read_weeks(cast.program, None, week, at=cast.at, history=8).rows
    for person in (cast.patient, *cast.more_patients, cast.patient_unsigned):
        pk = cast.record_of(person).pk
        assert weeks_of(cast.program, [pk], week, at=cast.at) == {pk: together[pk]}


def test_staff_see_their_own_program_only(cast: Cast) -> None:
    others = board(cast, user=cast.other_therapist)
    assert [one.name for one in others.rows] == [cast.other_patient.full_name]
    with pytest.raises(NotFound):
        board(cast, user=cast.other_therapist, program_id=cast.program.pk)
    for person in (cast.patient, cast.system_admin):
        with pytest.raises(NotFound):
            board(cast, user=person)


def test_an_auditor_sees_whole_weeks_within_the_seat(cast: Cast) -> None:
    def seat(first: date, last: date) -> WeekBoard:
        ProgramMembership.objects.filter(user=cast.auditor).update(sees_from=first, sees_until=last)
        return board(cast, user=cast.auditor)

    whole = seat(SUNDAY - 7 * DAY, SUNDAY - DAY)
    assert whole.week is not None
    assert whole.week.first_day == SUNDAY - 7 * DAY
    assert (whole.earlier_on, whole.later_on) == (None, None)
    assert all(one.suggestions == () for one in whole.rows)
    assert seat(SUNDAY, SUNDAY + 5 * DAY).week is None
    assert board(cast, user=cast.auditor, day=SUNDAY - 7 * DAY).week is None


def test_a_therapist_may_place_in_the_own_sessions_only(cast: Cast) -> None:
    plan(cast, TUESDAY + 2 * DAY, title="Spare")
    plan(cast, TUESDAY + 3 * DAY, title="Spare")
    for person, may in ((cast.therapist, True), (cast.covering_therapist, False), (cast.case_manager, False)):
        one = row(board(cast, user=person), cast, cast.patient)
        assert {suggestion.may_place for suggestion in one.suggestions} == {may}

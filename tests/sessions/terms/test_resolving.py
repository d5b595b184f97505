"""Which terms decide: enrollment, track, program, system; frozen when planned, never for the past."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from sessions.models import AttendanceRecord, GroupSession, ServiceType
from sessions.rules.conditions.terms import WeekStart
from sessions.rules.weekly.weeks import week_of
from sessions.selectors.homes.reasons import reasons
from sessions.selectors.ledger.evidence import evidence_for_session, results_of
from sessions.selectors.planned import planned_from
from sessions.services import room
from sessions.services.conditions.terms import set_terms, set_terms_of_patient
from sessions.services.recording import attendance
from sessions.services.scheduling import schedule
from sessions.terms import (
    enrollment_policies,
    enrollment_policy,
    require_enrollment_terms,
    require_known_terms,
    session_policy,
    session_terms,
    week_policy,
)
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError
from telehealth.enrollment.services import assign_track
from telehealth.programs.models import CreditTerms, Program, Track
from telehealth.programs.services import create_track, end_track
from tests.cast import Cast
from tests.factories import fresh
from tests.sessions.pages.stories import example_b

pytestmark = pytest.mark.django_db

# A Wednesday; program weeks begin on Sundays.
TODAY = date(2026, 3, 4)
THIS_WEEK, NEXT_WEEK = date(2026, 3, 1), date(2026, 3, 8)
HOUR = timedelta(hours=1)


def terms(cast: Cast, track: Track | None = None, on: date = TODAY, **parameters: Any) -> CreditTerms:
    """Set terms as the administrator would, without touching planned sessions."""
    return set_terms(
        actor=cast.admin,
        program=cast.program,
        track=track,
        name="Others",
        effective_on=on,
        parameters=parameters,
        at=cast.at,
    ).terms


def evening(cast: Cast) -> Track:
    return create_track(actor=cast.admin, program=cast.program, name="Evening", at=cast.at)


def plan(cast: Cast, days: int = 1, track: Track | None = None) -> GroupSession:
    """Plan an hour some days from now."""
    start = cast.at + timedelta(days=days, hours=5)
    return schedule.create_session(
        actor=cast.admin,
        program=cast.program,
        title="Planned",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.therapist,
        start=start,
        end=start + HOUR,
        patients=[],
        at=cast.at,
        track=track,
    )


def move(cast: Cast, one: GroupSession, days: int) -> GroupSession:
    start = one.scheduled_start + timedelta(days=days)
    schedule.move_session(
        actor=cast.admin, group_session_id=one.pk, start=start, end=start + HOUR, at=cast.at
    )
    return GroupSession.objects.with_people().get(pk=one.pk)


def test_tracks_terms_lie_over_the_programs_in_its_sessions(cast: Cast) -> None:
    track = evening(cast)
    terms(cast, group_max=9, late_grace_min=7)
    of_track = terms(cast, track, group_max=6, weekly_min_days=4)
    inside, outside = plan(cast, track=track), plan(cast, days=2)
    assert inside.track_terms == of_track
    assert session_policy(inside) == {"group_max": 6, "late_grace_min": 7}
    assert session_policy(outside) == {"group_max": 9, "late_grace_min": 7}
    assert session_terms(inside).rejoin_bridge_sec == 120  # nobody decided: the system's


def test_sessions_keep_what_they_were_planned_with(cast: Cast) -> None:
    track = evening(cast)
    one = plan(cast, track=track)
    terms(cast, group_max=9)
    terms(cast, track, group_max=6)
    kept = fresh(one)
    assert kept.track_terms is None
    assert session_policy(kept) == {}
    assert session_policy(plan(cast, days=2, track=track)) == {"group_max": 6}


def test_moved_sessions_get_the_terms_of_their_new_date(cast: Cast) -> None:
    track = evening(cast)
    one = plan(cast, track=track)
    terms(cast, track, on=NEXT_WEEK, group_max=6)
    assert session_policy(move(cast, one, 1)) == {}
    assert session_policy(move(cast, one, 7)) == {"group_max": 6}


def test_planned_sessions_are_frozen_anew_only_when_asked_and_only_in_the_time_of_the_terms(
    cast: Cast,
) -> None:
    track = evening(cast)
    before, inside, other, after = (
        plan(cast, 1, track),
        plan(cast, 6, track),
        plan(cast, 7),
        plan(cast, 13, track),
    )
    later = terms(cast, track, on=date(2026, 3, 15), group_max=5)
    done = set_terms(
        actor=cast.admin,
        program=cast.program,
        track=track,
        name="From March 8",
        effective_on=NEXT_WEEK,
        parameters={"group_max": 6},
        also_planned=True,
        at=cast.at,
    )
    assert done.applied == 1
    assert [fresh(one).track_terms_id for one in (before, inside, other)] == [None, done.terms.pk, None]
    assert fresh(after).track_terms_id is None  # ruled by terms of a later date, which were not applied
    assert planned_from(cast.program, track, date(2026, 3, 15)) == [after]
    event = AuditEvent.objects.filter(action=AuditAction.CREDIT_TERMS_SET).latest("seq")
    assert event.data["planned_sessions_changed"] == 1
    assert event.data["track"] == str(track.pk)
    assert later.version < done.terms.version


def test_opened_sessions_are_never_frozen_anew(cast: Cast) -> None:
    pk = cast.group_session.pk
    room.enter_room(
        actor=cast.therapist,
        group_session_id=pk,
        connection=cast.therapist.pk,
        secret_hash="x",
        microphone=True,
        camera=True,
        take_over=False,
        at=cast.at,
        resume=None,
    )
    room.open_session(actor=cast.therapist, group_session_id=pk, at=cast.at)
    done = set_terms(
        actor=cast.admin,
        program=cast.program,
        track=None,
        name="Now",
        effective_on=TODAY,
        parameters={"group_max": 6},
        also_planned=True,
        at=cast.at,
    )
    assert done.applied == 0
    assert fresh(cast.group_session).terms_id != done.terms.pk


def test_later_terms_leave_minutes_days_and_weeks_of_the_past_alone(cast: Cast) -> None:
    group = example_b(cast)  # Tuesday, the day before
    before = list(AttendanceRecord.objects.filter(group_session=group).order_by("patient").values())
    week = week_policy(cast.program, THIS_WEEK)
    track = evening(cast)
    terms(cast, rejoin_bridge_sec=0, per_diem_min_minutes=60, min_credit_min=170)
    terms(cast, track, rejoin_bridge_sec=0)
    assign_track(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        track=track,
        effective_on=TODAY,
        at=cast.at,
    )
    set_terms_of_patient(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        name="Own",
        effective_on=NEXT_WEEK,
        parameters={"rejoin_bridge_sec": 0},
        at=cast.at,
    )
    assert week_policy(cast.program, THIS_WEEK) == week
    assert enrollment_policy(cast.enrollment_of(cast.patient), THIS_WEEK) == {}
    attendance.recompute(group.pk, at=cast.at + HOUR)
    after = list(AttendanceRecord.objects.filter(group_session=group).order_by("patient").values())
    changing = {"as_of", "computed_at"}
    assert [{key: row[key] for key in row if key not in changing} for row in after] == [
        {key: row[key] for key in row if key not in changing} for row in before
    ]


def test_record_names_the_terms_that_decided_it(cast: Cast) -> None:
    group = example_b(cast)
    record = AttendanceRecord.objects.get(group_session=group, patient=cast.record_of(cast.patient))
    assert (record.terms_id, record.track_terms_id, record.enrollment_terms_id) == (
        group.terms_id,
        None,
        None,
    )


def credited(cast: Cast, group: GroupSession) -> AttendanceRecord:
    """Compute anew, and give the record of the patient of the worked example."""
    attendance.recompute(group.pk, at=cast.at)
    return AttendanceRecord.objects.get(group_session=group, patient=cast.record_of(cast.patient))


def test_patients_own_terms_win_over_the_tracks_and_these_over_the_programs(cast: Cast) -> None:
    early, enrollment = cast.at - timedelta(days=14), cast.enrollment_of(cast.patient)
    group, track = example_b(cast), evening(cast)
    of_track = set_terms(
        actor=cast.admin,
        program=cast.program,
        track=track,
        name="Bridge nothing",
        effective_on=cast.program.date_at(early),
        parameters={"rejoin_bridge_sec": 0},
        at=early,
    ).terms
    assert credited(cast, group).credited_min == 154
    GroupSession.objects.filter(pk=group.pk).update(track=track, track_terms=of_track)
    by_track = credited(cast, group)
    assert (by_track.credited_min, by_track.track_terms_id) == (153, of_track.pk)
    own = set_terms_of_patient(
        actor=cast.admin,
        enrollment=enrollment,
        name="Bridging agreed",
        effective_on=THIS_WEEK,
        parameters={"rejoin_bridge_sec": 120},
        at=early,
    )
    by_own = credited(cast, group)
    assert (by_own.credited_min, by_own.enrollment_terms_id) == (154, own.pk)


def test_patient_reads_why_nothing_counted_by_their_own_terms(cast: Cast) -> None:
    group = example_b(cast)
    set_terms_of_patient(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        name="Nothing below three hours",
        effective_on=THIS_WEEK,
        parameters={"min_credit_min": 180},
        at=cast.at - timedelta(days=14),
    )
    said = " ".join(reasons(fresh(group), credited(cast, group)))
    assert "A session counts from 180 minutes on, so this one counts 0." in said


def test_exported_evidence_carries_every_level_and_gives_the_same_minutes(cast: Cast) -> None:
    early = cast.at - timedelta(days=14)
    set_terms_of_patient(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        name="Strict",
        effective_on=THIS_WEEK,
        parameters={"rejoin_bridge_sec": 0, "per_diem_min_minutes": 150},
        at=early,
    )
    group = example_b(cast)
    patient = str(cast.record_of(cast.patient).pk)
    result = results_of(evidence_for_session(GroupSession.objects.with_people().get(pk=group.pk), at=cast.at))
    computed = next(one for one in result.sessions[0].patients if one.id == patient)
    assert computed.credited_min == credited(cast, group).credited_min == 153
    assert [day.per_diem for day in result.days if day.patient == patient] == [1]


def test_terms_decided_on_the_first_day_of_a_week_are_for_the_weeks_after(cast: Cast) -> None:
    sunday = cast.at + timedelta(days=4)
    set_terms(
        actor=cast.admin,
        program=cast.program,
        track=None,
        name="Sunday",
        effective_on=NEXT_WEEK,
        parameters={"per_diem_min_minutes": 60},
        at=sunday,
    )
    assert "per_diem_min_minutes" not in week_policy(cast.program, NEXT_WEEK)
    assert week_policy(cast.program, NEXT_WEEK + timedelta(weeks=1))["per_diem_min_minutes"] == 60


def test_week_before_the_first_terms_has_these(cast: Cast) -> None:
    assert week_policy(cast.program, date(2025, 1, 5)) == {"week_start": "SUN"}


def test_patients_weeks_follow_the_track_and_their_own_terms(cast: Cast) -> None:
    track, enrollment = evening(cast), cast.enrollment_of(cast.patient)
    of_track = terms(cast, track, weekly_min_days=4, per_diem_min_minutes=120, group_max=6)
    assign_track(actor=cast.admin, enrollment=enrollment, track=track, effective_on=TODAY, at=cast.at)
    own = set_terms_of_patient(
        actor=cast.admin,
        enrollment=enrollment,
        name="Payer X",
        effective_on=NEXT_WEEK + timedelta(weeks=1),
        parameters={"weekly_min_days": 2, "rejoin_bridge_sec": 0},
        at=cast.at,
    )
    enrollment.refresh_from_db()
    weeks = [THIS_WEEK, NEXT_WEEK, NEXT_WEEK + timedelta(weeks=1)]
    found = enrollment_policies(cast.program, [enrollment], weeks)
    assert [found[enrollment.pk, day].policy for day in weeks] == [
        {},
        {"per_diem_min_minutes": 120, "weekly_min_days": 4},
        {"per_diem_min_minutes": 120, "rejoin_bridge_sec": 0, "weekly_min_days": 2},
    ]
    last = found[enrollment.pk, weeks[-1]]
    assert (last.track_terms, last.enrollment_terms) == (of_track, own)


def test_policies_of_many_take_as_many_queries_as_of_one(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [cast.enrollment_of(one) for one in (cast.patient, *cast.more_patients, cast.patient_off_roster)]
    for some in (people[:1], people):
        with django_assert_num_queries(3):
            enrollment_policies(cast.program, some, [THIS_WEEK, NEXT_WEEK])


def test_nothing_new_is_planned_in_a_track_that_is_over_or_of_another_program(cast: Cast) -> None:
    track = evening(cast)
    one = plan(cast, track=track)
    end_track(actor=cast.admin, track=track, ended_on=TODAY + timedelta(days=2), at=cast.at)
    track.refresh_from_db()
    with pytest.raises(Conflict, match="track_ended"):
        plan(cast, days=3, track=track)
    with pytest.raises(Conflict, match="track_ended"):
        move(cast, one, 3)
    with pytest.raises(Conflict, match="track_ended"):
        terms(cast, track, on=NEXT_WEEK, group_max=6)
    foreign = create_track(actor=cast.system_admin, program=cast.other_program, name="Night", at=cast.at)
    with pytest.raises(Conflict, match="track_of_another_program"):
        plan(cast, days=2, track=foreign)


def test_only_administrators_set_terms(cast: Cast) -> None:
    for actor in (cast.therapist, cast.auditor, cast.case_manager, cast.patient, cast.other_therapist):
        with pytest.raises(Denied):
            set_terms(
                actor=actor,
                program=cast.program,
                track=None,
                name="No",
                effective_on=TODAY,
                parameters={},
                at=cast.at,
            )


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"group_max": 6}, "misplaced_term"),
        ({"early_credit_min": 5}, "misplaced_term"),
        ({"week_start": "MON"}, "misplaced_term"),
        ({"generosity": 1}, "unknown_term"),
        ({"min_presence_ratio": "1.2"}, "bad_term"),
        ({"rejoin_bridge_sec": True}, "bad_term"),
    ],
)
def test_one_patient_has_terms_only_of_what_concerns_one_patient(
    parameters: dict[str, Any], error: str
) -> None:
    with pytest.raises(DomainError, match=error):
        require_enrollment_terms(parameters)
    require_enrollment_terms({"rejoin_bridge_sec": 0, "per_diem_min_minutes": 120})
    require_known_terms({"group_max": 6})


@pytest.mark.parametrize("week_start", ["SUN", "MON", "SAT"])
def test_program_and_rules_agree_on_the_first_day_of_a_week(week_start: str) -> None:
    program = Program(week_start=week_start)
    for offset in range(14):
        day = TODAY + timedelta(days=offset)
        assert program.first_day_of_week(day) == week_of(day, WeekStart(week_start))

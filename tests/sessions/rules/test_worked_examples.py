"""The worked examples of docs/attendance.md, numbers by hand."""

import pytest

from sessions.rules.crediting.units import timed15_8min
from sessions.rules.signing.settling import DUAL_CONTROL_MIN, OtherCredit, bounds, needs_second_person
from tests.sessions.rules.builders import (
    at,
    credit,
    enrollment,
    evidence,
    not_opened,
    patient,
    run,
    session,
)

FULL = "09:00-12:15"
BREAK = ("10:30-10:45",)
LED = ("08:58-12:16",)


def group(*present: str, lobby_at: str | None = None, breaks: tuple[str, ...] = BREAK):
    other = patient("p2", FULL)
    mine = patient("p1", *present, lobby_at=None if lobby_at is None else at(lobby_at))
    return session(mine, other, breaks=breaks, led=LED)


def test_a_full_presence_is_180_minutes_and_a_per_diem():
    result = run(evidence(group(FULL, lobby_at="08:55")))
    mine = result["sessions"][0]["patients"][0]
    assert (mine["credited_min"], mine["billable_min"], mine["status"], mine["flags"]) == (
        180,
        180,
        "PRESENT",
        [],
    )
    assert result["days"][0] == {
        "patient": "p1",
        "service_date": "2026-11-17",
        "billable_min": 180,
        "per_diem": 1,
    }


def test_b_late_two_drops_and_early_out_is_154_credited_and_153_billable():
    result = run(evidence(group("09:12:20-10:02:00", "10:03:30-11:10:00", "11:17:10-12:09:00")))
    mine = result["sessions"][0]["patients"][0]
    assert (mine["qualified_seconds"], mine["strict_seconds"]) == (9270, 9180)
    assert (mine["credited_min"], mine["billable_min"]) == (154, 153)
    assert (mine["ratio"], mine["status"]) == (0.8583, "PARTIAL")
    assert mine["flags"] == ["BRIDGED", "EARLY_LEAVE", "LATE"]
    assert result["days"][0]["per_diem"] == 0


def test_c_two_devices_count_once():
    assert credit(group("09:00-10:40", "10:20-12:15"))["credited_min"] == 180


def test_d_eleven_minutes_are_below_the_minimum():
    mine = credit(group("09:00-09:11"))
    assert (mine["qualified_seconds"], mine["credited_min"], mine["status"]) == (660, 0, "NO_CREDIT")


@pytest.mark.parametrize(
    ("led", "credited", "billable", "flags"),
    [
        (("13:00-13:20", "13:31-14:00"), 49, 49, ["FACILITATOR_GAP"]),
        (("13:00-13:20", "13:21:30-14:00"), 60, 58, []),
    ],
)
def test_e_time_without_a_facilitator(led, credited, billable, flags):
    people = (patient("p1", "13:00-14:00"), patient("p2", "13:00-14:00"))
    for mine in run(evidence(session(*people, scheduled="13:00-14:00", led=led)))["sessions"][0]["patients"]:
        assert (mine["credited_min"], mine["billable_min"]) == (credited, billable)
        assert (mine["ratio"], mine["status"], mine["flags"]) == (1.0, "PRESENT", flags)


def test_f_individual_session_is_90837():
    mine = credit(
        session(
            patient("p1", "14:03-14:57:40"),
            scheduled="14:00-15:00",
            held="14:03-14:57:40",
            service_type="individual_therapy",
        )
    )
    assert mine["credited_min"] == 54
    assert mine["units"] == {
        "timed15_8min": 4,
        "timed15_full": 3,
        "hourly_floor": 0,
        "cpt_individual": "90837",
    }


def test_g_units_by_the_eight_minute_rule():
    minutes = (7, 8, 22, 23, 37, 38, 52, 53, 68)
    assert [timed15_8min(m) for m in minutes] == [0, 1, 1, 2, 2, 3, 3, 4, 5]


def test_h_a_ten_minute_break_in_three_hours_misses_the_per_diem():
    people = (patient("p1", "09:00-12:00"), patient("p2", "09:00-12:00"))
    result = run(evidence(session(*people, scheduled="09:00-12:00", breaks=("10:30-10:40",))))
    assert result["sessions"][0]["patients"][0]["billable_min"] == 170
    assert result["days"][0] == {
        "patient": "p1",
        "service_date": "2026-11-17",
        "billable_min": 170,
        "per_diem": 0,
    }


def on(day: str, *present: str, **more):
    return session(
        patient("p1", *present, day=day),
        session_id=day,
        day=day,
        breaks=BREAK,
        led=LED,
        **more,
    )


MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (f"2026-11-{day}" for day in (16, 17, 18, 19, 20))


def test_i_a_week_that_cannot_reach_its_target_and_one_more_hour():
    done = (
        on(MONDAY, FULL),
        on(TUESDAY, "09:12:20-10:02:00", "10:03:30-11:10:00", "11:17:10-12:09:00"),
        on(WEDNESDAY),
    )
    thursday = not_opened(on(THURSDAY))
    plan = (enrollment(),)
    week = run(evidence(*done, thursday, as_of=at("20:00", WEDNESDAY), enrollments=plan))["weeks"]
    assert len(week) == 1
    assert week[0] == {
        "patient": "p1",
        "week_start": "2026-11-15",
        "target_min": 540,
        "hours_min": 334,
        "remaining_min": 180,
        "days": 2,
        "flag": "SHORTFALL_CERTAIN",
        "deficit_min": 26,
        "also": [],
        "partial": False,
    }
    friday = not_opened(session(patient(), session_id="f", day=FRIDAY, scheduled="09:00-10:00"))
    more = run(evidence(*done, thursday, friday, as_of=at("20:00", WEDNESDAY), enrollments=plan))["weeks"][0]
    assert (more["remaining_min"], more["flag"], more["deficit_min"]) == (240, "AT_RISK", 0)


def test_j_a_week_that_only_a_perfect_last_day_reaches():
    done = (on(MONDAY, FULL), on(TUESDAY, FULL))
    ahead = not_opened(on(THURSDAY))
    week = run(evidence(*done, ahead, as_of=at("20:00", WEDNESDAY), enrollments=(enrollment(),)))["weeks"][0]
    assert (week["hours_min"], week["remaining_min"], week["flag"]) == (360, 180, "AT_RISK")


def test_k_an_hour_across_the_end_of_summer_time_is_an_hour():
    start, end = "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"
    night = session(patient("p1"), patient("p2"), scheduled="09:00-10:00") | {
        "scheduled_start": start,
        "scheduled_end": end,
        "opened_at": start,
        "ended_at": end,
        "facilitators": [{"id": "t1", "presence": [[start, end]]}],
        "patients": [{"id": "p1", "presence": [[start, end]]}, {"id": "p2", "presence": [[start, end]]}],
    }
    result = run(evidence(night))
    assert result["sessions"][0]["patients"][0]["credited_min"] == 60
    assert result["sessions"][0]["service_date"] == "2026-11-01"


@pytest.mark.parametrize(("week", "hours"), [("2026-11-01", 169), ("2026-03-08", 167), ("2026-11-15", 168)])
def test_k_a_week_is_as_long_as_its_clock_changes_make_it(week, hours):
    from datetime import date, timedelta
    from zoneinfo import ZoneInfo

    from sessions.rules.time.instants import start_of_day
    from sessions.rules.weekly.weeks import week_is_over

    zone, first = ZoneInfo("America/New_York"), date.fromisoformat(week)
    end = start_of_day(first, zone) + hours * 3600
    assert start_of_day(first + timedelta(days=7), zone) == end
    assert week_is_over(first, as_of=end, zone=zone)
    assert not week_is_over(first, as_of=end - 1, zone=zone)


def test_l_saturday_night_in_los_angeles_is_sunday_in_the_program():
    start, end = "2026-11-14T21:30:00-08:00", "2026-11-14T22:30:00-08:00"
    late = session(scheduled="09:00-10:00") | {
        "scheduled_start": start,
        "scheduled_end": end,
        "opened_at": start,
        "ended_at": end,
        "facilitators": [{"id": "t1", "presence": [[start, end]]}],
        "patients": [{"id": "p1", "presence": [[start, end]]}],
    }
    result = run(evidence(late, enrollments=(enrollment(),)))
    assert result["sessions"][0]["service_date"] == "2026-11-15"
    assert [week["week_start"] for week in result["weeks"]] == ["2026-11-15"]


def test_m_a_session_over_midnight_belongs_to_the_day_it_opened():
    start, end = "2026-11-14T23:30:00-05:00", "2026-11-15T00:30:00-05:00"
    late = session(scheduled="09:00-10:00") | {
        "scheduled_start": start,
        "scheduled_end": end,
        "opened_at": start,
        "ended_at": end,
        "facilitators": [{"id": "t1", "presence": [[start, end]]}],
        "patients": [{"id": "p1", "presence": [[start, end]]}, {"id": "p2", "presence": [[start, end]]}],
    }
    result = run(evidence(late, enrollments=(enrollment(),)))
    assert result["sessions"][0]["service_date"] == "2026-11-14"
    assert [(week["week_start"], week["hours_min"]) for week in result["weeks"]] == [("2026-11-08", 60)]


@pytest.mark.parametrize(("mode", "target", "partial"), [("program_days", 324, False), ("none", 540, True)])
def test_n_admitted_on_wednesday(mode, target, partial):
    plan = enrollment(admitted_on="2026-11-18", policy={"proration_mode": mode})
    week = run(evidence(on(THURSDAY, FULL), enrollments=(plan,)))["weeks"][0]
    assert (week["target_min"], week["partial"]) == (target, partial)


NEXT_MONDAY = "2026-11-23"


def test_p_a_missed_day_made_up_in_the_next_week_counts_there():
    done = [on(day, FULL) for day in (MONDAY, TUESDAY)]
    missed, made_up = on(WEDNESDAY), on(NEXT_MONDAY, FULL)
    weeks = run(
        evidence(*done, missed, made_up, as_of=at("00:00", "2026-11-29"), enrollments=(enrollment(),))
    )["weeks"]
    assert [(week["week_start"], week["hours_min"], week["flag"], week["deficit_min"]) for week in weeks] == [
        ("2026-11-15", 360, "SHORTFALL", 180),
        ("2026-11-22", 180, "SHORTFALL", 360),
    ]


def test_o_time_credited_in_one_session_cannot_be_given_again_in_another():
    full = credit(group(FULL))["timeline"]
    desk = credit(session(patient(), scheduled="10:00-10:30", service_type="case_management"))["timeline"]
    assert bounds(desk).countable_min == 30
    assert bounds(desk, [OtherCredit(full, is_raised=False)]).free_min == 0


def test_q_154_minutes_become_180_only_with_a_second_person_and_never_181():
    mine = credit(group("09:12:20-10:02:00", "10:03:30-11:10:00", "11:17:10-12:09:00"))
    assert mine["credited_min"] == 154
    assert needs_second_person(new_min=180, base_min=154, by_clinician=True)
    assert not needs_second_person(new_min=154 + DUAL_CONTROL_MIN, base_min=154, by_clinician=True)
    assert bounds(mine["timeline"]).countable_min == 180

"""Per diem days and weeks against their targets (sections 5 and 6 of the contract)."""

import pytest

from tests.sessions.rules.builders import at, enrollment, evidence, not_opened, patient, run, session

SUNDAY, MONDAY, SATURDAY = "2026-11-15", "2026-11-16", "2026-11-21"
OVER = "2026-11-22T05:00:00Z"  # midnight in New York


def held(session_id: str, scheduled: str, day: str = MONDAY, **more):
    people = (patient("p1", scheduled, day=day), patient("p2", scheduled, day=day))
    return session(*people, session_id=session_id, scheduled=scheduled, day=day, **more)


def week(*sessions, plan=None, as_of=OVER, **more):
    result = run(evidence(*sessions, as_of=as_of, enrollments=(plan or enrollment(),), **more))
    assert len(result["weeks"]) == 1
    return result["weeks"][0]


def days(*sessions, **more):
    return [tuple(day.values()) for day in run(evidence(*sessions, **more))["days"]]


def test_a_per_diem_is_reached_by_all_sessions_of_a_day_whose_type_counts():
    day = (held("A", "09:00-11:00"), held("B", "12:00-13:00"))
    assert days(*day) == [("p1", MONDAY, 180, 1), ("p2", MONDAY, 180, 1)]
    less = (held("A", "09:00-11:00"), held("B", "12:00-13:00", service_type="case_management"))
    assert days(*less) == [("p1", MONDAY, 120, 0), ("p2", MONDAY, 120, 0)]


def test_a_day_with_a_session_that_does_not_count_has_a_row_of_zero():
    assert days(held("A", "09:00-11:00", service_type="orientation"))[0] == ("p1", MONDAY, 0, 0)


def test_a_no_show_and_a_cancelled_session_that_was_opened_have_rows():
    missed = session(patient("p1"), patient("p2", "09:00-12:15"))
    assert days(missed)[0] == ("p1", "2026-11-17", 0, 0)
    assert days(held("A", "09:00-11:00", cancelled_by_program=True))[0] == ("p1", MONDAY, 0, 0)


def test_a_session_that_was_not_opened_has_no_day():
    assert days(not_opened(held("A", "09:00-11:00"))) == []


def test_days_are_sorted_by_patient_then_date():
    later, earlier = held("A", "09:00-10:00", day="2026-11-17"), held("B", "09:00-10:00")
    assert [day[:2] for day in days(later, earlier)] == [
        ("p1", MONDAY),
        ("p1", "2026-11-17"),
        ("p2", MONDAY),
        ("p2", "2026-11-17"),
    ]


@pytest.mark.parametrize(
    ("file_policy", "own_policy", "one"),
    [
        ({}, {}, 0),
        ({"per_diem_min_minutes": 120}, {}, 1),
        ({"per_diem_min_minutes": 120}, {"per_diem_min_minutes": 121}, 0),
    ],
)
def test_the_per_diem_minimum_may_be_the_patients_own(file_policy, own_policy, one):
    plan = enrollment(policy=own_policy)
    assert days(held("A", "09:00-11:00"), policy=file_policy, enrollments=(plan,))[0][3] == one


def test_a_week_over_is_met_or_short():
    assert week(held("A", "09:00-12:00"), plan=enrollment(target=180)) == {
        "patient": "p1",
        "week_start": SUNDAY,
        "target_min": 180,
        "hours_min": 180,
        "remaining_min": 0,
        "days": 1,
        "flag": "MET",
        "deficit_min": 0,
        "also": ["MIN_DAYS"],
        "partial": False,
    }
    short = week(held("A", "09:00-12:00"), plan=enrollment(target=181))
    assert (short["flag"], short["deficit_min"]) == ("SHORTFALL", 1)


def test_a_week_is_over_at_its_local_midnight():
    document = held("A", "09:00-12:00")
    assert week(document, as_of="2026-11-22T04:59:59Z")["flag"] == "SHORTFALL_CERTAIN"
    assert week(document, as_of="2026-11-22T05:00:00Z")["flag"] == "SHORTFALL"


@pytest.mark.parametrize(
    ("target", "flag", "deficit"),
    [
        (60, "MET", 0),
        (61, "ON_TRACK", 0),
        (111, "ON_TRACK", 0),
        (112, "AT_RISK", 0),
        (120, "AT_RISK", 0),
        (121, "SHORTFALL_CERTAIN", 1),
    ],
)
def test_an_open_week_by_what_is_done_and_what_is_expected(target, flag, deficit):
    # 60 minutes done, 60 to come, of which floor(0.85 * 60) = 51 are expected.
    ahead = not_opened(held("B", "09:00-10:00", day="2026-11-20"))
    got = week(held("A", "09:00-10:00"), ahead, plan=enrollment(target=target), as_of=at("12:00"))
    assert (got["remaining_min"], got["flag"], got["deficit_min"]) == (60, flag, deficit)


def test_the_expected_rate_is_exact_and_the_enrollments_own_wins():
    ahead = not_opened(held("B", "09:00-13:00", day="2026-11-20"))
    # 0.85 of 240 is 204; binary floating point would give 203.
    exact = week(ahead, plan=enrollment(target=204), as_of=at("12:00"))
    assert exact["flag"] == "ON_TRACK"
    own = enrollment(target=204, expected_rate=0.84)
    assert week(ahead, plan=own, as_of=at("12:00"))["flag"] == "AT_RISK"
    default = enrollment(target=204, policy={"expected_rate_default": "0.84"})
    assert week(ahead, plan=default, as_of=at("12:00"))["flag"] == "AT_RISK"
    zero = enrollment(target=1, expected_rate=0)
    assert week(ahead, plan=zero, as_of=at("12:00"))["flag"] == "AT_RISK"


@pytest.mark.parametrize("more", [{"cancelled_by_program": True}, {"service_type": "peer_support"}])
def test_a_cancelled_or_uncounted_session_to_come_gives_nothing(more):
    ahead = not_opened(held("B", "09:00-10:00", day="2026-11-20", **more))
    assert week(ahead, as_of=at("12:00"))["remaining_min"] == 0


def test_a_session_never_held_gives_nothing_and_one_late_to_open_gives_what_is_left():
    ahead = not_opened(held("B", "09:00-10:00", day="2026-11-17"))
    assert week(ahead, as_of=at("09:30:01"))["remaining_min"] == 29
    assert week(ahead, as_of=at("10:00"))["remaining_min"] == 0


def test_remaining_minutes_are_floored_per_session():
    halves = [
        not_opened(held(name, f"{hour:02}:00-{hour:02}:30:30", day="2026-11-20"))
        for name, hour in (("B", 9), ("C", 10))
    ]
    assert week(*halves, as_of=at("12:00"))["remaining_min"] == 60


def test_breaks_to_come_are_left_out_unless_they_count():
    ahead = held("B", "09:00-12:15", day="2026-11-20", breaks=("10:30-10:45",))
    assert week(not_opened(ahead), as_of=at("12:00"))["remaining_min"] == 180
    counting = not_opened(ahead | {"policy": {"break_counts": True}})
    assert week(counting, as_of=at("12:00"))["remaining_min"] == 195


@pytest.mark.parametrize(
    ("start", "first"), [("SUN", SUNDAY), ("MON", MONDAY), ("TUE", "2026-11-10"), ("SAT", "2026-11-14")]
)
def test_weeks_begin_where_the_program_says(start, first):
    assert week(held("A", "09:00-10:00"), policy={"week_start": start})["week_start"] == first


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([["2026-10-01", 540], ["2026-11-15", 360]], 360),
        ([["2026-10-01", 540], ["2026-11-16", 360]], 540),
        ([["2026-11-18", 100], ["2026-11-20", 200]], 100),
    ],
)
def test_the_target_is_that_of_the_first_day_or_else_the_first(targets, expected):
    assert week(held("A", "09:00-10:00"), plan=enrollment() | {"targets": targets})["target_min"] == expected


@pytest.mark.parametrize(
    ("admitted", "discharged", "partial", "prorated"),
    [
        ("2026-10-01", None, False, 500),
        (SUNDAY, None, False, 500),
        (MONDAY, None, True, 500),
        ("2026-11-18", None, True, 300),
        ("2026-10-01", SATURDAY, False, 500),
        ("2026-10-01", "2026-11-20", True, 500),
        ("2026-10-01", "2026-11-17", True, 200),
        ("2026-11-17", "2026-11-17", True, 100),
        (SATURDAY, None, True, 0),
    ],
)
def test_a_week_partly_enrolled_is_partial_or_prorated(admitted, discharged, partial, prorated):
    plan = enrollment(target=500, admitted_on=admitted, discharged_on=discharged)
    got = week(held("A", "09:00-10:00"), plan=plan)
    assert (got["partial"], got["target_min"]) == (partial, 500)
    got = week(held("A", "09:00-10:00"), plan=plan | {"policy": {"proration_mode": "program_days"}})
    assert (got["partial"], got["target_min"]) == (False, prorated)


def test_prorating_floors():
    plan = enrollment(target=541, admitted_on="2026-11-18", policy={"proration_mode": "program_days"})
    assert week(held("A", "09:00-10:00"), plan=plan)["target_min"] == 324


@pytest.mark.parametrize(("admitted", "discharged"), [("2026-11-22", None), ("2026-10-01", "2026-11-14")])
def test_a_week_outside_the_enrollment_has_no_row(admitted, discharged):
    plan = enrollment(admitted_on=admitted, discharged_on=discharged)
    assert run(evidence(held("A", "09:00-10:00"), enrollments=(plan,)))["weeks"] == []


@pytest.mark.parametrize(("admitted", "discharged"), [("2026-11-21", None), ("2026-10-01", "2026-11-15")])
def test_one_enrolled_day_makes_a_week(admitted, discharged):
    plan = enrollment(admitted_on=admitted, discharged_on=discharged)
    assert len(run(evidence(held("A", "09:00-10:00"), enrollments=(plan,)))["weeks"]) == 1


def test_a_patient_without_enrollment_or_session_has_no_week():
    assert run(evidence(held("A", "09:00-10:00")))["weeks"] == []
    assert run(evidence(held("A", "09:00-10:00"), enrollments=(enrollment("p9"),)))["weeks"] == []


def test_a_week_of_nothing_but_a_cancelled_session_has_a_row():
    got = week(held("A", "09:00-10:00", cancelled_by_program=True))
    assert (got["hours_min"], got["days"], got["flag"]) == (0, 0, "SHORTFALL")


def test_days_of_a_week_are_service_dates_with_hours():
    monday = (held("A", "09:00-10:00"), held("B", "11:00-12:00"))
    uncounted = held("C", "09:00-10:00", day="2026-11-18", service_type="peer_support")
    got = week(*monday, uncounted, held("D", "09:00-10:00", day="2026-11-19"))
    assert (got["days"], got["hours_min"], got["also"]) == (2, 180, ["MIN_DAYS"])
    enough = enrollment(policy={"weekly_min_days": 2})
    assert week(*monday, held("D", "09:00-10:00", day="2026-11-19"), plan=enough)["also"] == []


def test_min_days_is_only_said_of_a_week_that_is_over():
    assert week(held("A", "09:00-10:00"), as_of=at("12:00"))["also"] == []


@pytest.mark.parametrize(("ceiling", "also"), [(60, ["OVER_LOC"]), (61, [])])
def test_reaching_the_ceiling_is_said_at_once(ceiling, also):
    plan = enrollment(policy={"loc_ceiling_min": ceiling})
    assert week(held("A", "09:00-10:00"), plan=plan, as_of=at("12:00"))["also"] == also


def test_both_notes_are_sorted():
    plan = enrollment(policy={"loc_ceiling_min": 1})
    assert week(held("A", "09:00-10:00"), plan=plan)["also"] == ["MIN_DAYS", "OVER_LOC"]


def test_weeks_are_sorted_by_patient_then_week():
    sessions = (held("A", "09:00-10:00", day="2026-11-24"), held("B", "09:00-10:00"))
    result = run(evidence(*sessions, enrollments=(enrollment("p2"), enrollment("p1"))))
    assert [(row["patient"], row["week_start"]) for row in result["weeks"]] == [
        ("p1", SUNDAY),
        ("p1", "2026-11-22"),
        ("p2", SUNDAY),
        ("p2", "2026-11-22"),
    ]


def test_hours_of_a_running_session_count_already():
    running = held("A", "09:00-12:00") | {"ended_at": None}
    got = week(running, as_of=at("10:00", MONDAY))
    assert (got["hours_min"], got["remaining_min"]) == (60, 120)


def test_terms_of_the_file_hold_for_weeks_where_the_enrollment_says_nothing():
    policy = {"loc_ceiling_min": 100, "weekly_min_days": 1, "proration_mode": "program_days"}
    judged = run(
        evidence(
            session(patient("p1", "09:00-12:15")),
            as_of=at("12:00", "2026-11-23"),
            policy=policy,
            enrollments=(enrollment(admitted_on="2026-11-17"),),
        )
    )["weeks"][0]
    assert (judged["also"], judged["target_min"], judged["partial"]) == (["OVER_LOC"], 432, False)


def test_a_session_that_was_not_opened_hides_no_day_of_those_after_it():
    result = run(evidence(not_opened(held("A", "09:00-10:00")), held("B", "11:00-12:00")))
    assert [one["id"] for one in result["sessions"]] == ["A", "B"]
    assert {row["billable_min"] for row in result["days"]} == {60}

"""Minutes, ratio and status (steps 7 and 8), service date (step 11)."""

import pytest

from tests.sessions.rules.builders import at, credit, evidence, not_opened, patient, run, session, spans


def hour(*present: str, lobby_at: str | None = None, **more):
    return credit(session(patient("p1", *present, lobby_at=lobby_at), scheduled="09:00-10:00", **more))


def test_seconds_are_floored_once_to_minutes():
    assert hour("09:00-09:29:59")["credited_min"] == 29
    # Two half minutes make one minute.
    assert hour("09:00-09:20:30", "09:30-09:40:30")["credited_min"] == 31


@pytest.mark.parametrize(
    ("kind", "out", "credited"),
    [
        ("group_therapy", "09:15", 15),
        ("group_therapy", "09:14:59", 0),
        ("peer_support", "09:14:59", 0),
        ("individual_therapy", "09:08", 8),
        ("individual_therapy", "09:07:59", 0),
        ("orientation", "09:08", 8),
    ],
)
def test_below_the_minimum_there_is_no_credit(kind, out, credited):
    mine = hour(f"09:00-{out}", service_type=kind)
    assert mine["credited_min"] == credited
    assert (mine["status"] == "NO_CREDIT") == (credited == 0)


def test_without_a_minimum_less_than_a_minute_is_still_no_credit():
    mine = hour("09:00-09:00:59", policy={"min_credit_min": 0})
    assert (mine["credited_min"], mine["status"]) == (0, "NO_CREDIT")


def test_billable_minutes_fall_with_the_credit():
    mine = hour("09:00-09:10")
    assert (mine["strict_seconds"], mine["billable_min"], mine["hours_min"]) == (600, 0, 0)
    assert mine["units"] == {"timed15_8min": 0, "timed15_full": 0, "hourly_floor": 0}


@pytest.mark.parametrize(
    ("kind", "hours"), [("psychoeducation", 60), ("complementary", 0), ("phone_checkup", 0)]
)
def test_a_type_that_does_not_count_is_credited_and_billed_without_hours(kind, hours):
    mine = hour("09:00-10:00", service_type=kind)
    assert (mine["credited_min"], mine["billable_min"], mine["hours_min"]) == (60, 60, hours)


@pytest.mark.parametrize(
    ("out", "ratio", "status"),
    [
        ("09:54", 0.9, "PRESENT"),
        ("09:53:59", 0.8997, "PARTIAL"),
        ("09:45", 0.75, "PARTIAL"),
        ("09:44:59", 0.7497, "PARTIAL_LOW"),
    ],
)
def test_the_ratio_decides_between_present_and_partial(out, ratio, status):
    mine = hour(f"09:00-{out}")
    assert (mine["ratio"], mine["status"]) == (ratio, status)


def test_ratios_are_compared_before_they_are_rounded():
    # 32399 of 36000 seconds print as 0.9 and are below it all the same.
    ten_hours = session(patient("p1", "09:00-17:59:59"), scheduled="09:00-19:00")
    mine = credit(ten_hours)
    assert (mine["ratio"], mine["status"]) == (0.9, "PARTIAL")


@pytest.mark.parametrize(("seconds", "printed"), [(45, 0.0062), (135, 0.0188), (225, 0.0312)])
def test_ratios_are_printed_half_even(seconds, printed):
    # n/7200 is x.xxxx5 exactly for these, as 45/7200 = 0.00625.
    two_hours = session(
        patient("p1", f"09:00-09:{seconds // 60:02}:{seconds % 60:02}"), scheduled="09:00-11:00"
    )
    assert credit(two_hours)["ratio"] == printed


def test_a_high_minimum_ratio_does_not_touch_present():
    assert hour("09:00-09:54", policy={"min_presence_ratio": "0.95"})["status"] == "PRESENT"
    assert hour("09:00-09:53", policy={"min_presence_ratio": "0.95"})["status"] == "PARTIAL_LOW"


@pytest.mark.parametrize(("out", "credited"), [("09:45", 45), ("09:44:59", 0)])
def test_under_the_threshold_mode_a_low_ratio_gives_nothing(out, credited):
    mine = hour(f"09:00-{out}", policy={"partial_credit_mode": "threshold"})
    assert (mine["credited_min"], mine["billable_min"]) == (credited, credited)
    assert mine["status"] == ("PARTIAL" if credited else "NO_CREDIT")


@pytest.mark.parametrize("ratio", [0.75, "0.75", "7.5e-1"])
def test_decimals_may_be_numbers_or_strings(ratio):
    policy = {"partial_credit_mode": "threshold", "min_presence_ratio": ratio}
    assert hour("09:00-09:45", policy=policy)["credited_min"] == 45


def test_time_the_program_did_not_deliver_is_not_held_against_the_patient():
    mine = hour("09:00-09:30", led=("09:00-09:30",))
    assert (mine["ratio"], mine["status"]) == (1.0, "PRESENT")


def test_an_incident_excuses_the_time_the_patient_missed_in_it():
    excused = hour("09:00-09:30", incidents=spans("09:30-09:40"))
    assert (excused["ratio"], excused["credited_min"]) == (0.6, 30)
    # Present during it, the patient keeps the minutes and they count as delivered.
    present = hour("09:00-10:00", incidents=spans("09:30-09:40"))
    assert (present["ratio"], present["credited_min"]) == (1.0, 60)


def test_an_incident_over_everything_leaves_a_ratio_of_zero():
    mine = hour("09:00-09:00:30", incidents=spans("08:00-11:00"), policy={"min_credit_min": 0})
    assert mine["ratio"] == 1.0
    assert hour(incidents=spans("08:00-11:00"))["ratio"] == 0.0


def test_nobody_came():
    mine = hour()
    assert (mine["status"], mine["ratio"], mine["qualified_seconds"]) == ("NO_SHOW", 0.0, 0)


def test_presence_outside_the_window_is_no_credit_and_not_a_no_show():
    mine = hour("10:00-10:30", held="09:00-10:30")
    assert (mine["status"], mine["credited_min"]) == ("NO_CREDIT", 0)


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        (at("08:00"), "SCHEDULED"),
        (at("09:59:59"), "SCHEDULED"),
        (at("10:00"), "CANCELLED_BY_PROGRAM"),
    ],
)
def test_a_session_that_nobody_opened(as_of, status):
    document = not_opened(session(patient("p1"), scheduled="09:00-10:00"))
    result = run(evidence(document, as_of=as_of))["sessions"][0]
    assert result["patients"][0]["status"] == status
    assert result["patients"][0]["flags"] == []
    assert (result["window"], result["delivered_seconds"], result["service_date"]) == (None, 0, "2026-11-17")


def test_a_cancelled_session_is_cancelled_before_it_is_scheduled():
    document = not_opened(session(patient("p1"), cancelled_by_program=True))
    mine = credit(document, as_of=at("08:00"))
    assert mine["status"] == "CANCELLED_BY_PROGRAM"


def test_the_service_date_is_that_of_the_opening():
    over_midnight = session(patient("p1"), scheduled="23:30-23:59") | {
        "opened_at": at("00:10", "2026-11-18"),
        "ended_at": at("00:20", "2026-11-18"),
    }
    assert run(evidence(over_midnight))["sessions"][0]["service_date"] == "2026-11-18"

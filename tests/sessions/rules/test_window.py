"""What was held and led: the window, facilitators, breaks and excluded modality (steps 2 to 5)."""

import pytest

from tests.sessions.rules.builders import (
    at,
    credit,
    evidence,
    facilitator,
    kinds,
    patient,
    run,
    session,
    spans,
)

WIDE = "08:00-14:00"


def window(**more):
    held = more.pop("held", "08:30-13:00")
    result = run(evidence(session(patient("p1", WIDE), held=held, led=(WIDE,), **more)))["sessions"][0]
    return result["window"], result["patients"][0]["qualified_seconds"] // 60


def utc(clock: str) -> str:
    hour, minute = clock.split(":")
    return f"2026-11-17T{int(hour) + 5:02}:{minute}:00Z"


@pytest.mark.parametrize(
    ("kind", "policy", "start", "end"),
    [
        ("group_therapy", {}, "09:00", "12:15"),
        ("individual_therapy", {}, "09:00", "12:30"),
        ("family_therapy", {}, "09:00", "12:30"),
        ("aftercare_planning", {}, "09:00", "12:30"),
        ("discharge_meeting", {}, "09:00", "12:30"),
        ("medication_management", {}, "09:00", "12:15"),
        ("group_therapy", {"overrun_credit_min": 20, "early_credit_min": 10}, "08:50", "12:35"),
        ("individual_therapy", {"overrun_credit_min": 0}, "09:00", "12:15"),
        ("group_therapy", {"overrun_credit_min": 600, "early_credit_min": 600}, "08:30", "13:00"),
    ],
)
def test_the_window_is_the_schedule_with_its_allowances_inside_what_was_held(kind, policy, start, end):
    edges, _ = window(service_type=kind, policy=policy)
    assert edges == [utc(start), utc(end)]


def test_a_late_opening_and_an_early_end_cut_the_window():
    assert window(held="09:10-12:00") == ([utc("09:10"), utc("12:00")], 170)


def test_a_session_held_outside_its_schedule_has_no_window():
    result = run(evidence(session(patient("p1", "13:00-14:00"), held="13:00-14:00")))["sessions"][0]
    assert (result["window"], result["delivered_seconds"]) == (None, 0)
    assert result["patients"][0]["timeline"] == []
    assert result["patients"][0]["status"] == "CANCELLED_BY_PROGRAM"


def test_a_facilitator_gap_of_the_limit_is_credited_and_one_second_more_is_removed_whole():
    whole = ("09:00-12:15",)
    closed = credit(session(patient("p1", *whole), led=("09:00-10:00", "10:02-12:15")))
    assert (closed["qualified_seconds"], closed["strict_seconds"]) == (195 * 60, 193 * 60)
    assert "FACILITATOR_GAP" not in closed["flags"]
    removed = credit(session(patient("p1", *whole), led=("09:00-10:00", "10:02:01-12:15")))
    assert (removed["qualified_seconds"], removed["strict_seconds"]) == (195 * 60 - 121, 195 * 60 - 121)
    assert "FACILITATOR_GAP" in removed["flags"]


def test_facilitator_gaps_have_neither_cap_nor_count():
    led = tuple(f"{9 + m // 60:02}:{m % 60:02}-{9 + m // 60:02}:{m % 60 + 8:02}" for m in range(0, 190, 10))
    assert credit(session(patient("p1", "09:00-12:15"), led=(*led, "12:10-12:15")))["ratio"] == 1.0


def test_facilitators_relieve_each_other():
    two = [facilitator("09:00-10:30", name="t1"), facilitator("10:30-12:15", name="t2")]
    mine = credit(session(patient("p1", "09:00-12:15"), facilitators=two))
    assert (mine["qualified_seconds"], mine["strict_seconds"]) == (11700, 11700)


def test_breaks_are_taken_out_unless_they_count():
    people = patient("p1", "09:00-12:15")
    assert credit(session(people, breaks=("10:30-10:45", "10:40-10:50")))["credited_min"] == 175
    counted = session(people, breaks=("10:30-10:45",), policy={"break_counts": True})
    assert credit(counted)["credited_min"] == 195
    assert kinds(credit(counted)) == ["credited"]


def test_camera_off_is_only_flagged_unless_it_decides_over_credit():
    off = patient("p1", "09:00-12:15", camera_off=spans("10:00-10:10"))
    advised = credit(session(off))
    assert (advised["credited_min"], "CAMERA_OFF" in advised["flags"]) == (195, True)
    refused = credit(session(off, policy={"camera_policy": "credit"}))
    assert (refused["credited_min"], refused["billable_min"]) == (185, 185)
    assert kinds(refused) == ["credited", "excluded_modality", "credited"]


def test_camera_off_of_exactly_the_tolerance_is_tolerated():
    policy = {"camera_policy": "credit"}
    exact = patient("p1", "09:00-12:15", camera_off=spans("10:00-10:05"))
    assert credit(session(exact, policy=policy))["credited_min"] == 195
    assert "CAMERA_OFF" not in credit(session(exact, policy=policy))["flags"]
    longer = patient("p1", "09:00-12:15", camera_off=spans("10:00-10:05:01"))
    assert credit(session(longer, policy=policy))["qualified_seconds"] == 195 * 60 - 301


def test_a_break_splits_camera_off_runs_and_excuses_them():
    off = patient("p1", "09:00-12:15", camera_off=spans("10:26-10:49"))
    mine = credit(session(off, breaks=("10:30-10:45",), policy={"camera_policy": "credit"}))
    assert (mine["credited_min"], mine["flags"]) == (180, ["GROUP_TOO_SMALL"])


def test_camera_off_pairs_that_touch_are_one_run():
    off = patient("p1", "09:00-12:15", camera_off=spans("10:00-10:03", "10:03-10:06"))
    assert credit(session(off, policy={"camera_policy": "credit"}))["credited_min"] == 189


@pytest.mark.parametrize(("policy", "credited"), [("allow", 195), ("allow_with_reason", 195), ("deny", 135)])
def test_audio_only_is_always_flagged_and_excluded_only_where_denied(policy, credited):
    voice = patient("p1", "09:00-12:15", audio_only=spans("10:00-11:00"))
    mine = credit(session(voice, policy={"audio_only_policy": policy}))
    assert (mine["credited_min"], "AUDIO_ONLY" in mine["flags"]) == (credited, True)


def test_denied_audio_and_refused_camera_add_up():
    both = patient("p1", "09:00-12:15", audio_only=spans("10:00-10:30"), camera_off=spans("10:20-10:40"))
    policy = {"audio_only_policy": "deny", "camera_policy": "credit"}
    assert credit(session(both, policy=policy))["credited_min"] == 155


def test_a_cancelled_session_that_was_held_still_shows_its_time():
    result = run(evidence(session(patient("p1", "09:00-12:15"), cancelled_by_program=True)))["sessions"][0]
    mine = result["patients"][0]
    assert (mine["status"], mine["flags"], mine["credited_min"]) == ("CANCELLED_BY_PROGRAM", [], 0)
    assert (mine["qualified_seconds"], mine["ratio"], result["delivered_seconds"]) == (11700, 1.0, 11700)
    assert kinds(mine) == ["credited"]


def test_nobody_led_is_not_the_patients_fault():
    mine = credit(session(patient("p1", "09:00-12:15"), led=()))
    assert (mine["status"], mine["flags"], mine["ratio"]) == ("CANCELLED_BY_PROGRAM", [], 0.0)
    assert kinds(mine) == ["no_facilitator"]


def test_a_session_in_breaks_throughout_delivered_nothing():
    mine = credit(session(patient("p1", "09:00-12:15"), breaks=("09:00-12:15",)))
    assert mine["status"] == "CANCELLED_BY_PROGRAM"


def test_fractions_of_a_second_are_dropped():
    precise = patient("p1") | {"presence": [[at("09:00:00.999"), at("09:20:00.001")]]}
    assert credit(session(precise))["qualified_seconds"] == 1200

"""Flags and their edges (step 9)."""

import pytest

from tests.sessions.rules.builders import at, evidence, facilitator, patient, run, session, spans

FULL = "09:00-12:15"


def flags(mine, **more):
    """Give the flags of `mine` in a group that a second patient makes large enough."""
    result = run(evidence(session(mine, patient("p2", FULL), **more)))
    return result["sessions"][0]["patients"][0]["flags"]


@pytest.mark.parametrize(("start", "expected"), [("09:00", []), ("09:05", []), ("09:05:01", ["LATE"])])
def test_late_is_more_than_the_grace_after_the_start(start, expected):
    assert flags(patient("p1", f"{start}-12:15")) == expected


def test_late_is_judged_by_the_lobby_and_not_by_admission():
    waited = patient("p1", "09:30-12:15", lobby_at=at("09:05"))
    assert flags(waited) == ["ADMIT_DELAY"]
    late = patient("p1", "09:05:01-12:15", lobby_at=at("09:05:01"))
    assert flags(late) == ["LATE"]


def test_late_is_judged_against_a_late_opening():
    mine = patient("p1", "09:15-12:15")
    assert flags(mine, held="09:10-12:15") == []
    assert flags(patient("p1", "09:15:01-12:15"), held="09:10-12:15") == ["LATE"]


def test_an_early_opening_does_not_make_anyone_late():
    assert flags(patient("p1", "09:05-12:15"), held="08:45-12:15") == []


@pytest.mark.parametrize(
    ("lobby_at", "start", "expected"),
    [
        ("08:50", "09:02", []),
        ("08:50", "09:02:01", ["ADMIT_DELAY"]),
        ("09:04", "09:06", []),
        ("09:04", "09:06:01", ["ADMIT_DELAY"]),
        ("09:04", "09:04", []),
    ],
)
def test_admit_delay_is_more_than_two_minutes_after_lobby_and_opening(lobby_at, start, expected):
    assert flags(patient("p1", f"{start}-12:15", lobby_at=at(lobby_at))) == expected


@pytest.mark.parametrize(("end", "expected"), [("12:15", []), ("12:10", []), ("12:09:59", ["EARLY_LEAVE"])])
def test_early_leave_is_more_than_the_grace_before_the_end(end, expected):
    assert flags(patient("p1", f"09:00-{end}")) == expected


def test_early_leave_is_judged_against_the_end_of_the_window():
    assert flags(patient("p1", "09:00-11:55"), held="09:00-12:00") == []
    assert flags(patient("p1", "09:00-12:11"), held="09:00-13:00", led=("09:00-13:00",)) == []


def test_graces_are_terms():
    policy = {"late_grace_min": 0, "early_leave_grace_min": 0}
    mine = patient("p1", "09:00:01-12:14:59")
    assert flags(mine, policy=policy) == ["EARLY_LEAVE", "LATE"]
    assert flags(mine) == []


def test_a_facilitator_gap_in_a_break_is_a_gap_too():
    led = ("09:00-10:30", "10:45-12:15")
    assert flags(patient("p1", FULL), led=led, breaks=("10:30-10:45",)) == ["FACILITATOR_GAP"]


def test_a_facilitator_who_comes_after_the_opening_leaves_a_gap():
    assert flags(patient("p1", FULL), led=("09:00:01-12:15",)) == ["FACILITATOR_GAP"]


def test_a_facilitator_outside_the_window_leaves_no_gap():
    assert flags(patient("p1", FULL), led=("08:00-08:10", "08:59-12:15")) == []


def test_audio_only_and_camera_off_are_flagged_inside_presence_and_window_only():
    outside = {"audio_only": spans("08:00-09:00"), "camera_off": spans("08:00-09:00")}
    assert flags(patient("p1", FULL, **outside)) == []
    absent = {"audio_only": spans("10:00-11:00"), "camera_off": spans("10:00-11:00")}
    assert flags(patient("p1", "09:00-10:00", "11:00-12:15", **absent)) == []
    inside = {"audio_only": spans("09:59:59-10:30"), "camera_off": spans("10:00-11:00:01")}
    assert flags(patient("p1", "09:00-10:00", "11:00-12:15", **inside)) == ["AUDIO_ONLY", "CAMERA_OFF"]


def test_flags_are_sorted():
    mine = patient(
        "p1",
        "09:10-10:00",
        "10:01-12:00",
        lobby_at=at("09:06"),
        audio_only=spans("09:10-10:00"),
        camera_off=spans("10:10-10:20"),
    )
    assert flags(mine, led=("09:00-10:00", "10:05-12:15")) == [
        "ADMIT_DELAY",
        "AUDIO_ONLY",
        "CAMERA_OFF",
        "EARLY_LEAVE",
        "FACILITATOR_GAP",
        "LATE",
    ]


def group_flags(*people, **more):
    return [one["flags"] for one in run(evidence(session(*people, **more)))["sessions"][0]["patients"]]


def test_a_group_is_too_small_by_patients_with_credit():
    small = group_flags(patient("p1", FULL), patient("p2", "09:00-09:10"), patient("p3"))
    assert small == [["GROUP_TOO_SMALL"], ["EARLY_LEAVE", "GROUP_TOO_SMALL"], ["GROUP_TOO_SMALL"]]
    assert group_flags(patient("p1", FULL), patient("p2", FULL), patient("p3")) == [[], [], []]


def test_only_groups_have_a_size():
    policy = {"group_min": 5, "group_max": 0, "education_max": 0}
    assert group_flags(patient("p1", FULL), service_type="family_therapy", policy=policy) == [[]]
    assert group_flags(patient("p1", FULL), service_type="peer_support", policy=policy) == [
        ["GROUP_TOO_LARGE", "GROUP_TOO_SMALL"]
    ]


def test_a_no_show_carries_the_flags_of_the_group_only():
    people = (patient("p1"), patient("p2", FULL), patient("p3", FULL))
    got = group_flags(*people, led=("09:10-12:15",), policy={"group_max": 1, "group_min": 3})
    assert got[0] == ["GROUP_TOO_LARGE", "GROUP_TOO_SMALL"]
    assert got[1] == ["FACILITATOR_GAP", "GROUP_TOO_LARGE", "GROUP_TOO_SMALL"]


def test_a_group_is_too_large_by_patients_in_the_room_at_one_instant():
    relay_race = (patient("p1", "09:00-10:00"), patient("p2", "10:00-12:15"), patient("p3", FULL))
    assert "GROUP_TOO_LARGE" not in group_flags(*relay_race, policy={"group_max": 2})[0]
    meeting = (patient("p1", "09:00-10:00:01"), *relay_race[1:])
    assert all("GROUP_TOO_LARGE" in one for one in group_flags(*meeting, policy={"group_max": 2}))


def test_whoever_left_before_makes_no_room_for_more():
    late_crowd = (
        patient("p1", "09:00-10:00"),
        *(patient(name, "10:00-12:15") for name in ("p2", "p3", "p4")),
    )
    assert all("GROUP_TOO_LARGE" in one for one in group_flags(*late_crowd, policy={"group_max": 2}))


def test_a_crowd_outside_the_window_is_no_large_group():
    early = [patient(name, "08:50-09:00", "09:00-09:00") for name in ("p1", "p2", "p3")]
    assert "GROUP_TOO_LARGE" not in group_flags(*early, patient("p4", FULL), policy={"group_max": 1})[0]


def test_an_education_group_has_its_own_limit():
    people = (patient("p1", FULL), patient("p2", FULL))
    policy = {"group_max": 1, "education_max": 2}
    assert group_flags(*people, service_type="psychoeducation", policy=policy)[0] == []
    assert group_flags(*people, policy=policy)[0] == ["GROUP_TOO_LARGE"]
    tight = {"education_max": 1}
    assert group_flags(*people, service_type="psychoeducation", policy=tight)[0] == ["GROUP_TOO_LARGE"]


def test_two_devices_of_one_patient_are_one_patient():
    people = (patient("p1", FULL, FULL), patient("p2", FULL))
    assert group_flags(*people, policy={"group_max": 2})[0] == []


def test_a_patients_credit_under_own_terms_decides_the_size():
    plan = {"patient": "p2", "targets": [["2026-10-01", 1]], "admitted_on": "2026-10-01"}
    people = (patient("p1", FULL), patient("p2", "09:00-09:10"))
    lenient = plan | {"policy": {"min_credit_min": 10}}
    result = run(evidence(session(*people), enrollments=(lenient,)))["sessions"][0]["patients"]
    assert [one["flags"] for one in result] == [[], ["EARLY_LEAVE"]]


def test_the_facilitators_own_presence_is_not_counted_as_a_patient():
    two = [facilitator(FULL, name="t1"), facilitator(FULL, name="t2")]
    assert flags(patient("p1", FULL), facilitators=two, policy={"group_max": 2}) == []

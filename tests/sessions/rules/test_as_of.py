"""Running sessions, the auto-end rule, and cutting at `as_of` (section 3 of the contract)."""

import pytest

from tests.sessions.rules.builders import at, enrollment, evidence, kinds, patient, run, session, spans


def running(*people, as_of: str, led: tuple[str, ...] = ("09:00-12:15",), **more):
    document = session(*people, led=led, **more) | {"ended_at": more.get("ended_at")}
    return run(evidence(document, as_of=at(as_of), enrollments=(enrollment(),)))


def test_a_running_session_is_computed_as_if_it_ended_now():
    people = (patient("p1", "09:00-12:15"), patient("p2"))
    result = running(*people, as_of="10:00")
    mine, expected = result["sessions"][0]["patients"]
    assert (mine["status"], mine["credited_min"], mine["ratio"], mine["flags"]) == (
        "IN_PROGRESS",
        60,
        1.0,
        [],
    )
    assert (expected["status"], expected["flags"]) == ("EXPECTED", [])
    assert result["sessions"][0]["window"] == ["2026-11-17T14:00:00Z", "2026-11-17T15:00:00Z"]
    assert kinds(mine) == ["credited"]


def test_a_running_session_flags_neither_early_leave_nor_a_small_group():
    mine = running(patient("p1", "09:10-09:20"), as_of="10:00")["sessions"][0]["patients"][0]
    assert mine["flags"] == ["LATE"]


def test_a_running_group_can_be_too_large():
    people = [patient(f"p{number}", "09:00-12:15") for number in range(13)]
    mine = running(*people, as_of="10:00")["sessions"][0]["patients"][0]
    assert mine["flags"] == ["GROUP_TOO_LARGE"]


def test_what_lies_after_as_of_is_cut_off():
    document = session(
        patient("p1", "09:00-09:30", "10:30-12:15", lobby_at=at("10:20"), audio_only=spans("11:00-12:00")),
        led=("09:00-12:15",),
        breaks=("10:30-10:45",),
        incidents=spans("11:00-12:00"),
    )
    result = run(evidence(document, as_of=at("10:00")))["sessions"][0]
    mine = result["patients"][0]
    assert (mine["status"], mine["qualified_seconds"], mine["ratio"]) == ("IN_PROGRESS", 1800, 0.5)
    assert mine["flags"] == []
    assert kinds(mine) == ["credited", "absent"]


def test_an_end_at_as_of_is_an_end_and_one_after_it_is_not():
    full = patient("p1", "09:00-12:15")
    ended = running(full, as_of="12:15", ended_at=at("12:15"))["sessions"][0]["patients"][0]
    assert (ended["status"], ended["credited_min"]) == ("PRESENT", 195)
    open_ = running(full, as_of="12:14:59", ended_at=at("12:15"))["sessions"][0]["patients"][0]
    assert (open_["status"], open_["credited_min"]) == ("IN_PROGRESS", 194)


@pytest.mark.parametrize(("as_of", "status"), [("09:00", "SCHEDULED"), ("09:00:01", "EXPECTED")])
def test_an_opening_at_as_of_has_not_happened_yet(as_of, status):
    result = running(patient("p1", "09:05-12:15"), as_of=as_of)
    assert result["sessions"][0]["patients"][0]["status"] == status
    assert result["days"] == (
        []
        if status == "SCHEDULED"
        else [{"patient": "p1", "service_date": "2026-11-17", "billable_min": 0, "per_diem": 0}]
    )


def test_presence_before_an_opening_that_has_not_happened_is_not_an_error():
    mine = running(patient("p1"), as_of="08:59", led=("08:50-12:15",))["sessions"][0]["patients"][0]
    assert (mine["status"], mine["timeline"]) == ("SCHEDULED", [])


def test_an_opening_long_after_as_of_leaves_a_session_never_held():
    document = session(patient("p1"), held="13:00-14:00")
    mine = run(evidence(document, as_of=at("12:30")))["sessions"][0]["patients"][0]
    assert mine["status"] == "CANCELLED_BY_PROGRAM"


@pytest.mark.parametrize(
    ("as_of", "status", "credited"),
    [("10:14:59", "IN_PROGRESS", 60), ("10:15", "PRESENT", 60)],
)
def test_a_session_ends_when_its_last_facilitator_left_auto_end_min_ago(as_of, status, credited):
    people = (patient("p1", "09:00-12:15"), patient("p2", "09:00-12:15"))
    result = running(*people, as_of=as_of, led=("09:00-10:00",))["sessions"][0]
    mine = result["patients"][0]
    assert (mine["status"], mine["credited_min"]) == (status, credited)
    if status == "PRESENT":
        assert result["window"] == ["2026-11-17T14:00:00Z", "2026-11-17T15:00:00Z"]
        assert mine["flags"] == []
    else:
        assert mine["flags"] == ["FACILITATOR_GAP"]


def test_a_session_nobody_led_ends_at_its_opening():
    people = (patient("p1", "09:00-12:15"),)
    waiting = running(*people, as_of="09:14:59", led=())["sessions"][0]["patients"][0]
    assert waiting["status"] == "IN_PROGRESS"
    over = running(*people, as_of="09:15", led=())["sessions"][0]
    assert (over["patients"][0]["status"], over["window"]) == ("CANCELLED_BY_PROGRAM", None)


def test_a_facilitator_who_left_before_the_opening_was_not_there():
    waiting = running(patient("p1", "09:00-12:15"), as_of="09:14:59", led=("08:40-08:50",))
    assert waiting["sessions"][0]["patients"][0]["status"] == "IN_PROGRESS"


def test_a_facilitator_who_comes_back_after_as_of_does_not_count_yet():
    mine = running(patient("p1", "09:00-12:15"), as_of="10:20", led=("09:00-10:00", "10:30-12:15"))
    assert mine["sessions"][0]["window"] == ["2026-11-17T14:00:00Z", "2026-11-17T15:00:00Z"]


def test_with_auto_end_of_zero_a_departure_ends_at_once_and_presence_does_not():
    policy = {"auto_end_min": 0}
    gone = running(patient("p1", "09:00-12:15"), as_of="10:00:01", led=("09:00-10:00",), policy=policy)
    assert gone["sessions"][0]["patients"][0]["status"] == "PRESENT"
    here = running(patient("p1", "09:00-12:15"), as_of="10:00", led=("09:00-10:00",), policy=policy)
    assert here["sessions"][0]["patients"][0]["status"] == "IN_PROGRESS"


def test_a_given_end_is_never_second_guessed():
    document = session(patient("p1", "09:00-12:15"), led=("09:00-10:00",))
    result = run(evidence(document))["sessions"][0]
    assert result["window"] == ["2026-11-17T14:00:00Z", "2026-11-17T17:15:00Z"]
    assert result["delivered_seconds"] == 3600


def test_what_a_running_session_can_still_give_leaves_its_breaks_out():
    week = running(patient("p1", "09:00-12:15"), as_of="10:00", breaks=("10:30-10:45",))["weeks"][0]
    assert (week["hours_min"], week["remaining_min"]) == (60, 120)


def test_what_remains_of_a_break_under_way_is_left_out():
    week = running(patient("p1", "09:00-12:15"), as_of="10:40", breaks=("10:30-10:45",))["weeks"][0]
    assert (week["hours_min"], week["remaining_min"]) == (90, 90)


def test_a_running_session_past_its_schedule_has_nothing_to_give():
    week = running(patient("p1", "09:00-13:00"), as_of="12:30", led=("09:00-13:00",))["weeks"][0]
    assert (week["hours_min"], week["remaining_min"]) == (195, 0)


def test_an_arrival_at_as_of_itself_is_known():
    early_bird = patient("p1", "09:00-09:10", lobby_at=at("09:10"))
    assert running(early_bird, as_of="09:10")["sessions"][0]["patients"][0]["flags"] == ["LATE"]
    assert running(early_bird, as_of="09:09:59")["sessions"][0]["patients"][0]["flags"] == []

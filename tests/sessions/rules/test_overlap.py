"""One patient in two sessions at a time (step 6)."""

import pytest

from tests.sessions.rules.builders import enrollment, evidence, kinds, patient, run, session, spans


def two(first, second, **more):
    result = run(evidence(first, second, **more))
    return [one["patients"][0] for one in result["sessions"]]


def case(session_id: str, *present: str, scheduled: str = "09:00-12:00", **more):
    return session(patient("p1", *present), session_id=session_id, scheduled=scheduled, **more)


def test_the_session_entered_first_keeps_the_time_whatever_the_order_of_the_file():
    late = case("A", "10:00-12:00")
    early = case("B", "09:00-11:00")
    for one, other in (two(late, early), two(early, late)[::-1]):
        assert (other["credited_min"], "OVERLAP" in other["flags"]) == (120, False)
        assert (one["credited_min"], one["billable_min"], "OVERLAP" in one["flags"]) == (60, 60, True)
        assert kinds(one) == ["absent", "overlap", "credited"]


def test_a_tie_goes_to_the_smaller_id_by_code_point():
    kept, lost = two(case("Z", "09:00-12:00"), case("a", "09:00-12:00"))
    assert (kept["credited_min"], lost["credited_min"]) == (180, 0)
    # U+FF5E sorts before an astral character by code point, though not by UTF-16 code unit.
    lost, kept = two(case("\U0001f600", "09:00-12:00"), case("～", "09:00-12:00"))  # noqa: RUF001
    assert (kept["credited_min"], lost["credited_min"]) == (180, 0)


def test_only_time_that_qualified_is_taken():
    # The first session is led from 10:00 only, so the hour before that is free for the other one.
    first = case("A", "09:00-12:00", led=("10:00-12:00",))
    second = case("B", "09:30-11:00")
    one, other = two(first, second)
    assert (one["credited_min"], other["credited_min"]) == (120, 30)


def test_bridged_time_of_the_first_is_lost_to_the_second():
    first = case("A", "09:00-10:00", "10:01-11:00")
    _, other = two(first, case("B", "09:30-12:00"))
    assert other["qualified_seconds"] == 3600


def test_presence_outside_the_window_decides_the_order():
    # The patient entered B first, though B opened later.
    one, other = two(case("A", "09:00-12:00"), case("B", "08:59-12:00", held="10:00-12:00"))
    assert (one["credited_min"], other["credited_min"]) == (60, 120)
    assert ("OVERLAP" in one["flags"], "OVERLAP" in other["flags"]) == (True, False)


def test_three_sessions_in_a_row():
    third, second, first = (
        case("C", "10:00-12:00"),
        case("B", "09:30-11:30"),
        case("A", "09:00-11:00"),
    )
    result = run(evidence(third, second, first))["sessions"]
    assert [one["patients"][0]["credited_min"] for one in result] == [30, 30, 120]


def test_a_session_cancelled_by_the_program_takes_nothing():
    kept = two(case("A", "09:00-12:00", cancelled_by_program=True), case("B", "09:00-12:00"))[1]
    assert (kept["credited_min"], "OVERLAP" in kept["flags"]) == (180, False)


def test_a_first_session_without_credit_still_keeps_its_seconds():
    _, other = two(case("A", "09:00-09:10"), case("B", "09:05-12:00"))
    assert (other["qualified_seconds"], "OVERLAP" in other["flags"]) == (170 * 60, True)


def test_sessions_that_touch_do_not_overlap():
    _, other = two(
        case("A", "09:00-10:00", scheduled="09:00-10:00"), case("B", "10:00-11:00", scheduled="10:00-11:00")
    )
    assert (other["credited_min"], "OVERLAP" in other["flags"]) == (60, False)


def test_a_loss_that_is_a_break_of_the_later_session_is_no_overlap():
    _, other = two(
        case("A", "09:00-10:00", scheduled="09:00-10:00"),
        case("B", "09:30-12:00", breaks=("09:00-10:00",)),
    )
    assert (other["credited_min"], "OVERLAP" in other["flags"]) == (120, False)


def test_different_patients_do_not_overlap():
    first = session(patient("p1", "09:00-12:15"), session_id="A")
    second = session(patient("p2", "09:00-12:15"), session_id="B")
    assert [one["credited_min"] for one in two(first, second)] == [195, 195]


def test_excluded_modality_frees_the_time_for_another_session():
    first = session(
        patient("p1", "09:00-12:00", audio_only=spans("10:00-11:00")),
        session_id="A",
        policy={"audio_only_policy": "deny"},
    )
    _, other = two(first, case("B", "09:30-11:30"))
    assert other["credited_min"] == 60


@pytest.mark.parametrize("kind", ["peer_support", "case_management"])
def test_a_session_that_does_not_count_takes_time_too(kind):
    _, other = two(
        case("A", "09:00-10:00", service_type=kind),
        case("B", "09:30-12:00"),
        enrollments=(enrollment(),),
    )
    assert other["credited_min"] == 120

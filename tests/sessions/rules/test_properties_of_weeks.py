"""What always holds of days and weeks, and of evidence as a whole: it has an instant and no order."""

import copy
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.sessions.rules import corpus
from tests.sessions.rules.builders import run
from tests.sessions.rules.oracle import iso, sec
from tests.sessions.rules.oracle_terms import COUNTS

few = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
anything = corpus.some("worlds", "documents")
CUT_LISTS = ("presence", "audio_only", "camera_off")


def minutes_by_day(document: dict[str, Any], result: Any, name: str) -> dict[str, dict[date, int]]:
    """Sum one kind of minutes per patient and service date."""
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for session, judged in zip(document["sessions"], result["sessions"], strict=True):
        counts = session["service_type"] in COUNTS
        for mine in judged["patients"]:
            day = date.fromisoformat(judged["service_date"])
            found[mine["id"]][day] += mine[name] if counts else 0
    return found


@few
@given(anything)
def test_a_week_is_the_sum_of_its_days(document):
    result = run(document)
    earned = minutes_by_day(document, result, "hours_min")
    seen = set()
    for week in result["weeks"]:
        first = date.fromisoformat(week["week_start"])
        days = [first + timedelta(days=n) for n in range(7)]
        assert week["hours_min"] == sum(earned[week["patient"]].get(day, 0) for day in days)
        assert week["days"] == sum(earned[week["patient"]].get(day, 0) > 0 for day in days)
        seen.add((week["patient"], first))
    assert len(seen) == len(result["weeks"])


@few
@given(anything)
def test_a_day_is_the_sum_of_what_may_be_billed_in_it(document):
    result = run(document)
    billable = minutes_by_day(document, result, "billable_min")
    rows = [(row["patient"], row["service_date"]) for row in result["days"]]
    assert rows == sorted(set(rows))
    for row in result["days"]:
        assert row["billable_min"] == billable[row["patient"]][date.fromisoformat(row["service_date"])]
        assert row["per_diem"] in (0, 1)


@few
@given(anything)
def test_flag_and_deficit_of_a_week_say_the_same(document):
    result = run(document)
    for week in result["weeks"]:
        missing = week["target_min"] - week["hours_min"]
        match week["flag"]:
            case "MET":
                assert missing <= 0
                assert week["deficit_min"] == 0
            case "SHORTFALL":
                assert week["deficit_min"] == missing > 0
            case "SHORTFALL_CERTAIN":
                assert week["deficit_min"] == missing - week["remaining_min"] > 0
            case "AT_RISK" | "ON_TRACK":
                assert 0 < missing <= week["remaining_min"]
                assert week["deficit_min"] == 0
            case _:
                raise AssertionError(week["flag"])


@few
@given(corpus.some("worlds"))
def test_a_step_of_a_taper_never_changes_a_week_that_began_before_it(document):
    result = run(document)
    for week in result["weeks"]:
        other = copy.deepcopy(document)
        plan = next(one for one in other["enrollments"] if one["patient"] == week["patient"])
        # The first target holds from ever: it is the one in force where none is yet.
        plan["targets"] = [
            step for index, step in enumerate(plan["targets"]) if not index or step[0] <= week["week_start"]
        ]
        assert week in run(other)["weeks"]


@few
@given(corpus.some("worlds"), st.data())
def test_the_terms_and_targets_of_one_patient_say_nothing_of_another(document, data):
    assume(document["enrollments"])
    other = copy.deepcopy(document)
    plan = data.draw(st.sampled_from(other["enrollments"]))
    plan["policy"] = {"rejoin_bridge_sec": 0, "min_credit_min": 0, "weekly_min_days": 7}
    plan["targets"] = [["2026-01-01", 1]]
    before, after = (_without(plan["patient"], run(one)) for one in (document, other))
    assert after == before


def _without(name: str, result: Any) -> Any:
    kept = copy.deepcopy(result)
    for session in kept["sessions"]:
        session["patients"] = [one for one in session["patients"] if one["id"] != name]
        for one in session["patients"]:
            # The size of a group is about everybody in it.
            one["flags"] = [flag for flag in one["flags"] if flag != "GROUP_TOO_SMALL"]
    kept["days"] = [row for row in kept["days"] if row["patient"] != name]
    kept["weeks"] = [row for row in kept["weeks"] if row["patient"] != name]
    return kept


@few
@given(anything)
def test_what_lies_after_as_of_is_not_read(document):
    known = sec(document["as_of"])
    other = copy.deepcopy(document)
    for session in other["sessions"]:
        if session["ended_at"] is not None and sec(session["ended_at"]) > known:
            session["ended_at"] = None
        if session["opened_at"] is not None and sec(session["opened_at"]) >= known:
            session["opened_at"] = session["ended_at"] = None
        session["incidents"] = _cut(session["incidents"], known)
        for person in (*session["facilitators"], *session["patients"]):
            for key in CUT_LISTS:
                if key in person:
                    person[key] = _cut(person[key], known) if session["opened_at"] else []
            if person.get("lobby_at") is not None and sec(person["lobby_at"]) > known:
                person["lobby_at"] = None
    assert run(other) == run(document)


def _cut(pairs: list[list[str]], known: int) -> list[list[str]]:
    return [[start, iso(min(sec(end), known))] for start, end in pairs if sec(start) < known]


@few
@given(anything, st.data())
def test_the_order_of_sessions_and_people_is_only_the_order_of_the_answer(document, data):
    other = copy.deepcopy(document)
    for session in other["sessions"]:
        for key in ("patients", "facilitators"):
            session[key] = data.draw(st.permutations(session[key]))
    for key in ("sessions", "enrollments"):
        other[key] = data.draw(st.permutations(other[key]))
    assert _sorted(run(other)) == _sorted(run(document))


def _sorted(result: Any) -> Any:
    for session in result["sessions"]:
        session["patients"].sort(key=lambda one: one["id"])
    result["sessions"].sort(key=lambda one: one["id"])
    return result

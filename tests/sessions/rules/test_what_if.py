"""What other terms would have made of the same evidence: by patient, and nothing where none differs."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules import Evidence, parse
from sessions.rules.conditions.terms import PartialCreditMode
from sessions.rules.conditions.what_if import OtherTerms, Totals, compare_week, total_of, with_terms
from tests.sessions.rules.builders import enrollment, evidence, patient, session

FIRST_DAY = date(2026, 11, 15)


def document(whole: dict[str, Any]) -> str:
    """Write evidence as the text that is read back."""
    return json.dumps(whole)


def week(*present: str, target: int = 100, **more: Any) -> Evidence:
    """Give a closed week with one group of 180 minutes: `p1` as said, `p2` in full."""
    group = session(patient("p1", *present), patient("p2", "09:00-12:15"), breaks=("10:30-10:45",), **more)
    return parse(
        document(
            evidence(
                group,
                as_of="2026-12-01T05:00:00Z",
                enrollments=(enrollment("p1", target), enrollment("p2", target)),
            )
        )
    )


DROP = ("09:00-10:00", "10:01-12:15")


def test_other_terms_change_the_patient_they_concern_and_nobody_else() -> None:
    found = compare_week(week(*DROP), OtherTerms(sessions={"G": {"rejoin_bridge_sec": 0}}), FIRST_DAY)
    first, second = found["p1"], found["p2"]
    assert (first.before.credited_min, first.after.credited_min) == (180, 179)
    assert [(one.session, one.before.credited_min, one.after.credited_min) for one in first.changes] == [
        ("G", 180, 179)
    ]
    assert second.before == second.after
    assert second.changes == ()


def test_days_and_weeks_follow_the_file_and_the_targets() -> None:
    asked = OtherTerms(file={"per_diem_min_minutes": 200}, targets={"p1": 181})
    found = compare_week(week("09:00-12:15"), asked, FIRST_DAY)
    assert (found["p1"].before.per_diem_days, found["p1"].after.per_diem_days) == (1, 0)
    assert (found["p1"].after.weeks_met, found["p1"].after.weeks_short) == (0, 1)
    assert (found["p2"].after.weeks_met, found["p2"].after.weeks_short) == (1, 0)


def test_what_a_patient_has_of_their_own_lies_over_the_rest() -> None:
    asked = OtherTerms(file={"per_diem_min_minutes": 200}, patients={"p2": {"per_diem_min_minutes": 100}})
    found = compare_week(week("09:00-12:15"), asked, FIRST_DAY)
    assert (found["p1"].after.per_diem_days, found["p2"].after.per_diem_days) == (0, 1)


def test_weeks_on_hold_or_enrolled_in_part_are_measured_by_nothing() -> None:
    whole = json.loads(
        document(evidence(session(patient("p1", "09:00-12:15")), as_of="2026-12-01T05:00:00Z"))
    )
    whole["enrollments"] = [enrollment("p1", 0)]
    assert (
        compare_week(parse(document(whole)), OtherTerms(targets={"p1": 500}), FIRST_DAY)[
            "p1"
        ].after.weeks_short
        == 0
    )
    whole["enrollments"] = [
        {**enrollment("p1", 540), "admitted_on": "2026-11-16", "targets": [["2026-11-16", 540]]}
    ]
    assert compare_week(parse(document(whole)), OtherTerms(), FIRST_DAY)["p1"].before.weeks_short == 0


def test_sessions_of_other_weeks_are_not_counted_twice() -> None:
    assert compare_week(week("09:00-12:15"), OtherTerms(), date(2026, 11, 22)) == {}


def test_a_lost_share_is_told_by_status_and_minutes() -> None:
    asked = OtherTerms(sessions={"G": {"partial_credit_mode": PartialCreditMode.THRESHOLD}})
    one = compare_week(week("09:00-10:00"), asked, FIRST_DAY)["p1"]
    assert (one.before.credited_min, one.after.credited_min) == (60, 0)
    assert [str(change.after.status) for change in one.changes] == ["NO_CREDIT"]


def test_outcomes_add_up() -> None:
    found = compare_week(week(*DROP), OtherTerms(sessions={"G": {"rejoin_bridge_sec": 0}}), FIRST_DAY)
    whole = total_of(found.values())
    assert whole.before == Totals(360, 359, 1, 2, 0)
    assert whole.after == Totals(359, 359, 1, 2, 0)
    assert len(whole.changes) == 1


@given(st.integers(0, 190), st.integers(0, 190))
def test_the_same_terms_change_nothing(start: int, length: int) -> None:
    at = f"{9 + start // 60:02}:{start % 60:02}"
    until = start + length
    one = week(f"{at}-{9 + until // 60:02}:{until % 60:02}")
    same = OtherTerms(
        file=one.overrides,
        sessions={each.id: each.overrides for each in one.sessions},
        patients={each.patient: each.overrides for each in one.enrollments},
        targets={"p1": 100},
    )
    assert with_terms(one, same) == one
    assert all(found.before == found.after for found in compare_week(one, same, FIRST_DAY).values())

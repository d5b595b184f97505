"""Periods of hold: what opens and ends them, what they ask for, how they are read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from telehealth.core.errors import DomainError
from telehealth.enrollment.holds import Hold, hold_spans
from telehealth.enrollment.models import DischargeKind, EnrollmentChange, EnrollmentState
from telehealth.enrollment.selectors import holds_of
from telehealth.enrollment.services import change_enrollment_state

from .world import AT, TODAY, World

ACTIVE, ON_HOLD, DISCHARGED = EnrollmentState.ACTIVE, EnrollmentState.ON_HOLD, EnrollmentState.DISCHARGED
Step = tuple[EnrollmentState, date]


def day(number: int) -> date:
    return date(2026, 11, number)


@pytest.mark.parametrize(
    ("steps", "spans"),
    [
        ([], ()),
        ([(ACTIVE, day(1))], ()),
        ([(ACTIVE, day(1)), (ON_HOLD, day(5))], ((day(5), None),)),
        ([(ON_HOLD, day(5)), (ACTIVE, day(9))], ((day(5), day(9)),)),
        # Another track during the hold repeats its state.
        ([(ON_HOLD, day(5)), (ON_HOLD, day(7)), (ACTIVE, day(9))], ((day(5), day(9)),)),
        # Taken back on the same day, it was none.
        ([(ON_HOLD, day(5)), (ACTIVE, day(5))], ()),
        ([(ON_HOLD, day(5)), (DISCHARGED, day(5))], ((day(5), day(6)),)),
        # A discharge may name a last day before the hold.
        ([(ON_HOLD, day(5)), (DISCHARGED, day(3))], ()),
        (
            [(ON_HOLD, day(5)), (ACTIVE, day(7)), (ON_HOLD, day(9))],
            ((day(5), day(7)), (day(9), None)),
        ),
    ],
)
def test_spans_are_read_from_the_steps(steps: list[Step], spans: tuple[Hold, ...]) -> None:
    assert hold_spans(steps) == spans


def hold(world: World, **changes: Any) -> None:
    values = {"reason": "Surgery", "expected_return_on": TODAY + timedelta(days=7), "at": AT, **changes}
    change_enrollment_state(actor=world.admin, enrollment=world.enrollment, state=ON_HOLD, **values)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"reason": "  "}, "hold_reason_missing"),
        ({"expected_return_on": None}, "bad_return_date"),
        ({"expected_return_on": TODAY}, "bad_return_date"),
        ({"expected_return_on": TODAY + timedelta(days=15)}, "bad_return_date"),
    ],
)
def test_a_hold_names_its_reason_and_a_return_within_two_weeks(
    world: World, changes: dict[str, Any], error: str
) -> None:
    with pytest.raises(DomainError) as caught:
        hold(world, **changes)
    assert caught.value.error == error
    assert not EnrollmentChange.objects.filter(state=ON_HOLD).exists()


def test_only_a_hold_has_an_expected_return(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        change_enrollment_state(
            actor=world.admin,
            enrollment=world.enrollment,
            state=EnrollmentState.TAPER,
            expected_return_on=TODAY + timedelta(days=1),
            at=AT,
        )
    assert caught.value.error == "return_without_hold"


def test_every_step_of_an_episode_is_a_dated_row(world: World) -> None:
    hold(world, reason="  Surgery \n planned ")
    change_enrollment_state(
        actor=world.admin, enrollment=world.enrollment, state=ACTIVE, at=AT + timedelta(days=5)
    )
    change_enrollment_state(
        actor=world.admin,
        enrollment=world.enrollment,
        state=DISCHARGED,
        discharge_kind=DischargeKind.COMPLETED,
        at=AT + timedelta(days=9),
        discharged_on=TODAY + timedelta(days=8),
    )
    rows = EnrollmentChange.objects.filter(enrollment=world.enrollment).order_by("pk")
    assert list(rows.values_list("state", "effective_on", "reason")) == [
        ("ACTIVE", world.enrollment.admitted_on, ""),
        ("ON_HOLD", TODAY, "Surgery planned"),
        ("ACTIVE", TODAY + timedelta(days=5), ""),
        ("DISCHARGED", TODAY + timedelta(days=8), ""),
    ]
    assert {row.changed_by_id for row in rows} == {world.admin.pk}


def test_a_hold_that_lasts_says_when_the_return_is_expected(world: World) -> None:
    assert holds_of([world.enrollment.pk]) == {}
    hold(world)
    found = holds_of([world.enrollment.pk])[world.enrollment.pk]
    assert (found.spans, found.is_open) == (((TODAY, None),), True)
    assert found.expected_return_on == TODAY + timedelta(days=7)
    change_enrollment_state(
        actor=world.admin, enrollment=world.enrollment, state=ACTIVE, at=AT + timedelta(days=5)
    )
    found = holds_of([world.enrollment.pk])[world.enrollment.pk]
    assert (found.spans, found.is_open) == (((TODAY, TODAY + timedelta(days=5)),), False)
    assert found.expected_return_on is None

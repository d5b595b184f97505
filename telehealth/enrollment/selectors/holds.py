"""When episodes were on hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from ..holds import Hold, hold_spans
from ..models import EnrollmentChange, EnrollmentState


@dataclass(frozen=True, slots=True)
class Holds:
    """The periods of hold of one episode; the return is expected while one lasts."""

    spans: tuple[Hold, ...] = ()
    expected_return_on: date | None = None

    @property
    def is_open(self) -> bool:
        """Say whether the episode is on hold now."""
        return bool(self.spans) and self.spans[-1][1] is None


def holds_of(enrollments: Any) -> dict[UUID, Holds]:  # Any: ids or a subquery of them, whatever `__in` takes
    """Give the periods of hold of those episodes that ever had one; one query."""
    rows: defaultdict[UUID, list[tuple[EnrollmentState, date]]] = defaultdict(list)
    returns: dict[UUID, date | None] = {}
    found = (
        EnrollmentChange.objects.filter(enrollment__in=enrollments)
        .order_by("pk")
        .values_list("enrollment_id", "state", "effective_on", "expected_return_on")
    )
    for enrollment_id, state, effective_on, expected_return_on in found:
        rows[enrollment_id].append((EnrollmentState(state), effective_on))
        if expected_return_on is not None:
            returns[enrollment_id] = expected_return_on
    return {
        pk: _holds(steps, returns.get(pk)) for pk, steps in rows.items() if pk in returns or _was_held(steps)
    }


def _was_held(steps: Collection[tuple[EnrollmentState, date]]) -> bool:
    return any(state is EnrollmentState.ON_HOLD for state, _ in steps)


def _holds(steps: Collection[tuple[EnrollmentState, date]], expected: date | None) -> Holds:
    spans = hold_spans(steps)
    is_open = bool(spans) and spans[-1][1] is None
    return Holds(spans, expected if is_open else None)

"""What the rules give of a record, as the columns hold it; product and verification compare these."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sessions.rules.crediting.credit import SessionResult
from sessions.rules.document.result import patient_to_json
from sessions.rules.weekly.weeks import round_ratio

COMPUTED = (
    "service_date",
    "qualified_seconds",
    "strict_seconds",
    "credited_min",
    "billable_min",
    "hours_min",
    "ratio",
    "status",
    "flags",
    "units",
    "timeline",
)
"""The same for the same evidence, on every machine."""


def computed_values(result: SessionResult) -> dict[UUID, dict[str, Any]]:  # Any: as the columns hold them
    """Give what the record of each patient must hold; the names are those of `COMPUTED`."""
    found = {}
    for one in result.patients:
        shown: dict[str, Any] = patient_to_json(one)
        found[UUID(one.id)] = {
            **{name: shown[name] for name in COMPUTED if name in shown},
            "service_date": result.service_date,
            "ratio": Decimal(round_ratio(one.ratio)),
        }
    return found

"""Where a parameter may stand, its defaults, and which place wins."""

import json
from decimal import Decimal

import pytest

from sessions.rules import EvidenceError, parse
from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.conditions.terms import (
    PARAMETERS,
    Place,
    WeekStart,
    resolve_session_terms,
    resolve_week_terms,
)
from tests.sessions.rules.builders import enrollment, evidence, patient, session

FILE_SESSION = {
    "early_credit_min",
    "overrun_credit_min",
    "facilitator_gap_sec",
    "auto_end_min",
    "break_counts",
    "group_min",
    "group_max",
    "education_max",
}
EVERYWHERE = {
    "rejoin_bridge_sec",
    "bridge_cap_sec",
    "bridge_max_count",
    "min_credit_min",
    "min_presence_ratio",
    "partial_credit_mode",
    "camera_policy",
    "camera_off_tolerance_sec",
    "audio_only_policy",
    "late_grace_min",
    "early_leave_grace_min",
}
FILE_ENROLLMENT = {
    "weekly_min_days",
    "proration_mode",
    "loc_ceiling_min",
    "per_diem_min_minutes",
    "expected_rate_default",
}
PLACES = {
    Place.FILE: FILE_SESSION | EVERYWHERE | FILE_ENROLLMENT | {"week_start"},
    Place.SESSION: FILE_SESSION | EVERYWHERE,
    Place.ENROLLMENT: EVERYWHERE | FILE_ENROLLMENT,
}
SAMPLES = {
    "break_counts": True,
    "min_presence_ratio": "0.5",
    "expected_rate_default": 0.5,
    "partial_credit_mode": "threshold",
    "camera_policy": "credit",
    "audio_only_policy": "deny",
    "proration_mode": "program_days",
    "week_start": "MON",
}


def document(place: Place, policy):
    if place is Place.FILE:
        return evidence(session(patient()), policy=policy)
    if place is Place.SESSION:
        return evidence(session(patient(), policy=policy))
    return evidence(session(patient()), enrollments=(enrollment(policy=policy),))


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_each_parameter_stands_in_its_places_and_nowhere_else(place, name):
    text = json.dumps(document(place, {name: SAMPLES.get(name, 7)}))
    if name in PLACES[place]:
        assert parse(text)
        return
    with pytest.raises(EvidenceError, match=rf"policy\.{name}: this parameter cannot stand in the policy of"):
        parse(text)


def test_every_parameter_is_known():
    assert set(PARAMETERS) == PLACES[Place.FILE]


def test_the_defaults():
    terms = resolve_session_terms(ServiceType.GROUP_THERAPY)
    assert (terms.early_credit_min, terms.overrun_credit_min, terms.min_credit_min) == (0, 0, 15)
    assert (terms.rejoin_bridge_sec, terms.bridge_cap_sec, terms.bridge_max_count) == (120, 300, 3)
    assert (terms.facilitator_gap_sec, terms.auto_end_min, terms.break_counts) == (120, 15, False)
    assert (terms.group_min, terms.group_max, terms.education_max) == (2, 12, 35)
    assert (terms.min_presence_ratio, terms.partial_credit_mode) == (Decimal("0.75"), "actual")
    assert (terms.camera_policy, terms.camera_off_tolerance_sec) == ("advisory", 300)
    assert (terms.audio_only_policy, terms.late_grace_min, terms.early_leave_grace_min) == (
        "allow_with_reason",
        5,
        5,
    )
    individual = resolve_session_terms(ServiceType.INDIVIDUAL_THERAPY)
    assert (individual.overrun_credit_min, individual.min_credit_min) == (15, 8)
    weekly = resolve_week_terms()
    assert (weekly.weekly_min_days, weekly.proration_mode, weekly.loc_ceiling_min) == (3, "none", 1200)
    assert (weekly.per_diem_min_minutes, weekly.expected_rate_default) == (180, Decimal("0.85"))
    assert weekly.week_start is WeekStart.SUN


def test_the_later_place_wins():
    levels = [{"late_grace_min": 1, "rejoin_bridge_sec": 1, "bridge_cap_sec": 1}]
    levels.append({"late_grace_min": 2, "rejoin_bridge_sec": 2})
    levels.append({"late_grace_min": 3})
    terms = resolve_session_terms(ServiceType.GROUP_THERAPY, *levels)
    assert (terms.late_grace_min, terms.rejoin_bridge_sec, terms.bridge_cap_sec) == (3, 2, 1)


def test_a_number_applies_to_every_type():
    for kind in ServiceType:
        terms = resolve_session_terms(kind, {"overrun_credit_min": 3, "min_credit_min": 4})
        assert (terms.overrun_credit_min, terms.min_credit_min) == (3, 4)


def test_weekdays_are_numbered_from_monday():
    assert [day.weekday for day in WeekStart] == list(range(7))

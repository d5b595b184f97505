"""Billing quantities, at every edge."""

import pytest

from sessions.rules.conditions.service_types import COUNTING_TYPES, GROUP_TYPES, ServiceType
from sessions.rules.crediting.units import (
    cpt_individual,
    hourly_floor,
    per_diem,
    timed15_8min,
    timed15_full,
    units,
)


@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        (0, None),
        (15, None),
        (16, "90832"),
        (37, "90832"),
        (38, "90834"),
        (52, "90834"),
        (53, "90837"),
        (180, "90837"),
    ],
)
def test_psychotherapy_code_by_minutes(minutes, code):
    assert cpt_individual(minutes) == code


@pytest.mark.parametrize(("minutes", "count"), [(0, 0), (14, 0), (15, 1), (29, 1), (30, 2), (180, 12)])
def test_full_quarter_hours(minutes, count):
    assert timed15_full(minutes) == count


@pytest.mark.parametrize(("minutes", "count"), [(0, 0), (7, 0), (8, 1), (22, 1), (23, 2), (67, 4), (68, 5)])
def test_eight_minute_rule(minutes, count):
    assert timed15_8min(minutes) == count


@pytest.mark.parametrize(("minutes", "count"), [(59, 0), (60, 1), (119, 1), (120, 2)])
def test_full_hours(minutes, count):
    assert hourly_floor(minutes) == count


@pytest.mark.parametrize(("minutes", "one"), [(179, 0), (180, 1)])
def test_per_diem_from_its_minimum_on(minutes, one):
    assert per_diem(minutes, per_diem_min_minutes=180) == one


@pytest.mark.parametrize("kind", list(ServiceType))
def test_only_individual_therapy_has_a_psychotherapy_code(kind):
    assert ("cpt_individual" in units(kind, 60)) == (kind is ServiceType.INDIVIDUAL_THERAPY)


def test_the_catalogue():
    assert sorted(GROUP_TYPES) == [
        "complementary",
        "group_therapy",
        "life_skills",
        "peer_support",
        "psychoeducation",
        "relapse_prevention",
    ]
    assert sorted(set(ServiceType) - COUNTING_TYPES) == [
        "career_academic_support",
        "case_management",
        "complementary",
        "intake_assessment",
        "medication_management",
        "orientation",
        "peer_support",
        "phone_checkup",
    ]

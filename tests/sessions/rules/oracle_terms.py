"""The oracle's own table of parameters and service types, by the text of the contract."""

from typing import Any

DEFAULTS = {
    "early_credit_min": 0,
    "facilitator_gap_sec": 120,
    "auto_end_min": 15,
    "break_counts": False,
    "group_min": 2,
    "group_max": 12,
    "education_max": 35,
    "rejoin_bridge_sec": 120,
    "bridge_cap_sec": 300,
    "bridge_max_count": 3,
    "min_presence_ratio": "0.75",
    "partial_credit_mode": "actual",
    "camera_policy": "advisory",
    "camera_off_tolerance_sec": 300,
    "audio_only_policy": "allow_with_reason",
    "late_grace_min": 5,
    "early_leave_grace_min": 5,
    "weekly_min_days": 3,
    "proration_mode": "none",
    "loc_ceiling_min": 1200,
    "per_diem_min_minutes": 180,
    "expected_rate_default": "0.85",
    "week_start": "SUN",
}
OVERRUN = {"individual_therapy", "family_therapy", "aftercare_planning", "discharge_meeting"}
GROUPS = {
    "group_therapy",
    "psychoeducation",
    "life_skills",
    "relapse_prevention",
    "peer_support",
    "complementary",
}
COUNTS = (GROUPS | OVERRUN) - {"peer_support", "complementary"}
DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


def terms(kind: str, *levels: dict[str, Any]) -> dict[str, Any]:
    base = {
        "overrun_credit_min": 15 if kind in OVERRUN else 0,
        "min_credit_min": 15 if kind in GROUPS else 8,
    }
    merged = DEFAULTS | base
    for level in levels:
        merged = merged | level
    return merged

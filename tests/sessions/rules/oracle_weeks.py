"""Days and weeks as the oracle sees them, sentence by sentence."""

from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.sessions.rules.oracle_terms import COUNTS, DAYS, terms


def days(held: list[dict[str, Any]], policy: dict[str, Any], plans: dict[str, Any]) -> list[dict[str, Any]]:
    total: Counter[tuple[str, str]] = Counter()
    for one in held:
        if one["opened"] is not None:
            for p in one["people"]:
                total[p["id"], one["date"].isoformat()] += (
                    p["billable"] if one["s"]["service_type"] in COUNTS else 0
                )
    found = []
    for patient_id, day in sorted(total):
        t = terms("", policy, plans.get(patient_id, {}).get("policy", {}))
        m = total[patient_id, day]
        found.append(
            {
                "patient": patient_id,
                "service_date": day,
                "billable_min": m,
                "per_diem": int(m >= t["per_diem_min_minutes"]),
            }
        )
    return found


def weeks(
    held: list[dict[str, Any]], now: int, zone: ZoneInfo, policy: dict[str, Any], plans: dict[str, Any]
) -> list[dict[str, Any]]:
    start = DAYS.index(terms("", policy)["week_start"])
    rows: dict[tuple[str, date], list[Any]] = {}
    for one in held:
        first = one["date"]
        while first.weekday() != start:
            first -= timedelta(days=1)
        for p in one["people"]:
            rows.setdefault((p["id"], first), []).append((one, p))
    found = []
    for (patient_id, first), members in sorted(rows.items(), key=lambda item: item[0]):
        if patient_id in plans and (
            row := week(patient_id, first, members, now, zone, policy, plans[patient_id])
        ):
            found.append(row)
    return found


def week(
    patient_id: str, first: date, members: list[Any], now: int, zone: ZoneInfo, policy: Any, plan: Any
) -> dict[str, Any] | None:
    t = terms("", policy, plan.get("policy", {}))
    in_force = [first + timedelta(days=n) for n in range(7)]
    admitted = date.fromisoformat(plan["admitted_on"])
    gone = date.fromisoformat(plan["discharged_on"]) if plan.get("discharged_on") else date.max
    enrolled = [day for day in in_force if admitted <= day <= gone]
    if not enrolled:
        return None
    c = sum(p["hours"] for _, p in members)
    r = sum(one["ahead"] for one, _ in members)
    T = plan["targets"][0][1]
    for day, minutes in plan["targets"]:
        if date.fromisoformat(day) <= first:
            T = minutes
    if t["proration_mode"] == "program_days":
        T = T * sum(day.weekday() < 5 for day in enrolled) // 5
    e = Fraction(
        str(plan["expected_rate"] if plan.get("expected_rate") is not None else t["expected_rate_default"])
    )
    over = now >= datetime.combine(first + timedelta(days=7), datetime.min.time(), zone).timestamp()
    deficit = 0
    if c >= T:
        flag = "MET"
    elif over:
        flag, deficit = "SHORTFALL", T - c
    elif c + r < T:
        flag, deficit = "SHORTFALL_CERTAIN", T - c - r
    else:
        flag = "AT_RISK" if c + int(e * r) < T else "ON_TRACK"
    dates = {one["date"] for one, p in members if p["hours"] > 0}
    also = ["MIN_DAYS"] if over and len(dates) < t["weekly_min_days"] else []
    also += ["OVER_LOC"] if c >= t["loc_ceiling_min"] else []
    partial = t["proration_mode"] == "none" and (admitted > first or gone < in_force[-1])
    return {
        "patient": patient_id,
        "week_start": first.isoformat(),
        "target_min": T,
        "hours_min": c,
        "remaining_min": r,
        "days": len(dates),
        "flag": flag,
        "deficit_min": deficit,
        "also": also,
        "partial": partial,
    }

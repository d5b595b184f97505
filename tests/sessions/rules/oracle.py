"""A second, slow implementation of the credit contract, on plain sets of seconds.

It shares nothing with `sessions.rules`: times are read by `datetime`, sets are Python sets, and the text of
the contract is followed sentence by sentence.
"""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.sessions.rules.oracle_terms import COUNTS, GROUPS, terms
from tests.sessions.rules.oracle_weeks import days, weeks


def sec(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp() // 1)


def iso(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(pairs: list[list[str]], limit: int | None = None) -> set[int]:
    found = {s for a, b in pairs for s in range(sec(a), sec(b))}
    return found if limit is None else {s for s in found if s < limit}


def runs(members: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for second in sorted(members):
        if found and found[-1][1] == second:
            found[-1] = (found[-1][0], second + 1)
        else:
            found.append((second, second + 1))
    return found


def gaps(members: set[int]) -> list[tuple[int, int]]:
    found = runs(members)
    return [(a[1], b[0]) for a, b in pairwise(found)]


def compute(doc: dict[str, Any]) -> dict[str, Any]:
    now, zone, policy = sec(doc["as_of"]), ZoneInfo(doc["program_tz"]), doc.get("policy", {})
    plans = {plan["patient"]: plan for plan in doc.get("enrollments", [])}
    held = [hold(session, now, zone, policy, plans) for session in doc["sessions"]]
    overlaps(held)
    for one in held:
        judge(one)
    return {
        "version": 1,
        "sessions": [one["result"] for one in held],
        "days": days(held, policy, plans),
        "weeks": weeks(held, now, zone, policy, plans),
    }


def hold(
    s: dict[str, Any], now: int, zone: ZoneInfo, policy: dict[str, Any], plans: dict[str, Any]
) -> dict[str, Any]:
    t = terms(s["service_type"], policy, s.get("policy", {}))
    start, end = sec(s["scheduled_start"]), sec(s["scheduled_end"])
    opened, ended = sec(s["opened_at"]), sec(s["ended_at"])
    if opened is not None and opened >= now:
        opened = None
    if opened is None or (ended is not None and ended > now):
        ended = None
    F = seconds([p for f in s["facilitators"] for p in f["presence"]], now)
    running = False
    if opened is not None and ended is None:
        L = max(max(F) + 1, opened) if F else opened
        if now > L and now >= L + t["auto_end_min"] * 60:
            ended = L
        else:
            running, ended = True, now
    W: set[int] = set()
    if opened is not None:
        W = set(
            range(
                max(opened, start - t["early_credit_min"] * 60),
                min(ended, end + t["overrun_credit_min"] * 60),
            )
        )
    F_star = F | {x for a, b in gaps(F) if b - a <= t["facilitator_gap_sec"] for x in range(a, b)}
    B = set() if t["break_counts"] else seconds(s["breaks"], now)
    D = (W & F_star) - B
    over = (opened is not None and not running) or (opened is None and now >= end)
    cancelled = s.get("cancelled_by_program", False) or (over and not D)
    ahead = 0
    if s["service_type"] in COUNTS and not cancelled and not over:
        uncut = set() if t["break_counts"] else seconds(s["breaks"])
        ahead = len(set(range(max(now, start), end)) - uncut) // 60
    one = {
        "s": s,
        "t": t,
        "opened": opened,
        "running": running,
        "W": W,
        "F": F,
        "F_star": F_star,
        "B": B,
        "D": D,
        "over": over,
        "start": start,
        "cancelled": cancelled,
        "ahead": ahead,
        "E": seconds(s.get("incidents", []), now),
        "people": [],
        "date": datetime.fromtimestamp(start if opened is None else opened, zone).date(),
    }
    for p in s["patients"]:
        own = terms(s["service_type"], policy, s.get("policy", {}), plans.get(p["id"], {}).get("policy", {}))
        one["people"].append(attend(p, one, own, now))
    return one


def attend(p: dict[str, Any], one: dict[str, Any], t: dict[str, Any], now: int) -> dict[str, Any]:
    P = seconds(p["presence"], now)
    bridged: set[int] = set()
    count = 0
    for a, b in gaps(P):
        if (
            b - a <= t["rejoin_bridge_sec"]
            and count < t["bridge_max_count"]
            and len(bridged) + b - a <= t["bridge_cap_sec"]
        ):
            count += 1
            bridged |= set(range(a, b))
    audio = seconds(p.get("audio_only", []), now)
    C: set[int] = set()
    for a, b in runs(seconds(p.get("camera_off", []), now) - one["B"]):
        if b - a > t["camera_off_tolerance_sec"]:
            C |= set(range(a, b))
    M = (audio if t["audio_only_policy"] == "deny" else set()) | (
        C if t["camera_policy"] == "credit" else set()
    )
    lobby = sec(p.get("lobby_at"))
    return {
        "id": p["id"],
        "t": t,
        "P": P,
        "bridged": bridged,
        "audio": audio,
        "C": C,
        "M": M,
        "lost": set(),
        "lobby": None if lobby is None or lobby > now else lobby,
        "Q": ((P | bridged) & one["W"] & one["F_star"]) - one["B"] - M,
        "Qs": (P & one["W"] & one["F"]) - one["B"] - M,
    }


def overlaps(held: list[dict[str, Any]]) -> None:
    for patient_id in {p["id"] for one in held for p in one["people"]}:
        mine = [
            (min(p["P"]), one["s"]["id"], p)
            for one in held
            if not one["s"].get("cancelled_by_program", False)
            for p in one["people"]
            if p["id"] == patient_id and p["P"]
        ]
        taken: set[int] = set()
        for _, _, p in sorted(mine, key=lambda item: item[:2]):
            p["lost"] = p["Q"] & taken
            p["Q"], p["Qs"] = p["Q"] - taken, p["Qs"] - taken
            taken |= p["Q"]


def judge(one: dict[str, Any]) -> None:
    s, W, D = one["s"], one["W"], one["D"]
    for p in one["people"]:
        q = len(p["Q"]) // 60
        countable = len(D - (one["E"] - p["Q"]))
        p["ratio"] = Fraction(len(p["Q"]), countable) if countable else Fraction(0)
        least = Fraction(str(p["t"]["min_presence_ratio"]))
        p["credited"] = q
        if one["cancelled"] or q < p["t"]["min_credit_min"]:
            p["credited"] = 0
        if p["t"]["partial_credit_mode"] == "threshold" and p["ratio"] < least:
            p["credited"] = 0
        p["billable"] = len(p["Qs"]) // 60 if p["credited"] else 0
        p["hours"] = p["credited"] if s["service_type"] in COUNTS else 0
        if one["cancelled"]:
            p["status"] = "CANCELLED_BY_PROGRAM"
        elif one["opened"] is None:
            p["status"] = "SCHEDULED"
        elif one["running"]:
            p["status"] = "IN_PROGRESS" if p["P"] else "EXPECTED"
        elif not p["P"]:
            p["status"] = "NO_SHOW"
        elif not p["credited"]:
            p["status"] = "NO_CREDIT"
        else:
            p["status"] = (
                "PRESENT"
                if p["ratio"] >= Fraction("0.9")
                else "PARTIAL"
                if p["ratio"] >= least
                else "PARTIAL_LOW"
            )
    group = set()
    if s["service_type"] in GROUPS:
        if not one["running"] and sum(p["credited"] > 0 for p in one["people"]) < one["t"]["group_min"]:
            group.add("GROUP_TOO_SMALL")
        most = one["t"]["education_max" if s["service_type"] == "psychoeducation" else "group_max"]
        crowd = Counter(x for p in one["people"] for x in p["P"] & W)
        if max(crowd.values(), default=0) > most:
            group.add("GROUP_TOO_LARGE")
    one["result"] = {
        "id": s["id"],
        "service_date": one["date"].isoformat(),
        "window": [iso(min(W)), iso(max(W) + 1)] if W else None,
        "delivered_seconds": len(D),
        "patients": [
            {
                "id": p["id"],
                "qualified_seconds": len(p["Q"]),
                "strict_seconds": len(p["Qs"]),
                "credited_min": p["credited"],
                "billable_min": p["billable"],
                "hours_min": p["hours"],
                "ratio": float(round(Decimal(p["ratio"].numerator) / Decimal(p["ratio"].denominator), 4)),
                "status": p["status"],
                "flags": flags(one, p, group),
                "units": units(s["service_type"], p["billable"]),
                "timeline": timeline(one, p),
            }
            for p in one["people"]
        ],
    }


def flags(one: dict[str, Any], p: dict[str, Any], group: set[str]) -> list[str]:
    if p["status"] in ("SCHEDULED", "EXPECTED", "CANCELLED_BY_PROGRAM"):
        return []
    if p["status"] == "NO_SHOW":
        return sorted(group)
    W, found = one["W"], set(group)
    first, last = min(p["P"]), max(p["P"]) + 1
    came = first if p["lobby"] is None else p["lobby"]
    if came > max(one["opened"], one["start"]) + p["t"]["late_grace_min"] * 60:
        found.add("LATE")
    if p["lobby"] is not None and first > max(p["lobby"], one["opened"]) + 120:
        found.add("ADMIT_DELAY")
    if not one["running"] and W and last < max(W) + 1 - p["t"]["early_leave_grace_min"] * 60:
        found.add("EARLY_LEAVE")
    shared = {
        "BRIDGED": p["bridged"] & p["Q"],
        "FACILITATOR_GAP": W - one["F_star"],
        "AUDIO_ONLY": p["audio"] & p["P"] & W,
        "CAMERA_OFF": p["C"] & p["P"] & W,
        "OVERLAP": p["lost"],
    }
    return sorted(found | {name for name, time in shared.items() if time})


def timeline(one: dict[str, Any], p: dict[str, Any]) -> list[dict[str, str]]:
    found: list[list[Any]] = []
    for second in sorted(one["W"]):
        if second in one["B"]:
            kind = "break"
        elif second in p["lost"]:
            kind = "overlap"
        elif second not in p["P"] | p["bridged"]:
            kind = "absent"
        elif second not in one["F_star"]:
            kind = "no_facilitator"
        elif second in p["M"]:
            kind = "excluded_modality"
        else:
            kind = "credited" if second in p["P"] else "bridged"
        if found and found[-1][2] == kind:
            found[-1][1] = second + 1
        else:
            found.append([second, second + 1, kind])
    return [{"from": iso(a), "to": iso(b), "kind": kind} for a, b, kind in found]


def units(kind: str, m: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "timed15_8min": 0 if m < 8 else (m + 7) // 15,
        "timed15_full": m // 15,
        "hourly_floor": m // 60,
    }
    if kind == "individual_therapy":
        found["cpt_individual"] = None if m < 16 else "90832" if m < 38 else "90834" if m < 53 else "90837"
    return found

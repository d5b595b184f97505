"""Random evidence around one Tuesday morning: short sessions, so that a second-by-second oracle keeps up."""

from typing import Any

from hypothesis import strategies as st

BASE = 1_794_924_000  # 2026-11-17T14:00:00Z
ROOM = 2400  # seconds in which everything happens
PATIENTS = ("a", "b", "c")


def iso(offset: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(BASE + offset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


offsets = st.one_of(
    st.integers(0, ROOM // 60).map(lambda m: m * 60), st.integers(0, ROOM // 10).map(lambda n: n * 10)
)
pairs = st.tuples(offsets, offsets).map(lambda edges: [iso(min(edges)), iso(max(edges))])


def pair_lists(most: int = 4) -> st.SearchStrategy[list[list[str]]]:
    return st.lists(pairs, max_size=most)


SESSION_TERMS: dict[str, st.SearchStrategy[Any]] = {
    "early_credit_min": st.integers(0, 5),
    "overrun_credit_min": st.integers(0, 5),
    "facilitator_gap_sec": st.sampled_from([0, 60, 120, 300]),
    "auto_end_min": st.integers(0, 10),
    "break_counts": st.booleans(),
    "group_min": st.integers(0, 3),
    "group_max": st.integers(0, 3),
    "education_max": st.integers(0, 3),
}
PATIENT_TERMS: dict[str, st.SearchStrategy[Any]] = {
    "rejoin_bridge_sec": st.sampled_from([0, 60, 120, 300]),
    "bridge_cap_sec": st.sampled_from([0, 100, 300]),
    "bridge_max_count": st.integers(0, 3),
    "min_credit_min": st.integers(0, 10),
    "min_presence_ratio": st.sampled_from(["0", "0.5", "0.75", "0.95", "1"]),
    "partial_credit_mode": st.sampled_from(["actual", "threshold"]),
    "camera_policy": st.sampled_from(["advisory", "credit"]),
    "camera_off_tolerance_sec": st.sampled_from([0, 60, 300]),
    "audio_only_policy": st.sampled_from(["allow", "allow_with_reason", "deny"]),
    "late_grace_min": st.integers(0, 5),
    "early_leave_grace_min": st.integers(0, 5),
}
WEEK_TERMS: dict[str, st.SearchStrategy[Any]] = {
    "weekly_min_days": st.integers(0, 3),
    "proration_mode": st.sampled_from(["none", "program_days"]),
    "loc_ceiling_min": st.integers(0, 60),
    "per_diem_min_minutes": st.integers(0, 40),
    "expected_rate_default": st.sampled_from(["0", "0.85", "0.333", "1"]),
}
FILE_ONLY: dict[str, st.SearchStrategy[Any]] = {"week_start": st.sampled_from(["MON", "WED", "SUN"])}


def policies(*tables: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={k: v for table in tables for k, v in table.items()})


@st.composite
def sessions(draw: st.DrawFn, session_id: str) -> dict[str, Any]:
    start, end = sorted(draw(st.tuples(offsets, offsets).filter(lambda edges: edges[0] != edges[1])))
    opened, ended = sorted(draw(st.tuples(offsets, offsets)))
    is_opened = draw(st.integers(0, 5)) > 0
    presence = pair_lists() if is_opened else st.just([])
    listed = draw(st.lists(st.sampled_from(PATIENTS), unique=True, max_size=3))
    return {
        "id": session_id,
        "service_type": draw(
            st.sampled_from(["group_therapy", "individual_therapy", "psychoeducation", "peer_support"])
        ),
        "scheduled_start": iso(start),
        "scheduled_end": iso(end),
        "opened_at": iso(opened) if is_opened else None,
        "ended_at": iso(ended) if is_opened and draw(st.booleans()) else None,
        "cancelled_by_program": draw(st.integers(0, 5)) == 0,
        "policy": draw(policies(SESSION_TERMS, PATIENT_TERMS)),
        "breaks": draw(pair_lists(2)),
        "incidents": draw(pair_lists(1)),
        "facilitators": [{"id": name, "presence": draw(presence)} for name in ("t1", "t2")],
        "patients": [
            {
                "id": name,
                "lobby_at": draw(st.none() | offsets.map(iso)),
                "presence": draw(presence),
                "audio_only": draw(pair_lists(1)),
                "camera_off": draw(pair_lists(2)),
            }
            for name in listed
        ],
    }


@st.composite
def enrollments(draw: st.DrawFn, name: str) -> dict[str, Any]:
    days = [f"2026-11-{day}" for day in range(10, 26)]
    admitted, discharged = sorted(draw(st.tuples(st.sampled_from(days), st.sampled_from(days))))
    return {
        "patient": name,
        "targets": [["2026-11-01", draw(st.integers(0, 60))], [draw(st.sampled_from(days)), 30]],
        "admitted_on": admitted,
        "discharged_on": draw(st.none() | st.just(discharged)),
        "expected_rate": draw(st.none() | st.sampled_from(["0.5", "0.9999"])),
        "policy": draw(policies(PATIENT_TERMS, WEEK_TERMS)),
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 3))
    enrolled = draw(st.lists(st.sampled_from(PATIENTS), unique=True, max_size=2))
    as_of = draw(st.sampled_from([ROOM, ROOM + 10_000, 7 * 86_400]) | offsets)
    return {
        "version": 1,
        "as_of": iso(as_of),
        "program_tz": draw(st.sampled_from(["America/New_York", "Pacific/Kiritimati", "UTC"])),
        "policy": draw(policies(SESSION_TERMS, PATIENT_TERMS, WEEK_TERMS, FILE_ONLY)),
        "sessions": [draw(sessions(session_id)) for session_id in ("S2", "S1", "S3")[:count]],
        "enrollments": [draw(enrollments(name)) for name in enrolled],
    }

"""Random programs as they happen: two weeks around a change of clocks, people who come, drop out, come back.

`strategies.py` throws intervals at random around one morning; here everything has a reason, so that weeks,
tapers, overlaps and incidents occur often and together.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.sessions.rules.strategies import FILE_ONLY, PATIENT_TERMS, SESSION_TERMS, WEEK_TERMS, policies

Json = dict[str, Any]
Edges = tuple[int, int]

# Clocks go back, forward, by half an hour, and at midnight; the last zone never changes them.
CHANGES = (
    ("America/New_York", date(2026, 11, 1)),
    ("America/New_York", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Asia/Kathmandu", date(2026, 6, 14)),
)
CLOCKS = (time(0, 10), time(1, 30), time(2, 15), time(9, 0), time(23, 40))
PEOPLE = ("ana", "bo", "cy")
LENGTHS = (12, 20, 35)  # minutes; short, for an oracle that counts seconds
TYPES = ("group_therapy", "individual_therapy", "psychoeducation", "peer_support", "life_skills")


def text(instant: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(instant, zone).isoformat()


@st.composite
def visits(draw: st.DrawFn, start: int, end: int) -> list[Edges]:
    """One device in the room: arrival, interruptions around the limits of bridging, departure."""
    at = start + draw(st.sampled_from([-120, 0, 0, 30, 299, 301, 660]))
    leaves = end + draw(st.sampled_from([-660, -301, -299, 0, 0, 90]))
    found: list[Edges] = []
    for gap in draw(st.lists(st.sampled_from([9, 60, 119, 120, 121, 300]), max_size=4)):
        out = at + draw(st.integers(1, 400))
        if out + gap >= leaves:
            break
        found.append((at, out))
        at = out + gap
    return [*found, (at, leaves)] if at < leaves else found


@st.composite
def stretches(draw: st.DrawFn, start: int, end: int, most: int = 1) -> list[Edges]:
    """Some time inside a session: a break, an incident, a camera that was off."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        begin = draw(st.integers(start - 60, end))
        found.append((begin, begin + draw(st.sampled_from([0, 30, 61, 300, 301, 900]))))
    return found


@st.composite
def meetings(draw: st.DrawFn, session_id: str, start: int, zone: ZoneInfo) -> Json:
    length = draw(st.sampled_from(LENGTHS)) * 60
    end = start + length
    is_opened = draw(st.integers(0, 7)) > 0
    opened = start + draw(st.sampled_from([-60, 0, 0, 45, 200]))
    ended = max(opened, end + draw(st.sampled_from([-200, 0, 0, 61])))
    is_ended = is_opened and draw(st.integers(0, 4)) > 0

    def pairs(edges: list[Edges]) -> list[list[str]]:
        return [[text(a, zone), text(b, zone)] for a, b in edges]

    def presence() -> list[list[str]]:
        return pairs(draw(visits(opened, ended))) if is_opened else []

    patients = []
    for name in draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1)):
        second_device = presence() if draw(st.integers(0, 3)) == 0 else []
        patients.append(
            {
                "id": name,
                "lobby_at": draw(
                    st.none() | st.integers(start - 300, start + 700).map(lambda s: text(s, zone))
                ),
                "presence": [*presence(), *second_device] if draw(st.integers(0, 5)) > 0 else [],
                "audio_only": pairs(draw(stretches(start, end))),
                "camera_off": pairs(draw(stretches(start, end, 2))),
            }
        )
    return {
        "id": session_id,
        "service_type": draw(st.sampled_from(TYPES)),
        "scheduled_start": text(start, zone),
        "scheduled_end": text(end, zone),
        "opened_at": text(opened, zone) if is_opened else None,
        "ended_at": text(ended, zone) if is_ended else None,
        "cancelled_by_program": draw(st.integers(0, 7)) == 0,
        "policy": draw(policies(SESSION_TERMS, PATIENT_TERMS)) if draw(st.booleans()) else {},
        "breaks": pairs(draw(stretches(start, end))),
        "incidents": pairs(draw(stretches(start, end, 2))),
        "facilitators": [
            {"id": name, "presence": presence()} for name in ("lead", "cover")[: draw(st.integers(1, 2))]
        ],
        "patients": patients,
    }


@st.composite
def episodes(draw: st.DrawFn, name: str, change: date) -> Json:
    """An enrollment with a taper; steps on any day, admission and discharge perhaps inside a week."""
    steps = draw(st.lists(st.integers(-20, 12), unique=True, min_size=1, max_size=4).map(sorted))
    minutes = draw(st.lists(st.integers(0, 90), min_size=len(steps), max_size=len(steps)).map(sorted))
    admitted = change + timedelta(days=draw(st.integers(-30, 6)))
    stays = draw(st.none() | st.integers(0, 30))
    return {
        "patient": name,
        "targets": [
            [(change + timedelta(days=step)).isoformat(), target]
            for step, target in zip(steps, reversed(minutes), strict=True)
        ],
        "admitted_on": admitted.isoformat(),
        "discharged_on": None if stays is None else (admitted + timedelta(days=stays)).isoformat(),
        "expected_rate": draw(st.none() | st.sampled_from(["0", "0.7351", 0.5, "1"])),
        "policy": draw(policies(PATIENT_TERMS, WEEK_TERMS)),
    }


@st.composite
def worlds(draw: st.DrawFn) -> Json:
    key, change = draw(st.sampled_from(CHANGES))
    zone = ZoneInfo(key)
    sessions = []
    for number in range(draw(st.integers(1, 3))):
        day = change + timedelta(days=draw(st.sampled_from([-7, -1, 0, 0, 1, 6])))
        clock = draw(st.sampled_from(CLOCKS))
        start = int(datetime.combine(day, clock, tzinfo=zone).astimezone(UTC).timestamp())
        sessions.append(draw(meetings(f"S{9 - number}", start, zone)))
        if draw(st.booleans()):
            # Somebody is called out of the group, or slips into the next room too early.
            inside = start + draw(st.sampled_from([-300, 0, 240, 600]))
            sessions.append(draw(meetings(f"T{number}", inside, zone)))
    as_of = int(datetime.combine(change, time(), tzinfo=zone).timestamp())
    as_of += draw(st.sampled_from([0, 1, 6, 7, 8, 8, 30])) * 86_400
    as_of += draw(st.sampled_from([0, 3599, 3600, 5400, 6300, 33_000]))
    return {
        "version": 1,
        "as_of": text(as_of, zone),
        "program_tz": key,
        "policy": draw(policies(SESSION_TERMS, PATIENT_TERMS, WEEK_TERMS, FILE_ONLY))
        if draw(st.booleans())
        else {},
        "sessions": sessions,
        "enrollments": [
            draw(episodes(name, change))
            for name in draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1))
        ],
    }

"""Evidence in few words: a group on Tuesday 2026-11-17 from 09:00 in New York, if nothing else is said."""

import json
from typing import Any

from sessions.rules import compute, parse, to_json

Json = dict[str, Any]

DAY = "2026-11-17"
LATER = "2026-11-19T05:00:00Z"


def at(clock: str, day: str = DAY, offset: str = "-05:00") -> str:
    """Write a wall-clock time of the day as RFC 3339; seconds may be left out."""
    return f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}{offset}"


def span(start: str, end: str, day: str = DAY) -> list[str]:
    return [at(start, day), at(end, day)]


def spans(*clocks: str, day: str = DAY) -> list[list[str]]:
    """Read `09:00-10:00` as a pair of times."""
    return [span(*clock.split("-"), day=day) for clock in clocks]


def patient(patient_id: str = "p1", *present: str, day: str = DAY, **more: Any) -> Json:
    return {"id": patient_id, "presence": spans(*present, day=day), **more}


def facilitator(*present: str, name: str = "t1", day: str = DAY) -> Json:
    return {"id": name, "presence": spans(*present, day=day)}


def session(
    *patients: Json,
    session_id: str = "G",
    scheduled: str = "09:00-12:15",
    held: str | None = None,
    day: str = DAY,
    breaks: tuple[str, ...] = (),
    led: tuple[str, ...] | None = None,
    **more: Any,
) -> Json:
    """Describe a session held as scheduled, led throughout, unless told otherwise."""
    start, end = (held or scheduled).split("-")
    document: Json = {
        "id": session_id,
        "service_type": "group_therapy",
        "scheduled_start": at(scheduled.split("-")[0], day),
        "scheduled_end": at(scheduled.split("-")[1], day),
        "opened_at": at(start, day),
        "ended_at": at(end, day),
        "breaks": spans(*breaks, day=day),
        "facilitators": [facilitator(*(led if led is not None else (f"{start}-{end}",)), day=day)],
        "patients": list(patients),
    }
    return document | more


def not_opened(document: Json) -> Json:
    """Take back that a session was opened, and all presence in it."""
    quiet = {"presence": []}
    return document | {
        "opened_at": None,
        "ended_at": None,
        "facilitators": [person | quiet for person in document["facilitators"]],
        "patients": [person | quiet for person in document["patients"]],
    }


def enrollment(patient_id: str = "p1", target: int = 540, **more: Any) -> Json:
    return {"patient": patient_id, "targets": [["2026-10-01", target]], "admitted_on": "2026-10-01", **more}


def evidence(*sessions: Json, as_of: str = LATER, enrollments: tuple[Json, ...] = (), **more: Any) -> Json:
    return {
        "version": 1,
        "as_of": as_of,
        "program_tz": "America/New_York",
        "sessions": list(sessions),
        "enrollments": list(enrollments),
        **more,
    }


def run(document: Json) -> Any:
    """Compute a document through its text, the way the command does."""
    return to_json(compute(parse(json.dumps(document))))


def credit(*sessions: Json, **more: Any) -> Any:
    """Compute one session and give its first patient."""
    return run(evidence(*sessions, **more))["sessions"][0]["patients"][0]


def kinds(patient_result: Any) -> list[str]:
    return [piece["kind"] for piece in patient_result["timeline"]]

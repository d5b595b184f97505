"""A result as readable text: tables of minutes, days and weeks, and each patient's timeline."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from sessions.rules.crediting.credit import PatientResult, Result, SessionResult
from sessions.rules.crediting.timeline import PieceKind
from sessions.rules.document.evidence import Evidence, SessionEvidence
from sessions.rules.telling.words import (
    FLAG_WORDS,
    PIECE_WORDS,
    STATUS_WORDS,
    WEEK_FLAG_WORDS,
    WEEK_NOTE_WORDS,
    in_words,
)
from sessions.rules.time.instants import MINUTE, Instant, format_instant, to_datetime
from sessions.rules.time.intervals import Pair
from sessions.rules.weekly.weeks import DayRow, WeekRow, round_ratio


def explain(evidence: Evidence, result: Result) -> str:
    """Write everything the JSON result says, times in the program's zone."""
    return "\n".join(_lines(evidence, result)) + "\n"


def _lines(evidence: Evidence, result: Result) -> Iterator[str]:
    zone = evidence.program_tz
    yield f"Credit as of {_moment(evidence.as_of, zone)} ({format_instant(evidence.as_of)})"
    for session, judged in zip(evidence.sessions, result.sessions, strict=True):
        yield ""
        yield from _session(session, judged, zone)
    if result.days:
        yield ""
        yield from _days(result.days)
    if result.weeks:
        yield ""
        yield from _weeks(result.weeks)


def _session(session: SessionEvidence, judged: SessionResult, zone: ZoneInfo) -> Iterator[str]:
    yield f"Session {_safe(session.id)}, {session.service_type}, service date {judged.service_date}"
    yield f"  scheduled  {_span((session.scheduled_start, session.scheduled_end), zone)}"
    yield f"  counted    {_span(judged.window, zone) if judged.window else 'nothing was held'}"
    yield f"  delivered  {in_words(judged.delivered_seconds)}"
    if not judged.patients:
        return
    yield ""
    yield from _table(
        ("patient", "status", "credited", "billable", "hours", "qualified", "strict", "ratio", "units"),
        [_patient_row(patient) for patient in judged.patients],
    )
    for patient in judged.patients:
        yield ""
        yield from _patient(patient, zone)


def _patient_row(patient: PatientResult) -> tuple[str, ...]:
    return (
        _safe(patient.id),
        patient.status,
        f"{patient.credited_min} min",
        f"{patient.billable_min} min",
        f"{patient.hours_min} min",
        f"{patient.qualified_seconds} s",
        f"{patient.strict_seconds} s",
        str(round_ratio(patient.ratio)),
        ", ".join(f"{name} {'none' if count is None else count}" for name, count in patient.units.items()),
    )


def _patient(patient: PatientResult, zone: ZoneInfo) -> Iterator[str]:
    yield f"  {_safe(patient.id)}: {STATUS_WORDS[patient.status]}. {why(patient)}"
    for flag in patient.flags:
        yield f"    {flag}: {FLAG_WORDS[flag]}"
    for piece in patient.timeline:
        length = in_words(piece.end - piece.start)
        yield f"    {_span((piece.start, piece.end), zone)}  {length:>14}  {PIECE_WORDS[piece.kind]}"


def why(patient: PatientResult) -> str:
    """Say in one sentence how a patient's minutes came about: what was credited, and where the rest went."""
    seconds = dict.fromkeys(PieceKind, 0)
    for piece in patient.timeline:
        seconds[piece.kind] += piece.end - piece.start
    if not patient.timeline:
        return "Nothing was held."
    kept = patient.qualified_seconds
    sentence = f"{in_words(kept)} count"
    if seconds[PieceKind.BRIDGED]:
        sentence += f" ({in_words(seconds[PieceKind.BRIDGED])} of them bridged)"
    if kept % MINUTE and patient.credited_min:
        sentence += f", in whole minutes {patient.credited_min}"
    if not patient.credited_min:
        sentence += ", 0 minutes credited"
    lost = [f"{in_words(seconds[kind])} {_LOST_WORDS[kind]}" for kind in _LOST_WORDS if seconds[kind]]
    return f"{sentence}; {', '.join(lost)}." if lost else f"{sentence}."


_LOST_WORDS = {
    PieceKind.ABSENT: "away",
    PieceKind.BREAK: "of break",
    PieceKind.NO_FACILITATOR: "without a clinician",
    PieceKind.EXCLUDED_MODALITY: "without a camera",
    PieceKind.OVERLAP: "credited in another session",
}


def _days(days: Sequence[DayRow]) -> Iterator[str]:
    yield "Days"
    yield from _table(
        ("patient", "service date", "billable", "per diem"),
        [
            (_safe(day.patient), day.service_date.isoformat(), f"{day.billable_min} min", str(day.per_diem))
            for day in days
        ],
    )


def _weeks(weeks: Sequence[WeekRow]) -> Iterator[str]:
    yield "Weeks"
    yield from _table(
        ("patient", "week of", "target", "done", "to come", "days", "missing", "state"),
        [
            (
                _safe(week.patient),
                week.week_start.isoformat(),
                f"{week.target_min} min",
                f"{week.hours_min} min",
                f"{week.remaining_min} min",
                str(week.days),
                f"{week.deficit_min} min",
                _week_state(week),
            )
            for week in weeks
        ],
    )


def _week_state(week: WeekRow) -> str:
    notes = [f"{note}: {WEEK_NOTE_WORDS[note]}" for note in week.also]
    partial = ["partial week"] if week.partial else []
    return "; ".join([f"{week.flag}: {WEEK_FLAG_WORDS[week.flag]}", *notes, *partial])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  " + "  ".join(cells).rstrip()


def _span(span: Pair, zone: ZoneInfo) -> str:
    start, end = (to_datetime(edge).astimezone(zone) for edge in span)
    if start.date() == end.date() and start.utcoffset() == end.utcoffset():
        return f"{start:%a %Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} {end:%Z}"
    return f"{_moment(span[0], zone)} to {_moment(span[1], zone)}"


def _moment(instant: Instant, zone: ZoneInfo) -> str:
    return f"{to_datetime(instant).astimezone(zone):%a %Y-%m-%d %H:%M:%S %Z}"


def _safe(text: str) -> str:
    """Keep an id from breaking the table or the terminal."""
    return text if text.isprintable() else ascii(text)

"""The strip of a patient in a session, as the tag `{% strip %}` draws, says and tabulates it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import AttendanceRecord, GroupSession, Incident, IncidentKind, Participation
from sessions.rules.crediting.status import Status
from sessions.rules.telling.strip import StripKind, read_timeline, seconds_by_kind, strip_of
from sessions.rules.telling.strip_words import countable_seconds, counted_seconds, sentences
from sessions.rules.telling.words import STRIP_WORDS

_VOID = {Status.NO_CREDIT: StripKind.TOO_SHORT, Status.CANCELLED_BY_PROGRAM: StripKind.CANCELLED}
_RUNNING = (Status.IN_PROGRESS, Status.EXPECTED)


@dataclass(frozen=True, slots=True)
class StripPiece:
    """One stretch, its kind (a pattern) in words, and whether it counts."""

    start: datetime
    end: datetime
    kind: str
    words: str
    counts: bool


@dataclass(frozen=True, slots=True)
class StripMark:
    """A time on our side of the line that the strip points out: an incident."""

    start: datetime
    end: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Strip:
    """All the strip shows; times are written in `zone`.

    `sentences` say the same as the picture and the table. `counted_min` of `countable_min` are the observed
    minutes, without corrections.
    """

    pieces: tuple[StripPiece, ...]
    marks: tuple[StripMark, ...]
    sentences: tuple[str, ...]
    zone: str
    counted_min: int
    countable_min: int

    @property
    def words(self) -> str:
        """Give the sentences as one text."""
        return " ".join(self.sentences)

    @property
    def start(self) -> datetime | None:
        """Give where the strip begins, which may be before the session's own time."""
        return self.pieces[0].start if self.pieces else None

    @property
    def end(self) -> datetime | None:
        """Give where it ends."""
        return self.pieces[-1].end if self.pieces else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Give the kinds it draws, for a legend."""
        return tuple(dict.fromkeys(piece.kind for piece in self.pieces))


def strip_of_record(
    record: AttendanceRecord, *, zone: str, lobby_at: datetime | None, incidents: Iterable[Incident] = ()
) -> Strip:
    """Make the strip of a stored record; `lobby_at` is the first arrival in the waiting room."""
    return make_strip(
        record.timeline,
        status=record.status,
        zone=zone,
        lobby_at=lobby_at,
        incidents=incidents,
        adjusted_min=record.adjusted_min,
    )


def make_strip(
    timeline: Iterable[Mapping[str, object]],
    *,
    status: str,
    zone: str,
    lobby_at: datetime | None,
    incidents: Iterable[Incident] = (),
    adjusted_min: int | None = None,
) -> Strip:
    """Make the strip of a computed timeline (`credit.md` section 7) and its status."""
    state = Status(status)
    strip = strip_of(read_timeline(timeline), lobby_at=lobby_at, void=_VOID.get(state))
    by_kind = seconds_by_kind(strip)
    said = sentences(strip, zone=ZoneInfo(zone), is_running=state in _RUNNING, adjusted_min=adjusted_min)
    marks = tuple(
        StripMark(one.began_at, one.ended_at, IncidentKind(one.kind).label) for one in incidents if strip
    )
    return Strip(
        pieces=tuple(
            StripPiece(one.start, one.end, str(one.kind), STRIP_WORDS[one.kind], one.kind.counts)
            for one in strip
        ),
        marks=marks,
        sentences=(*said, *_marks_in_words(marks)),
        zone=zone,
        counted_min=counted_seconds(by_kind) // 60,
        countable_min=countable_seconds(by_kind) // 60,
    )


def strips_of(group_session: GroupSession, *, zone: str) -> dict[UUID, Strip]:
    """Give the strips of all patients of a session by patient; three queries."""
    arrivals = dict(
        Participation.objects.filter(group_session=group_session).values_list("user_id", "lobby_at")
    )
    incidents = incidents_of([group_session.pk])[group_session.pk]
    rows = AttendanceRecord.objects.filter(group_session=group_session).select_related("patient")
    return {
        row.patient_id: strip_of_record(
            row, zone=zone, lobby_at=arrivals.get(row.patient.user_id), incidents=incidents
        )
        for row in rows
    }


def incidents_of(group_session_ids: Iterable[UUID]) -> dict[UUID, list[Incident]]:
    """Give the incidents of some sessions, in order of time; one query."""
    found: dict[UUID, list[Incident]] = {pk: [] for pk in group_session_ids}
    for row in Incident.objects.filter(group_session__in=list(found)).order_by("began_at", "pk"):
        found[row.group_session_id].append(row)
    return found


def _marks_in_words(marks: tuple[StripMark, ...]) -> Iterable[str]:
    for mark in marks:
        yield f"On our side: {mark.words[0].lower()}{mark.words[1:]}; that is not held against the patient."

"""From facts to presence: what the ledger says about who was in a session, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sessions.rules.presence.connections import Span, connections_of, intersect, presence_of, without_camera
from sessions.rules.presence.facts import EndReason, Fact, FactKind, Role, in_order
from sessions.rules.time.instants import floor_instant, to_datetime
from sessions.rules.time.intervals import Intervals

SILENCE_SPLIT_SEC = 10


@dataclass(frozen=True, slots=True)
class ParticipantPresence:
    """One person in one session; every instant is in UTC and floored to a whole second.

    `role` is that of the last admission, None for a person who was never admitted.
    """

    participant: str
    role: Role | None
    lobby_at: datetime | None
    presence: tuple[Span, ...]
    audio_only: tuple[Span, ...]
    camera_off: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SessionPresence:
    """Everything the ledger says about one session.

    `breaks` is None where no break was taken live and the planned ones apply; `as_of` without any fact.
    """

    opened_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    as_of: datetime | None = None
    breaks: tuple[Span, ...] | None = None
    participants: Mapping[str, ParticipantPresence] = field(default_factory=dict)

    @property
    def facilitators_left_at(self) -> datetime | None:
        """Give `L`: when the last facilitator left, not before the opening; None if not opened."""
        if self.opened_at is None:
            return None
        ends = [
            person.presence[-1][1]
            for person in self.participants.values()
            if person.role is Role.FACILITATOR and person.presence
        ]
        return max([self.opened_at, *ends])


def fold(
    facts: Iterable[Fact], *, silence_split_sec: int = SILENCE_SPLIT_SEC, as_of: datetime | None = None
) -> SessionPresence:
    """Derive the presence of one session from its facts, in whatever order they come.

    `as_of` is the instant up to which the journals have been read, or else the latest one among the facts. A
    connection that is open and not silent then counts as present until `as_of`.
    """
    ordered = in_order(facts)
    complete_to = as_of if as_of is not None else _latest(ordered)
    if complete_to is None:
        return SessionPresence()
    opened_at = min((fact.at for fact in ordered if fact.kind is FactKind.OPENED), default=None)
    ended = next((fact for fact in ordered if fact.kind is FactKind.ENDED), None)
    split = timedelta(seconds=silence_split_sec)
    by_person: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in ordered:
        # The actor of a session-wide fact is not present by acting.
        if fact.participant is not None and fact.kind not in _OF_THE_SESSION:
            by_person[fact.participant].append(fact)
    return SessionPresence(
        opened_at=_floor(opened_at),
        ended_at=_floor(max(ended.at, opened_at)) if ended is not None and opened_at is not None else None,
        end_reason=None if ended is None else ended.end_reason,
        as_of=_floor(complete_to),
        breaks=_live_breaks(ordered, until=complete_to if ended is None else ended.at),
        participants={
            participant: _person(
                participant,
                by_person[participant],
                ended_at=None if ended is None else ended.at,
                split=split,
                as_of=complete_to,
            )
            for participant in sorted(by_person)
        },
    )


_OF_THE_SESSION = frozenset({FactKind.OPENED, FactKind.ENDED, FactKind.BREAK_STARTED, FactKind.BREAK_ENDED})


def _person(
    participant: str, facts: Sequence[Fact], *, ended_at: datetime | None, split: timedelta, as_of: datetime
) -> ParticipantPresence:
    admissions = [fact for fact in facts if fact.kind is FactKind.ADMITTED]
    removals = [fact.at for fact in facts if fact.kind in (FactKind.REMOVED, FactKind.CONSENT_REVOKED)]
    presence: list[Span] = []
    audio_only: list[Span] = []
    camera_off: list[Span] = []
    for connection in connections_of(facts, split).values():
        spans = presence_of(
            connection,
            admissions=[fact.at for fact in admissions],
            removals=removals,
            ended_at=ended_at,
            as_of=as_of,
        )
        bare = without_camera(connection, spans)
        presence += spans
        audio_only += bare
        camera_off += [
            (a, b) for a, b in intersect(_merge(connection.camera_off), _merge(spans)) if b - a >= split
        ]
    return ParticipantPresence(
        participant=participant,
        role=admissions[-1].role if admissions else None,
        lobby_at=_floor(
            min((fact.at for fact in facts if fact.kind is FactKind.LOBBY_ENTERED), default=None)
        ),
        presence=_whole_seconds(presence),
        audio_only=_whole_seconds(audio_only),
        camera_off=_whole_seconds(camera_off),
    )


def _live_breaks(ordered: Sequence[Fact], *, until: datetime) -> tuple[Span, ...] | None:
    """Pair the breaks taken live; one that nobody ended lasts `until` the end. None if none was taken."""
    spans: list[Span] = []
    since: datetime | None = None
    was_taken = False
    for fact in ordered:
        if fact.kind is FactKind.BREAK_STARTED:
            was_taken = True
            since = fact.at if since is None else since
        elif fact.kind is FactKind.BREAK_ENDED and since is not None:
            spans.append((since, fact.at))
            since = None
    if since is not None:
        spans.append((since, until))
    return _whole_seconds(spans) if was_taken else None


def _latest(ordered: Sequence[Fact]) -> datetime | None:
    known = [fact.at for fact in ordered]
    known += [fact.last_packet_at for fact in ordered if fact.last_packet_at is not None]
    return max(known, default=None)


def _whole_seconds(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Drop fractions of a second and unite."""
    floored = Intervals.of((floor_instant(a), floor_instant(b)) for a, b in spans)
    return tuple((to_datetime(a), to_datetime(b)) for a, b in floored)


def _merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _floor(at: datetime | None) -> datetime | None:
    return None if at is None else to_datetime(floor_instant(at))

"""One connection's facts as stretches of presence, at full precision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeAlias

from sessions.rules.presence.facts import CloseReason, Fact, FactKind

Span: TypeAlias = tuple[datetime, datetime]

_FOREVER = datetime.max.replace(tzinfo=UTC)

# These ends are ours or a relay's death, so that the instant the web side ended it still finds it open.
_ENDED_BY_US = frozenset(
    {CloseReason.ENDED, CloseReason.REMOVED, CloseReason.CONSENT_REVOKED, CloseReason.BOOT_ENDED}
)


class Cut(Enum):
    """How a stretch ended that nobody had closed."""

    SILENCE = "silence"
    RELAY = "relay"


_CUT_BY_CLOSE = {
    CloseReason.TIMEOUT: Cut.SILENCE,
    CloseReason.SHUTDOWN: Cut.RELAY,
    CloseReason.BOOT_ENDED: Cut.RELAY,
}


@dataclass(slots=True)
class Stretch:
    """Packets without a silence between them, from the first known to the last known.

    `cut` is None where packets still flow, or flowed until somebody closed the connection.
    """

    start: datetime
    last: datetime
    cut: Cut | None = None


@dataclass(slots=True)
class Connection:
    """What one relay boot witnessed of one connection, read in the order of its journal."""

    split: timedelta
    stretches: list[Stretch] = field(default_factory=list)
    camera_off: list[Span] = field(default_factory=list)
    camera_states: list[tuple[datetime, bool]] = field(default_factory=list)
    own_close_at: datetime | None = None
    is_flowing: bool = False
    _camera_silent_since: datetime | None = None

    def read(self, facts: Iterable[Fact]) -> None:
        """Take in the facts of this connection, in order."""
        for fact in facts:
            self._take(fact)
        self._camera_back(_FOREVER)  # it never came back; presence ends the time

    @property
    def start(self) -> datetime | None:
        """First authenticated packet; None if there was none."""
        return self.stretches[0].start if self.stretches else None

    def _take(self, fact: Fact) -> None:
        match fact.kind:
            case FactKind.FIRST_PACKET:
                self._packet(fact.at)
            case FactKind.BEAT:
                self._note_camera(fact)
            case FactKind.SILENT if fact.is_of_camera:
                self._camera_silent(fact)
                return
            case FactKind.RESUMED if fact.is_of_camera:
                self._camera_back(fact.at)
                self._packet(fact.at)
                return
            case FactKind.RESUMED:
                self._stop(Cut.SILENCE)
                self._packet(fact.at)
        if fact.last_packet_at is not None:
            self._packet(fact.last_packet_at)
        if fact.kind is FactKind.SILENT:
            self._stop(Cut.SILENCE)
        elif fact.kind is FactKind.CLOSED:
            self._stop(_CUT_BY_CLOSE.get(fact.close_reason) if fact.close_reason else None)
            if fact.close_reason not in _ENDED_BY_US:
                self.own_close_at = fact.at

    def _packet(self, at: datetime) -> None:
        """Know of a packet; one at or before the last known adds nothing, also while silent."""
        if self.stretches and at <= self.stretches[-1].last:
            return
        if self.is_flowing:
            self.stretches[-1].last = at
        else:
            self.stretches.append(Stretch(at, at))
            self.is_flowing = True

    def _stop(self, cut: Cut | None) -> None:
        """End the stretch that flows, if one does."""
        if self.is_flowing:
            self.stretches[-1].cut = cut
        self.is_flowing = False

    def _note_camera(self, fact: Fact) -> None:
        has_camera = fact.has_camera
        if has_camera is None:
            return
        self.camera_states.append((fact.at, has_camera))
        if not has_camera:
            self._camera_back(fact.at)

    def _camera_silent(self, fact: Fact) -> None:
        noticed_after = fact.at - self.split
        last = fact.last_packet_at
        if self._camera_silent_since is None:
            self._camera_silent_since = noticed_after if last is None else min(last, noticed_after)

    def _camera_back(self, at: datetime) -> None:
        if self._camera_silent_since is not None:
            self.camera_off.append((self._camera_silent_since, at))
            self._camera_silent_since = None


def connections_of(facts: Iterable[Fact], split: timedelta) -> dict[tuple[str, str], Connection]:
    """Read each connection by itself, by boot and name.

    One that outlived its relay is two, since the journals are apart.
    """
    by_connection: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind.is_of_relay and fact.connection is not None:
            by_connection[fact.source_boot, fact.connection].append(fact)
    found = {}
    for key, own_facts in by_connection.items():
        found[key] = Connection(split)
        found[key].read(own_facts)
    return found


def presence_of(
    connection: Connection,
    *,
    admissions: Sequence[datetime],
    removals: Sequence[datetime],
    ended_at: datetime | None,
    as_of: datetime,
) -> list[Span]:
    """Turn what is known of a connection into presence.

    `removals`: when the person was removed or a consent was revoked. The first of them after the connection's
    start, or the end of the session, ends it, unless it was silent or gone by then.
    """
    start = connection.start
    if start is None or (ended_at is not None and start >= ended_at):
        return []
    ends = [at for at in (*removals, ended_at) if at is not None and at >= start]
    end = min(ends, default=None)
    spans = [(one.start, one.last) for one in connection.stretches]
    if end is not None:
        spans = [(a, min(b, end)) for a, b in spans if a <= end]
        is_open = connection.own_close_at is None or connection.own_close_at >= end
        if is_open and end - spans[-1][1] < connection.split:
            spans[-1] = (spans[-1][0], end)
    elif connection.is_flowing and timedelta(0) < as_of - spans[-1][1] < connection.split:
        # Its journal is complete up to `as_of` and tells of no silence: the person is there.
        spans[-1] = (spans[-1][0], as_of)
    return _from_admission(spans, admissions, connection.split)


def _from_admission(spans: list[Span], admissions: Sequence[datetime], split: timedelta) -> list[Span]:
    """Begin at the admission if the first packet came soon after it, and never before the first admission."""
    first = spans[0][0]
    soon_before = [at for at in admissions if at <= first <= at + split]
    if soon_before:
        return [(max(soon_before), spans[0][1]), *spans[1:]]
    earliest = min(admissions, default=first)
    return [(max(a, earliest), b) for a, b in spans if b > earliest]


def without_camera(connection: Connection, presence: Sequence[Span]) -> list[Span]:
    """Give the presence in which the connection published no camera, by its beats.

    What a beat says holds until the next one; the first one also for the time before it. A connection that
    publishes a camera before or after is not without one while it is set up or repaired, which takes less
    than the silence limit.
    """
    states = connection.camera_states
    if not presence or not states:
        return []
    begins, ends = presence[0][0], presence[-1][1]
    runs: list[Span] = []
    for index, (at, has_camera) in enumerate(states):
        if has_camera:
            continue
        run_start = min(begins, at) if index == 0 else at
        run_end = states[index + 1][0] if index + 1 < len(states) else max(ends, at)
        if runs and runs[-1][1] == run_start:
            run_start = runs.pop()[0]
        runs.append((run_start, run_end))
    if any(has_camera for _, has_camera in states):
        runs = [(a, b) for a, b in runs if min(b, ends) - max(a, begins) >= connection.split]
    return intersect(runs, presence)


def intersect(mine: Iterable[Span], theirs: Sequence[Span]) -> list[Span]:
    """Give the time two lists of spans share, in pieces."""
    shared = ((max(a, c), min(b, d)) for a, b in mine for c, d in theirs)
    return [(a, b) for a, b in shared if a < b]

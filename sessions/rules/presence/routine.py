"""Beats that change nothing that is known: kept and verified, but not read for credit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sessions.rules.presence.facts import Fact, FactKind, Track

Key: TypeAlias = tuple[str, str | None]


@dataclass(slots=True)
class _Known:
    """What a journal has said so far about one connection."""

    tracks: frozenset[str] | None = None
    at: datetime | None = None
    last_packet_at: datetime | None = None
    is_flowing: bool = False
    is_camera_silent: bool = False

    def packet(self, at: datetime | None) -> None:
        """Know of a packet, as the presence of a connection does."""
        if at is not None and (self.last_packet_at is None or at > self.last_packet_at):
            self.last_packet_at = at
            self.is_flowing = True


class RoutineReader:
    """Tell routine beats from facts that the presence needs, reading each journal in its order.

    A beat is routine when the connection is not silent, publishes what it published at the beat before, and
    neither its time nor its last packet goes back. Then the last packet of the connection's next fact says as
    much; only the newest beat is still needed, and `reduced` keeps it. What the reader knows after reading
    reduced facts is what it knows after all of them.
    """

    def __init__(self, known: Iterable[Fact] = ()) -> None:
        self._known: dict[Key, _Known] = {}
        for fact in known:
            self.is_routine(fact)

    def is_routine(self, fact: Fact) -> bool:
        """Take in the next fact of its journal and say whether the presence can do without it."""
        if not fact.kind.is_of_relay:
            return False
        known = self._known.setdefault((fact.source_boot, fact.connection), _Known())
        answer = fact.kind is FactKind.BEAT and _repeats(known, fact)
        _learn(known, fact)
        return answer


def reduced(facts: Sequence[Fact]) -> list[Fact]:
    """Leave routine beats out, but for the newest of each connection; facts come in the order of journals."""
    reader = RoutineReader()
    newest = {(fact.source_boot, fact.connection): fact for fact in facts if fact.kind is FactKind.BEAT}
    return [
        fact
        for fact in facts
        if not reader.is_routine(fact) or newest[fact.source_boot, fact.connection] is fact
    ]


def needs_every_fact(facts: Iterable[Fact]) -> bool:
    """Say whether reduced facts leave something open: a connection resumed that nobody called silent.

    The end of the stretch before is then in a beat that may have been left out. No relay writes this; only a
    damaged journal can.
    """
    flowing: dict[Key, bool] = {}
    for fact in facts:
        if not fact.kind.is_of_relay:
            continue
        key = fact.source_boot, fact.connection
        if fact.is_of_camera:
            # A camera's packet is one of its connection; its silence says nothing of the others.
            flowing[key] = flowing.get(key, False) or fact.kind is FactKind.RESUMED
            continue
        if fact.kind is FactKind.RESUMED and flowing.get(key, False):
            return True
        flowing[key] = fact.kind not in (FactKind.SILENT, FactKind.CLOSED)
    return False


def _repeats(known: _Known, fact: Fact) -> bool:
    tracks, last = _tracks(fact), fact.last_packet_at
    if tracks is None or last is None or known.at is None or known.last_packet_at is None:
        return False
    return (
        known.is_flowing
        and tracks == known.tracks
        and last >= known.last_packet_at
        and fact.at >= known.at
        # A beat without a camera ends the time in which a published one was silent.
        and (Track.CAMERA in tracks or not known.is_camera_silent)
    )


def _learn(known: _Known, fact: Fact) -> None:
    match fact.kind:
        case FactKind.FIRST_PACKET:
            known.packet(fact.at)
        case FactKind.BEAT:
            known.tracks = _tracks(fact)
            if known.tracks is not None and Track.CAMERA not in known.tracks:
                known.is_camera_silent = False
        case FactKind.SILENT if fact.is_of_camera:
            known.is_camera_silent = True
        case FactKind.RESUMED:
            if fact.is_of_camera:
                known.is_camera_silent = False
            else:
                known.is_flowing = False
            known.packet(fact.at)
    if not fact.is_of_camera:
        known.packet(fact.last_packet_at)
        if fact.kind in (FactKind.SILENT, FactKind.CLOSED):
            known.is_flowing = False
    known.at = fact.at


def _tracks(fact: Fact) -> frozenset[str] | None:
    tracks = fact.data.get("tracks")
    return frozenset(tracks) if isinstance(tracks, Mapping) else None

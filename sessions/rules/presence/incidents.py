"""Incidents: stretches of a session in which our side of the line failed, read from the facts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sessions.rules.presence.connections import Connection, Cut, Span, connections_of, presence_of
from sessions.rules.presence.facts import CloseReason, Fact, FactKind, in_order
from sessions.rules.time.instants import floor_instant, to_datetime

MASS_DROP_WITHIN = timedelta(seconds=15)
MASS_DROP_LEAST = 3


class IncidentKind(StrEnum):
    """What happened."""

    RELAY_DEATH = "relay_death"
    MASS_DROP = "mass_drop"


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, in whole seconds; `participants` are all it cut off, clinicians too.

    It ends when more than half of them are back, or with the session, or for now where that still runs.
    """

    kind: IncidentKind
    began_at: datetime
    ended_at: datetime
    participants: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Loss:
    """Somebody who was in the room, cut off at the last packet known of them."""

    at: datetime
    participant: str
    cut: Cut
    boot: str
    back_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Run:
    """When the session ran, as far as is known."""

    opened_at: datetime
    until: datetime
    removals: dict[str, list[datetime]]
    admissions: dict[str, list[datetime]]
    ended_at: datetime | None
    as_of: datetime
    split: timedelta


def find_incidents(facts: Iterable[Fact], *, silence_split_sec: int, as_of: datetime) -> tuple[Incident, ...]:
    """Find the incidents of one session, in order of time; `as_of` is how far its journals have been read."""
    ordered = in_order(facts)
    opened_at = min((fact.at for fact in ordered if fact.kind is FactKind.OPENED), default=None)
    if opened_at is None or not any(map(_may_cut, ordered)):
        return ()
    ended_at = next((fact.at for fact in ordered if fact.kind is FactKind.ENDED), None)
    run = _Run(
        opened_at=opened_at,
        until=as_of if ended_at is None else min(as_of, max(ended_at, opened_at)),
        removals=_times(ordered, FactKind.REMOVED, FactKind.CONSENT_REVOKED),
        admissions=_times(ordered, FactKind.ADMITTED),
        ended_at=ended_at,
        as_of=as_of,
        split=timedelta(seconds=silence_split_sec),
    )
    present = {
        participant: _spans_of(participant, own, run) for participant, own in _by_person(ordered).items()
    }
    losses = sorted(
        (loss for participant, spans in present.items() for loss in _losses(participant, spans, run)),
        key=lambda loss: (loss.at, loss.participant),
    )
    found = [*_relay_deaths(losses, run), *_mass_drops(losses, present, run)]
    return tuple(_merged(found))


def _may_cut(fact: Fact) -> bool:
    if fact.kind is FactKind.CLOSED:
        return fact.close_reason in (CloseReason.TIMEOUT, CloseReason.SHUTDOWN, CloseReason.BOOT_ENDED)
    return fact.kind in (FactKind.SILENT, FactKind.RESUMED) and not fact.is_of_camera


def _times(ordered: Iterable[Fact], *kinds: FactKind) -> dict[str, list[datetime]]:
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for fact in ordered:
        if fact.kind in kinds and fact.participant is not None:
            found[fact.participant].append(fact.at)
    return found


def _by_person(ordered: Iterable[Fact]) -> dict[str, list[Fact]]:
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in ordered:
        if fact.kind.is_of_relay and fact.participant is not None:
            found[fact.participant].append(fact)
    return found


def _spans_of(participant: str, facts: Iterable[Fact], run: _Run) -> list[tuple[str, Connection, list[Span]]]:
    """Give each connection of a person with its relay boot and the presence it brought."""
    return [
        (
            boot,
            connection,
            presence_of(
                connection,
                admissions=run.admissions.get(participant, []),
                removals=run.removals.get(participant, []),
                ended_at=run.ended_at,
                as_of=run.as_of,
            ),
        )
        for (boot, _), connection in connections_of(facts, run.split).items()
    ]


def _losses(
    participant: str, held: Sequence[tuple[str, Connection, list[Span]]], run: _Run
) -> Iterable[_Loss]:
    every = sorted(span for _, _, spans in held for span in spans)
    for boot, connection, own in held:
        for stretch in connection.stretches:
            at = stretch.last
            was_here = run.opened_at <= at <= run.until and any(start <= at <= end for start, end in own)
            if stretch.cut is None or not was_here:
                continue
            # A silence that was not noticed before the end is none: that presence lasts to the end.
            if stretch.cut is Cut.SILENCE and run.until - at < run.split:
                continue
            others = (span for _, other, spans in held if other is not connection for span in spans)
            if any(start <= at < end for start, end in others):
                continue
            back_at = min((start for start, _ in every if start > at), default=None)
            yield _Loss(at, participant, stretch.cut, boot, back_at)


def _relay_deaths(losses: Iterable[_Loss], run: _Run) -> Iterable[Incident]:
    by_boot: defaultdict[str, list[_Loss]] = defaultdict(list)
    for loss in losses:
        if loss.cut is Cut.RELAY:
            by_boot[loss.boot].append(loss)
    return [_incident(IncidentKind.RELAY_DEATH, own, run) for own in by_boot.values()]


def _mass_drops(
    losses: Iterable[_Loss], present: dict[str, list[tuple[str, Connection, list[Span]]]], run: _Run
) -> Iterable[Incident]:
    silences = [loss for loss in losses if loss.cut is Cut.SILENCE]
    found: list[Incident] = []
    while silences:
        first = silences[0].at
        together = _once_each(loss for loss in silences if loss.at <= first + MASS_DROP_WITHIN)
        here = sum(_is_here(held, first) for held in present.values())
        if len(together) >= max(MASS_DROP_LEAST, (here + 1) // 2):
            found.append(_incident(IncidentKind.MASS_DROP, together, run))
            # Who drops while most are still away belongs to it, and does not begin another one.
            silences = [loss for loss in silences if loss.at > max(found[-1].ended_at, together[-1].at)]
        else:
            silences = silences[1:]
    return found


def _once_each(losses: Iterable[_Loss]) -> list[_Loss]:
    first: dict[str, _Loss] = {}
    for loss in losses:
        first.setdefault(loss.participant, loss)
    return list(first.values())


def _is_here(held: Iterable[tuple[str, Connection, list[Span]]], at: datetime) -> bool:
    return any(start <= at <= end for _, _, spans in held for start, end in spans)


def _incident(kind: IncidentKind, losses: Sequence[_Loss], run: _Run) -> Incident:
    back = sorted(loss.back_at for loss in losses if loss.back_at is not None)
    most = len(losses) // 2
    ended_at = min(back[most], run.until) if len(back) > most else run.until
    began_at = min(loss.at for loss in losses)
    return Incident(
        kind=kind,
        began_at=_floor(began_at),
        ended_at=_floor(max(began_at, ended_at)),
        participants=frozenset(loss.participant for loss in losses),
    )


def _merged(found: Iterable[Incident]) -> Iterable[Incident]:
    """Put incidents in order, as one those of a kind that began in the same second."""
    by_start: dict[tuple[datetime, IncidentKind], Incident] = {}
    for one in found:
        key = one.began_at, one.kind
        same = by_start.get(key, one)
        by_start[key] = Incident(
            one.kind,
            one.began_at,
            max(one.ended_at, same.ended_at),
            one.participants | same.participants,
        )
    return [by_start[key] for key in sorted(by_start)]


def _floor(at: datetime) -> datetime:
    return to_datetime(floor_instant(at))

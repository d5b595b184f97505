"""Facts in few words, all on 2026-11-17 in UTC. Web facts and each relay boot have journals of their own."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sessions.rules.presence.facts import Fact, FactKind

MIDNIGHT = datetime(2026, 11, 17, tzinfo=UTC)
CAMERA = {"camera": {"packets": 9, "bytes": 9}}
VOICE = {"microphone": {"packets": 9, "bytes": 9}}


def t(clock: str) -> datetime:
    """Read `14:05`, `14:05:10` or `14:05:10.25`."""
    hours, minutes, seconds = (*clock.split(":"), "0")[:3]
    return MIDNIGHT + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def spans_of(pairs: Iterable[tuple[datetime, datetime]]) -> list[str]:
    """Write spans as `14:00:00-15:00:00`."""
    return [f"{start:%H:%M:%S}-{end:%H:%M:%S}" for start, end in pairs]


class Ledger:
    """Collects facts and numbers them per journal."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._last: Counter[str] = Counter()

    def _add(
        self, boot: str, kind: FactKind, clock: str, person: str | None, connection: str | None, data: Any
    ):
        self._last[boot] += 1
        fact = Fact(boot, self._last[boot], kind, t(clock), person, connection, data)
        self.facts.append(fact)
        return self

    def web(self, kind: str, clock: str, person: str | None = "p", **data: Any) -> "Ledger":
        return self._add("web-s", FactKind(kind), clock, person, None, data)

    def admitted(self, clock: str, person: str = "p", role: str = "patient") -> "Ledger":
        return self.web("admitted", clock, person, role=role)

    def first(self, clock: str, person: str = "p", connection: str = "c", boot: str = "r1") -> "Ledger":
        data = {"last_packet_at": t(clock).isoformat()}
        return self._add(boot, FactKind.FIRST_PACKET, clock, person, connection, data)

    def beat(
        self,
        clock: str,
        person: str = "p",
        connection: str = "c",
        boot: str = "r1",
        *,
        last: str | None = None,
        tracks: Any = CAMERA,
    ) -> "Ledger":
        data = {"last_packet_at": t(last or clock).isoformat(), "tracks": tracks}
        return self._add(boot, FactKind.BEAT, clock, person, connection, data)

    def silent(
        self,
        clock: str,
        last: str,
        person: str = "p",
        connection: str = "c",
        boot: str = "r1",
        *,
        track: str | None = None,
    ) -> "Ledger":
        data = {"last_packet_at": t(last).isoformat(), "track": track}
        return self._add(boot, FactKind.SILENT, clock, person, connection, data)

    def resumed(
        self,
        clock: str,
        person: str = "p",
        connection: str = "c",
        boot: str = "r1",
        *,
        track: str | None = None,
    ) -> "Ledger":
        return self._add(boot, FactKind.RESUMED, clock, person, connection, {"track": track})

    def closed(
        self,
        clock: str,
        last: str,
        reason: str = "left",
        person: str = "p",
        connection: str = "c",
        boot: str = "r1",
        *,
        inferred: bool = False,
    ) -> "Ledger":
        data = {"last_packet_at": t(last).isoformat(), "reason": reason, "inferred": inferred}
        return self._add(boot, FactKind.CLOSED, clock, person, connection, data)

"""A relay in memory: the same interface as the control connection, the same answers, no media."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from realtime.relay_link import (
    ClockReading,
    LinkDown,
    LinkUp,
    Listener,
    Listeners,
    RelayNews,
    RelayRefusedError,
    RelayUnavailableError,
)
from realtime.wire import relay as wire
from realtime.wire.facts import FactsPage, Journal, JournalFact

_DATA: dict[str, dict[str, Any]] = {
    "beat": {"tracks": {}},
    "silent": {"track": None},
    "resumed": {"track": None},
    "closed": {"reason": "timeout", "inferred": False},
}


class FakeRelay:
    """Hold connections and journals; tests drive it by `tell`, `witness`, `go_away` and `come_back`."""

    def __init__(self) -> None:
        self.boot: str | None = f"boot-{uuid4().hex[:8]}"
        self.clock: ClockReading | None = ClockReading(offset_ns=0, round_trip_ns=1000)
        self.calls: list[wire.Request] = []
        self.connections: dict[str, dict[str, Any]] = {}
        self.closed: dict[str, str] = {}
        self.closed_rooms: dict[str, str] = {}
        self.views: dict[str, wire.ConnectionView] = {}
        self.locks: dict[str, list[str] | None] = {}
        self.journals: dict[str, list[JournalFact]] = {}
        self.acked: dict[str, int] = {}
        self.is_draining = False
        self.is_cut_after: int | None = None
        self.refuses_to_read: set[str] = set()
        self._listeners = Listeners()

    def listen(self, listener: Listener) -> Callable[[], None]:
        return self._listeners.add(listener)

    def tell(self, news: RelayNews) -> None:
        self._listeners.tell(news)

    def go_away(self) -> None:
        self.boot = None
        self.tell(LinkDown())

    def come_back(self, *, boot: str) -> None:
        """Come back; another boot than before holds no connections."""
        self.connections.clear()
        self.views.clear()
        self.locks.clear()
        self.boot = boot
        self.tell(LinkUp(boot))

    def witness(
        self, kind: str, *, room: object, participant: object, connection: object, **data: Any
    ) -> None:
        """Put a fact into this boot's journal and say that it is there."""
        assert self.boot is not None
        lines = self.journals.setdefault(self.boot, [])
        at = data.pop("at", None) or datetime.now(tz=UTC)
        data = _DATA.get(kind, {}) | data
        if kind != "resumed":
            data.setdefault("last_packet_at", at.isoformat())
        lines.append(
            JournalFact(
                seq=len(lines) + 1,
                kind=kind,  # type: ignore[arg-type]
                room=str(room),
                participant=str(participant),
                connection=str(connection),
                at=at,
                mono_ns=len(lines),
                data=data,
            )
        )
        self.tell(wire.FactsEvent(boot=self.boot, last=len(lines)))

    async def call(self, request: wire.Request) -> wire.Ok:
        if self.boot is None:
            raise RelayUnavailableError
        self.calls.append(request)
        match request:
            case wire.ConnectionOpen():
                only = self.locks.get(request.room)
                if only is not None and request.participant not in only:
                    raise RelayRefusedError("locked")
                if self.is_draining and request.connection not in self.connections:
                    raise RelayRefusedError("draining")
                self.connections[request.connection] = request.model_dump()
            case wire.ConnectionClose():
                self.connections.pop(request.connection, None)
                self.closed.setdefault(request.connection, request.reason)
            case wire.RoomClose():
                self.closed_rooms[request.room] = request.reason
                gone = [key for key, held in self.connections.items() if held["room"] == request.room]
                for key in gone:
                    del self.connections[key]
            case wire.ConnectionAllow():
                self._known(request.connection).update(request.model_dump(exclude={"id", "op"}))
            case wire.ConnectionView():
                self._known(request.connection)
                self.views[request.connection] = request
            case wire.RoomLock():
                self.locks[request.room] = request.participants
            case wire.PublishOffer() | wire.SubscribeOffer() | wire.SubscribeAnswer():
                return self._negotiate(request)
            case wire.FactsBoots() | wire.FactsRead() | wire.FactsAck():
                return self._facts(request)
            case _:
                raise RelayRefusedError("unknown_op")
        return wire.Done()

    def _known(self, connection: str) -> dict[str, Any]:
        if connection not in self.connections:
            raise RelayRefusedError("unknown_connection")
        return self.connections[connection]

    def _negotiate(self, request: wire.PublishOffer | wire.SubscribeOffer | wire.SubscribeAnswer) -> wire.Ok:
        held = self._known(request.connection)
        kind = request.op.split(".")[0]
        newest = max(held.get(kind, 0), request.generation)
        if request.generation < newest:
            raise RelayRefusedError("stale_generation")
        held[kind] = newest
        if isinstance(request, wire.SubscribeOffer):
            return wire.SdpOk(sdp="slots")
        if not request.sdp.startswith("v=0"):
            raise RelayRefusedError("bad_sdp")
        return wire.SdpOk(sdp="answer") if isinstance(request, wire.PublishOffer) else wire.Done()

    def _facts(self, request: wire.FactsBoots | wire.FactsRead | wire.FactsAck) -> wire.Ok:
        if isinstance(request, wire.FactsBoots):
            boots = [
                Journal(boot=boot, first=1, last=len(lines), current=boot == self.boot)
                for boot, lines in self.journals.items()
            ]
            return wire.BootsOk(boots=boots)
        if isinstance(request, wire.FactsAck):
            if self.is_cut_after is not None:
                raise RelayUnavailableError
            self.acked[request.boot] = request.upto
            return wire.Done()
        if request.boot in self.refuses_to_read:
            raise RelayUnavailableError
        lines = self.journals[request.boot]
        page = lines[request.after : request.after + request.limit]
        return FactsPage(facts=page, last=len(lines), as_of=datetime.now(tz=UTC))

"""The relay as one object: rooms, connections, the operations on them, and the passing of time."""

from collections.abc import Callable

from realtime.relay.clock import MILLISECOND, SECOND, ClockNotSetError, Monotonic, WebClock
from realtime.relay.connection import Allowed, Connection, StaleGenerationError
from realtime.relay.downlink.views import View
from realtime.relay.drain import Drain
from realtime.relay.facts.journal import Journals
from realtime.relay.locks import Locks
from realtime.relay.negotiation.sdp_read import BadSdpError, read
from realtime.relay.room import Room
from realtime.relay.seat import Environment, PeerFactory
from realtime.wire.facts import CloseReason
from realtime.wire.relay import DrainingEvent, Event, FactsEvent, MediaEvent, RelayErrorId, StatsOk

TICK_SECONDS = 0.02
_SLOW_TICK_NS = 100 * MILLISECOND
# Ticks from one turn of a room to the next: of many rooms only a share has its turn in one tick, so that no
# packet waits for all of them.
_TURNS, _REPORT_TURNS = 5, 50
_MEDIA_STATES = {"connected", "silent", "resumed", "closed"}


class OperationError(Exception):
    """A request that cannot be done; `error` is one of the wire's ids."""

    def __init__(self, error: RelayErrorId, text: str) -> None:
        super().__init__(text)
        self.error: RelayErrorId = error
        self.text = text


class Relay:
    """Forward media between the connections of each room and witness them.

    Every change comes through a method or through `tick`, so a test needs neither sockets nor time.
    """

    def __init__(
        self,
        *,
        boot: str,
        environment: Environment,
        journals: Journals,
        clock: WebClock,
        now: Monotonic,
        emit: Callable[[Event], None],
    ) -> None:
        self.boot = boot
        self.rooms: dict[str, Room] = {}
        self.connections: dict[str, Connection] = {}
        self._environment = environment
        self._factory = PeerFactory(environment)
        self._journals = journals
        self._clock = clock
        self._now = now
        self._emit = emit
        self._started_ns = now()
        self._slow_due_ns = 0
        self._second_due_ns = 0
        self._facts_told = 0
        self._drain = Drain()
        self._locks = Locks(is_used=self.rooms.__contains__)

    def open(self, *, room: str, connection: str, participant: str, allowed: Allowed) -> None:
        """Make a seat; idempotent for the same room and participant."""
        now_ns = self._now()
        self._clock.wall(now_ns)  # raises while nobody has set the clock: no fact could be written
        held = self.connections.get(connection)
        if held is None:
            if self.is_draining and room not in self.rooms:
                raise OperationError("draining", "this relay ends soon and takes no new rooms")
            if not self._locks.admits(room, participant):
                raise OperationError("locked", "the room is locked, and this person is not on its list")
            held = Connection(
                room=room,
                connection=connection,
                participant=participant,
                environment=self._environment,
                factory=self._factory,
                journals=self._journals,
                clock=self._clock,
                changed=lambda at_ns: self._refresh(room, at_ns),
                changed_for_itself=self._refresh_for,
                announce=self._announce,
                now_ns=now_ns,
            )
            self.connections[connection] = held
            if room not in self.rooms:
                self.rooms[room] = Room(room=room, environment=self._environment, emit=self._emit)
            self.rooms[room].add(held)
            held.allow(allowed)
            return  # nothing is published yet, and nobody listens
        if (held.room, held.participant) != (room, participant):
            raise OperationError("bad_request", "this connection belongs to another room or participant")
        self.allow(connection=connection, allowed=allowed)

    def publish_offer(self, *, connection: str, generation: int, sdp: str) -> str:
        """Answer a browser's offer to send."""
        held = self._connection(connection)
        return held.publish(generation=generation, offer=read(sdp), now_ns=self._now())

    def subscribe_offer(self, *, connection: str, generation: int, restart: bool = False) -> str:
        """Offer the slots to a browser, with new ICE credentials if asked for."""
        held = self._connection(connection)
        return held.subscribe(generation=generation, now_ns=self._now(), restart=restart)

    def subscribe_answer(self, *, connection: str, generation: int, sdp: str) -> None:
        """Take the browser's answer, and tell it who is in its slots."""
        held = self._connection(connection)
        now_ns = self._now()
        held.subscribed(generation=generation, answer=read(sdp), now_ns=now_ns)
        self._refresh_for(held, now_ns)
        self.rooms[held.room].announce_slots(held)

    def allow(self, *, connection: str, allowed: Allowed) -> None:
        """Set what of a connection is forwarded, and to whom."""
        held = self._connection(connection)
        held.allow(allowed)
        self._refresh(held.room, self._now())

    def look(self, *, connection: str, view: View) -> None:
        """Take what somebody looks at."""
        held = self._connection(connection)
        self.rooms[held.room].look(held, view, self._now())

    def lock(self, *, room: str, participants: list[str] | None) -> None:
        """Let only these open connections in a room from now on; those that are there stay."""
        self._locks.set(room, participants)

    def close(self, *, connection: str, reason: CloseReason) -> None:
        """End a connection; idempotent."""
        now_ns = self._now()
        held = self.connections.pop(connection, None)
        if held is None:
            return
        held.close(reason, now_ns)
        room = self.rooms[held.room]
        room.remove(held)
        if not room.connections:
            del self.rooms[held.room]
        self._emit(
            MediaEvent(
                room=held.room,
                connection=held.id,
                participant=held.participant,
                state="closed",
                reason=reason,
            )
        )
        self._refresh(held.room, now_ns)

    def close_room(self, *, room: str, reason: CloseReason) -> None:
        """End every connection of a room; idempotent."""
        for connection in [each.id for each in self.connections.values() if each.room == room]:
            self.close(connection=connection, reason=reason)
        self._locks.set(room, None)

    def close_all(self, reason: CloseReason) -> None:
        """End everything, because the process ends."""
        for connection in list(self.connections):
            try:
                self.close(connection=connection, reason=reason)
            except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the others get their fact, too
                self.fault("close_fault")

    @property
    def is_draining(self) -> bool:
        """Say whether an end is planned, so that no new rooms are taken."""
        return self._drain.is_on

    @property
    def is_over(self) -> bool:
        """Say whether a planned end has come: every room is empty, or the time is up."""
        return self._drain.is_over(is_empty=not self.rooms, now_ns=self._now())

    def drain(self, seconds: int | None, *, is_final: bool = False) -> None:
        """Plan to end in so many seconds or when all rooms are empty; None takes it back, unless final."""
        if seconds is not None:
            self._drain.begin(seconds, is_final=is_final, now_ns=self._now())
        elif not self._drain.cancel():
            raise OperationError("draining", "the process was told to end, which cannot be taken back")
        self._emit(self._draining())

    def _draining(self) -> DrainingEvent:
        return DrainingEvent(seconds=self._drain.remaining(self._now()))

    def fault(self, reason: str) -> None:
        """Count and log an exception that a fence has caught."""
        self._environment.counters.fault(reason)

    def stats(self) -> StatsOk:
        """Count."""
        counters = self._environment.counters
        return StatsOk(
            boot=self.boot,
            uptime_seconds=(self._now() - self._started_ns) / SECOND,
            rooms=len(self.rooms),
            connections=len(self.connections),
            packets_in=counters.packets_in,
            packets_out=counters.packets_out,
            bytes_in=counters.bytes_in,
            bytes_out=counters.bytes_out,
            dropped=dict(counters.dropped),
        )

    def state(self) -> list[Event]:
        """Return the events that bring a web process up to date which has just connected."""
        events: list[Event] = []
        for held in self.connections.values():
            if held.is_connected:
                events.append(_media(held, "silent" if held.witness.is_silent else "connected"))
            slots = self.rooms[held.room].slots_of(held)
            if slots is not None:
                events += [slots, self.rooms[held.room].quality_of(held)]
        for room in self.rooms.values():
            events.extend(room.speakers())
        events.append(FactsEvent(boot=self.boot, last=self._journals.current.last))
        if self.is_draining:
            events.append(self._draining())
        return events

    def tick(self) -> None:
        """Do what time asks for; called every 20 ms."""
        now_ns = self._now()
        for held in self.connections.values():
            if held.is_asking:
                self._safely(_ask_publishers, held, now_ns)
        if now_ns >= self._slow_due_ns:
            self._slow_due_ns = now_ns + _SLOW_TICK_NS
            self._slow_tick(now_ns)
        if now_ns >= self._second_due_ns:
            self._second_due_ns = now_ns + SECOND
            self._safely(self._journals.retry)
        rooms = self.rooms.values()
        turns, reports = 1 + len(rooms) // _TURNS, 1 + len(rooms) // _REPORT_TURNS
        for room in [each for each in rooms if now_ns >= each.tick_due_ns][:turns]:
            room.tick_due_ns = now_ns + _SLOW_TICK_NS
            self._safely(room.tick, now_ns)
        for room in [each for each in rooms if now_ns >= each.report_due_ns][:reports]:
            room.report_due_ns = now_ns + SECOND
            for held in room.connections.values():
                self._safely(_report, room, held, now_ns)

    def _safely(self, action: Callable[..., None], *arguments: object) -> None:
        """Do one thing for one connection or room; what goes wrong with it must not stop those after it."""
        try:
            action(*arguments)
        except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next one is another's
            self._environment.counters.fault("tick_fault")

    def _slow_tick(self, now_ns: int) -> None:
        for held in list(self.connections.values()):
            self._safely(held.tick, now_ns)
            self._safely(self._close_forgotten, held, now_ns)
        last = self._journals.current.last
        if last != self._facts_told:
            self._facts_told = last
            self._emit(FactsEvent(boot=self.boot, last=last))

    def _close_forgotten(self, held: Connection, now_ns: int) -> None:
        if held.is_forgotten(now_ns):
            self.close(connection=held.id, reason="timeout")

    def _connection(self, connection: str) -> Connection:
        held = self.connections.get(connection)
        if held is None:
            raise OperationError("unknown_connection", "the relay holds no such connection")
        return held

    def _refresh(self, room: str, now_ns: int) -> None:
        held = self.rooms.get(room)
        if held is not None:
            held.refresh(now_ns)

    def _refresh_for(self, held: Connection, now_ns: int) -> None:
        room = self.rooms.get(held.room)
        if room is not None and held.id in room.connections:
            room.refresh_for(held, now_ns)

    def _announce(self, held: Connection, state: str) -> None:
        if state in _MEDIA_STATES:
            self._emit(_media(held, state))


def _report(room: Room, held: Connection, now_ns: int) -> None:
    held.report(room.bitrate(held), now_ns)


def _ask_publishers(held: Connection, now_ns: int) -> None:
    for producer in held.producers.values():
        producer.ask(now_ns)


def _media(held: Connection, state: str) -> MediaEvent:
    return MediaEvent.model_validate(
        {
            "room": held.room,
            "connection": held.id,
            "participant": held.participant,
            "state": state,
        }
    )


__all__ = ["Allowed", "BadSdpError", "ClockNotSetError", "OperationError", "Relay", "StaleGenerationError"]

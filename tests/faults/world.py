"""One schedule from beginning to end, second by second, without a clock of this machine."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from math import floor
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from channels.layers import channel_layers
from django.db import connection as database
from django.db.models import Q

from realtime.wire.relay import Ok
from sessions.models import FactCursor, GroupSession, Participation, PresenceEvent, SessionState
from sessions.selectors.ledger.facts import web_boot
from sessions.services import room
from tests.cast import Cast
from tests.faults.breaking import Breakage
from tests.faults.person import Media, Person
from tests.faults.plan import Plan
from tests.faults.relay_host import Boot, RelayHost
from tests.faults.simulated_time import BASE, SECOND, Clocks, since_base
from tests.faults.truth import Truth
from tests.faults.web_host import Loop, Machine, Process

T = TypeVar("T")

# Rarer than in life, where both come every second: the rows are the truth, so only the cost differs.
INGEST_SECONDS = (8, 30, 45, 60, 90)
SWEEP_SECONDS = (40, 150, 200, 300)
AFTERMATH_MS = 10 * SECOND
ROUNDS_TO_REST = 4
# Short enough for a session of minutes to earn credit and to be abandoned.
TERMS = {"min_credit_min": 1, "auto_end_min": 2}


class World:
    """Everything of one schedule."""

    def __init__(self, plan: Plan, cast: Cast, folder: Path, loop: Loop) -> None:
        self.plan = plan
        self.luck = random.Random(plan.seed * 7919 + 1)
        self.clocks = Clocks()
        self.truth = Truth(self.clocks)
        self.relay = RelayHost(folder, self.clocks, self.luck)
        self.offsets: dict[str, int] = {}
        self.machine = Machine(
            clocks=self.clocks,
            relay=self.relay,
            loop=loop,
            luck=self.luck,
            clock_told=self._clock_told,
        )
        self.web = Process("web", self.machine, is_worker=not plan.is_split, has_redis=plan.is_split)
        self.processes = [self.web]
        if plan.is_split:
            self.processes.append(Process("worker", self.machine, is_worker=True, has_redis=True))
        self.group_session_id: UUID = cast.group_session.pk
        users = [cast.therapist, cast.patient, *cast.more_patients]
        self.people = [
            Person(role, user, self, random.Random(plan.seed * 31 + number))
            for number, (role, user) in enumerate(zip(plan.people, users, strict=False))
        ]
        self.wants_removed: list[Person] = []
        self.tried: list[float] = []
        self.confirmed: list[tuple[str, float]] = []
        self.evicted: list[str] = []
        self._breakage = Breakage(self)
        self._breaks = list(plan.breaks)
        self._pause_ends: int | None = None
        self._removed: dict[str, int] = {}
        self._ingest_seconds = self.luck.choice(INGEST_SECONDS)
        self._sweep_seconds = self.luck.choice(SWEEP_SECONDS)
        self._ingests_at = self._sweeps_at = 0
        self._admits_at: dict[str, int] = {}
        self._acts_at = 0
        self._own_facts: list[tuple[str, float]] = []
        self._is_over_since: int | None = None
        self.is_open = False

    @property
    def is_over(self) -> bool:
        """Say whether the session has ended, as far as the pages know."""
        return self._is_over_since is not None

    # Running

    def run(self) -> None:
        """Live through the schedule and its aftermath, until the result is final."""
        self.clocks.ms = 0
        with database.execute_wrapper(self.machine.door):
            end = self.plan.opens_ms + 600 * SECOND
            while self.clocks.ms < end + 400 * SECOND:
                self._second()
                self.clocks.ms += SECOND
                if self._is_over_since is not None and self._is_settled():
                    break
            self._come_to_rest()

    def close(self) -> None:
        """Let go of files and of the process-wide channel layer."""
        channel_layers.backends.pop("default", None)
        self.relay.close()

    def _is_settled(self) -> bool:
        assert self._is_over_since is not None
        if not self._breakage.is_over or self.clocks.ms < self._is_over_since + AFTERMATH_MS:
            return False
        return all(process.is_up for process in self.processes) and self.relay.boot is not None

    def _second(self) -> None:
        start = self.clocks.ms
        self._breakage.follow()
        for process in self.processes:
            process.follow()
        for person in self.people:
            person.send()
        for person in self.people:
            self.clocks.ms = start + 10 + person.lag
            person.tick()
        self.clocks.ms = start + 500
        self._lead()
        self.clocks.ms = start + 600
        if self.relay.boot is not None:
            self.relay.boot.relay.tick()
            self._watch_closes(self.relay.boot)
        self.clocks.ms = start + 700
        self._background()
        self.clocks.ms = start

    def _background(self) -> None:
        if self.clocks.ms >= self._ingests_at:
            self._ingests_at = self.clocks.ms + self.luck.randrange(1, 2 * self._ingest_seconds) * SECOND
            for process in self.processes:
                process.ingest()
        if self.clocks.ms >= self._sweeps_at:
            self._sweeps_at = self.clocks.ms + self.luck.randrange(1, 2 * self._sweep_seconds) * SECOND
            for process in self.processes:
                process.sweep()
            self._look_if_over()
            self._tell_seats()

    def _come_to_rest(self) -> None:
        """Let the background work come to rest, everything being well."""
        for _ in range(ROUNDS_TO_REST):
            if self.is_final():
                return
            self.clocks.ms += 6 * SECOND
            for process in self.processes:
                process.follow()
                process.ingest()
            self.clocks.ms += 61 * SECOND
            for process in self.processes:
                process.sweep()

    def is_final(self) -> bool:
        """Say whether the result is final and nothing is due."""
        due = GroupSession.objects.filter(pk=self.group_session_id).filter(
            Q(is_attendance_due=True) | Q(ended_at=None) | Q(attendance_records__is_final=False)
        )
        unread = [boot for boot, last in self.relay.count().items() if self.cursors()[boot] < last]
        return not unread and not due.exists()

    # What people need of it

    def can_use_sockets(self) -> bool:
        """Say whether a browser can reach a server whose channel layer works."""
        return self.web.is_up and not self.machine.shared_leases.is_away

    def act(self, service: Callable[..., T], **arguments: object) -> T | None:
        """Let somebody do something by way of their socket."""
        if not self.can_use_sockets():
            return None
        at = since_base(self.clocks.web())
        self.tried.append(at)
        result = self.web.act(service, **arguments)
        if result is not None and result is not False and service in CONFIRMED:
            self.confirmed.append((CONFIRMED[service], at))
        return result

    def open(self, person: Person) -> Ok | None:
        """Take a seat's place on the relay."""
        return self.web.ask(self.web.link.call(person.open_request()))

    def attach(self, person: Person) -> Media | None:
        """Finish the handshake of a seat's peer connections, and send the first packet."""
        boot, connection = self.relay.boot, str(person.connection)
        held = boot.attach(connection, camera=person.has_camera) if boot is not None else None
        if boot is None or held is None:
            return None
        media = Media(boot, held, connection)
        self.packet(person, media)
        return media

    def publish(self, person: Person) -> None:
        """Let the relay hear of a camera switched on or off."""
        if person.media is not None and self.is_alive(person.media):
            person.media.boot.attach(person.media.connection, camera=person.has_camera)

    def is_alive(self, media: Media) -> bool:
        """Say whether packets on it still reach a relay that takes them."""
        return media.boot is self.relay.boot and not media.held.is_closed

    def packet(self, person: Person, media: Media) -> None:
        """Bring one authenticated packet to the relay, and remember that it was there."""
        if not self.is_alive(media):
            return
        now_ns = media.boot.now()
        media.held.authenticated(now_ns)
        if person.has_camera:
            media.held.camera_authenticated(now_ns)
        relay_time = (now_ns + self.offsets[media.boot.name]) / 1e9 - BASE.timestamp()
        self.truth.on(person.key, media.boot.name, media.connection).saw(self.clocks.ms, relay_time)

    def revoke(self, person: Person) -> None:
        """Let a patient take a consent back on another page."""
        self.act(room.revoke_consent, group_session_id=self.group_session_id, participant=person.user.pk)

    def _clock_told(self, boot: Boot, offset_ns: int) -> None:
        self.offsets[boot.name] = offset_ns

    # What the facilitator does

    def _lead(self) -> None:
        leader = self.people[0]
        if not leader.has_socket or leader.seat != "in" or self.clocks.ms < self._acts_at:
            return
        ms, group = self.clocks.ms, {"actor": leader.user, "group_session_id": self.group_session_id}
        if not self.is_open:
            if ms >= self.plan.opens_ms:
                self._soon(self.act(room.open_session, **group))
                self.is_open = self._state() != SessionState.SCHEDULED
        elif not self.is_over:
            self._run_group(group)

    def _run_group(self, group: dict[str, object]) -> None:
        ms = self.clocks.ms
        if self.plan.ends_ms is not None and ms >= self.plan.ends_ms:
            self._soon(self.act(room.end_session, **group))
            self._look_if_over()
            return
        if self._breaks and ms >= self._breaks[0].ms and self._pause_ends is None:
            if self._soon(self.act(room.start_break, **group)):
                self._pause_ends = ms + self._breaks.pop(0).lasts_ms
            return
        if self._pause_ends is not None and ms >= self._pause_ends:
            self._soon(self.act(room.end_break, **group))
            self._pause_ends = None
            return
        for person in self.people[1:]:
            self._look_after(person, group)

    def _look_after(self, person: Person, group: dict[str, object]) -> None:
        ms, who = self.clocks.ms, {**group, "participant": person.user.pk}
        if person.key in self._removed:
            if ms >= self._removed[person.key]:
                del self._removed[person.key]
                self.act(room.readmit, **who)
        elif person in self.wants_removed:
            self.wants_removed.remove(person)
            if self.act(_remove, **who):
                person.forget_seat()
                self._removed[person.key] = ms + self.luck.randrange(5, 90) * SECOND
        elif person.has_socket and person.seat == "waiting":
            due = self._admits_at.setdefault(person.key, ms + self.luck.randrange(1, 15) * SECOND)
            if ms >= due:
                del self._admits_at[person.key]
                if self.act(_admit, **who):
                    person.admitted()

    def _soon(self, result: T | None) -> T | None:
        self._acts_at = self.clocks.ms + self.luck.randrange(1, 4) * SECOND
        return result

    # What is seen from outside

    def _state(self) -> SessionState:
        return SessionState(
            GroupSession.objects.values_list("state", flat=True).get(pk=self.group_session_id)
        )

    def _look_if_over(self) -> None:
        if self._is_over_since is None and self._state().is_final:
            self._is_over_since = self.clocks.ms

    def _watch_closes(self, boot: Boot) -> None:
        for event in boot.events:
            if event.event == "media" and event.state == "closed":
                seen = self.truth.witnessed.get((boot.name, event.connection))
                if seen is None:
                    continue
                if event.reason in ("left", "superseded", "timeout", "shutdown"):
                    seen.own_closes.append(self.clocks.ms)
                if event.reason == "timeout" and seen.packets[-1] > self.clocks.ms - 20 * SECOND:
                    self.evicted.append(event.connection)
        boot.events.clear()

    def _tell_seats(self) -> None:
        """Let every page learn whether its place is still its own, as its socket would tell it."""
        if not self.can_use_sockets():
            return
        places = {
            place.user_id: place
            for place in Participation.objects.filter(group_session=self.group_session_id)
        }
        for person in self.people:
            place = places.get(person.user.pk)
            if person.connection is not None and place is not None:
                if place.connection != person.connection:
                    person.lose_seat()
                elif place.is_seated:
                    person.seat = "in"

    def read_decisions(self) -> None:
        """Take over what the web side decided: its own facts, in the order it numbered them."""
        for fact in PresenceEvent.objects.filter(source_boot=web_boot(self.group_session_id)).order_by("seq"):
            at, who = since_base(fact.at), str(fact.participant)
            self._own_facts.append((fact.kind, at))
            match fact.kind:
                case "opened":
                    self.truth.opened = at
                case "ended":
                    self.truth.ended = at
                case "admitted":
                    self.truth.of(who).admitted.append(at)
                case "removed" | "consent_revoked":
                    self.truth.of(who).removed.append(at)

    def pauses(self) -> list[tuple[int, int]]:
        """Give the breaks that were taken, in whole seconds after the base."""
        found: list[tuple[int, int]] = []
        since: float | None = None
        for kind, at in self._own_facts:
            if kind == "break_started":
                since = at
            elif kind in ("break_ended", "ended") and since is not None:
                found.append((floor(since), max(floor(since), floor(at))))
                since = None
        return found

    def cursors(self) -> Counter[str]:
        """Give the number of the last fact of each boot that is in."""
        return Counter(dict(FactCursor.objects.values_list("pk", "seq")))


def _admit(**arguments: object) -> bool:
    room.admit(**arguments)  # type: ignore[arg-type]
    return True


def _remove(**arguments: object) -> bool:
    room.remove(reason=room.RemovalReason.DISRUPTIVE, **arguments)  # type: ignore[arg-type]
    return True


CONFIRMED: dict[Callable[..., object], str] = {
    room.open_session: "opened",
    room.start_break: "break_started",
    room.end_break: "break_ended",
    room.end_session: "ended",
    room.leave: "left",
    room.revoke_consent: "consent_revoked",
    _admit: "admitted",
    _remove: "removed",
}
"""What is witnessed of services that somebody was told had worked."""

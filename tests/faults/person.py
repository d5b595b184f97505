"""Somebody with a browser: joins, waits, sends, drops, changes devices, and tries again like a page."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from realtime.relay.connection import Connection
from realtime.seat import LINGER_SECONDS, SEATED_LEASE_SECONDS, WAITING_LEASE_SECONDS
from realtime.wire import relay as wire
from sessions.models import ParticipationState
from sessions.services import room
from telehealth.accounts.models import User
from tests.faults.plan import Moment, Role
from tests.faults.relay_host import Boot
from tests.faults.simulated_time import SECOND

if TYPE_CHECKING:
    from tests.faults.world import World

HEARTBEAT_MS = 5 * SECOND


@dataclass
class Media:
    """Peer connections that are up: to this boot's connection."""

    boot: Boot
    held: Connection
    connection: str


@dataclass
class Person:
    """One account and the device it uses now; an older device may still be sending."""

    role: Role
    user: User
    world: World
    luck: random.Random
    seat: str = "none"
    has_socket: bool = False
    connection: UUID | None = None
    secret: str = ""
    media: Media | None = None
    older: list[Media] = field(default_factory=list)
    offline_until: int = -(10**9)
    away_until: int = -(10**9)
    is_gone: bool = False
    is_taking_over: bool = False
    is_reloading: bool = False
    tries_at: int = -(10**9)
    opens_at: int | None = None
    ready_at: int | None = None
    beats_at: int = 0
    is_opened: bool = False
    link_boot: str | None = None
    has_camera: bool = True

    def __post_init__(self) -> None:
        self._acts = list(self.role.acts)
        self.has_camera = self.role.has_camera
        self.lag = self.luck.randrange(0, 400)

    @property
    def key(self) -> str:
        """Give the id the truth knows the person by."""
        return str(self.user.pk)

    @property
    def is_sending(self) -> bool:
        """Say whether packets leave the device and a relay is there for them."""
        return self.media is not None and not self.is_offline

    @property
    def is_offline(self) -> bool:
        """Say whether the device's network is down."""
        return self.world.clocks.ms < self.offline_until

    @property
    def wants_in(self) -> bool:
        """Say whether the person means to be there now."""
        ms = self.world.clocks.ms
        return not self.is_gone and ms >= self.role.arrives_ms and ms >= self.away_until

    def tick(self) -> None:
        """Live one second."""
        self._act_as_planned()
        self._notice_dead_ends()
        if not self.wants_in or self.is_offline or self.world.is_over:
            return
        web = self.world.web
        if self.has_socket and not web.is_up:
            self._lose_socket()
        if not self.has_socket:
            self._try_to_join()
        elif self.world.clocks.ms >= self.beats_at:
            self._beat()
        if self.has_socket and self.seat == "in":
            self._keep_media()

    def send(self) -> None:
        """Send this second's packet on every device that still sends."""
        if self.is_offline or self.is_gone:
            return
        for media in (*self.older, self.media):
            if media is not None:
                self.world.packet(self, media)

    def stop(self) -> None:
        """Stop sending for good on the present device."""
        if self.media is not None and not self.is_offline:
            self.world.packet(self, self.media)
        self.media = None
        self.older.clear()
        self.opens_at = self.ready_at = None
        self.is_opened = False

    # What was planned

    def _act_as_planned(self) -> None:
        ms = self.world.clocks.ms
        if self.role.leaves_ms is not None and ms >= self.role.leaves_ms and not self.is_gone:
            self._leave()
            self.is_gone = True
        while self._acts and self._acts[0].ms <= ms:
            self._do(self._acts.pop(0))

    def _do(self, act: Moment) -> None:
        ms = self.world.clocks.ms
        match act.kind:
            case "drop":
                self.stop_network(act.lasts_ms)
            case "other_device" if self.connection is not None and self.wants_in:
                if self.media is not None:
                    self.older.append(self.media)
                self.media, self.opens_at, self.ready_at, self.is_opened = None, None, None, False
                self.has_socket, self.connection, self.is_taking_over = False, None, True
            case "leave":
                self._leave()
                self.away_until = ms + act.lasts_ms
            case "reload":
                self.stop()
                self._lose_socket()
                self.is_reloading = True
                self.tries_at = ms + act.lasts_ms
            case "removed":
                self.world.wants_removed.append(self)
            case "revoked":
                self.world.revoke(self)
            case "camera" if self.media is not None:
                self.has_camera = not self.has_camera
                self.world.publish(self)

    def stop_network(self, lasts_ms: int) -> None:
        """Lose the network: the last packet goes out, nothing comes or goes then."""
        if self.media is not None:
            self.world.packet(self, self.media)
        self.offline_until = self.world.clocks.ms + lasts_ms
        self._lose_socket()

    def _leave(self) -> None:
        self.stop()
        if self.has_socket and self.connection is not None:
            self.world.act(
                room.leave,
                actor=self.user,
                group_session_id=self.world.group_session_id,
                connection=self.connection,
            )
        self.forget_seat()

    # Socket and seat

    def _lose_socket(self) -> None:
        self.has_socket = False
        self.tries_at = self.world.clocks.ms + self.luck.randrange(500, 5000)
        web = self.world.web
        if web.is_up and self.connection is not None:
            web.ask(web.leases.renew(str(self.connection), "socket", LINGER_SECONDS))

    def forget_seat(self) -> None:
        """Hold no place any more; whatever still sends, sends until the relay is told."""
        self.has_socket, self.seat, self.connection = False, "none", None
        self.opens_at = self.ready_at = None
        self.is_opened = False

    def lose_seat(self) -> None:
        """Learn that the place is no longer held from here."""
        self.stop()
        self.forget_seat()
        self.tries_at = self.world.clocks.ms + self.luck.randrange(500, 6000)

    def _try_to_join(self) -> None:
        world = self.world
        if world.clocks.ms < self.tries_at or not world.can_use_sockets():
            return
        self.tries_at = world.clocks.ms + self.luck.randrange(2000, 5000)
        made, secret = uuid4_of(self.luck), f"{self.luck.randrange(10**12)}"
        web = world.web
        if web.ask(_done(web.leases.renew(str(made), "socket", SEATED_LEASE_SECONDS))) is None:
            return
        resume = room.Resume(self.connection, self.secret) if self.connection is not None else None
        entry = world.act(
            room.enter_room,
            actor=self.user,
            group_session_id=world.group_session_id,
            connection=made,
            secret_hash=secret,
            microphone=True,
            camera=self.has_camera,
            take_over=self.is_taking_over,
            resume=resume,
        )
        if entry is None:
            self.is_taking_over = True  # the page asks, the person confirms
            return
        self.is_taking_over = False
        if not entry.is_resumed:
            # This device builds anew; what it sent on before is closed by the page.
            if self.connection is not None or self.is_reloading:
                self.stop()
            self.media, self.opens_at, self.ready_at, self.is_opened = None, None, None, False
            self.secret = secret
        self.is_reloading = False
        self.connection, self.has_socket = entry.connection, True
        self.seat = "in" if entry.state == ParticipationState.IN_ROOM or entry.state.is_seated else "waiting"
        self.link_boot = None
        self._beat()

    def admitted(self) -> None:
        """Hear that the door is open."""
        self.seat = "in"

    def _beat(self) -> None:
        self.beats_at = self.world.clocks.ms + HEARTBEAT_MS
        web = self.world.web
        seconds = SEATED_LEASE_SECONDS if self.seat == "in" else WAITING_LEASE_SECONDS
        if self.connection is None:
            return
        if web.ask(_done(web.leases.renew(str(self.connection), "socket", seconds))) is None:
            self.has_socket = False

    # Media

    def _notice_dead_ends(self) -> None:
        self.older = [each for each in self.older if self.world.is_alive(each)]
        if self.media is not None and not self.world.is_alive(self.media):
            self.media = None
            self.opens_at = self.ready_at = None
            self.is_opened = False

    def _keep_media(self) -> None:
        ms, world = self.world.clocks.ms, self.world
        link = world.web.link
        if link.boot is None:
            return
        if self.link_boot != link.boot:
            # The seat takes its place on the relay whenever the link comes (back) up.
            self.link_boot, self.is_opened = link.boot, False
        if not self.is_opened:
            if self.opens_at is None:
                self.opens_at = ms + self.luck.randrange(0, 2000)
            if ms < self.opens_at:
                return
            self.opens_at = ms + 2000
            if world.open(self) is None:
                return
            self.is_opened = True
            if self.media is None:
                self.ready_at = ms + self.luck.randrange(300, 3000)
        if self.media is None and self.ready_at is not None and ms >= self.ready_at:
            self.media = world.attach(self)
            self.ready_at = None
            self.is_opened = self.media is not None

    def open_request(self) -> wire.ConnectionOpen:
        """Say what the web side asks of the relay for this seat."""
        return wire.ConnectionOpen(
            id=0,
            room=str(self.world.group_session_id),
            connection=str(self.connection),
            participant=self.key,
            microphone=True,
            camera=self.has_camera,
        )


async def _done(work: object) -> bool:
    await work  # type: ignore[misc]
    return True


def uuid4_of(luck: random.Random) -> UUID:
    """Make an id that the seed decides."""
    return UUID(int=luck.getrandbits(128), version=4)

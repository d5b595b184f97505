"""Turn what arrives on a connection into facts, each written before anything else happens."""

from collections.abc import Callable
from typing import Protocol

from pydantic import JsonValue

from realtime.relay.clock import SECOND, WebClock, iso
from realtime.relay.facts.journal import Journals
from realtime.relay.facts.liveness import Change, Liveness
from realtime.wire.facts import CloseReason, RelayFactKind, Track

BEAT_EVERY_NS = 5 * SECOND


class TrackCounters(Protocol):
    """What a beat says about one track."""

    packets: int
    octets: int


class Witness:
    """Follow one connection from its first packet to its end.

    A connection that never sent an authenticated packet leaves no fact at all: nothing was witnessed.
    """

    def __init__(
        self,
        *,
        room: str,
        participant: str,
        connection: str,
        journals: Journals,
        clock: WebClock,
        tracks: Callable[[], dict[Track, TrackCounters]],
        announce: Callable[[Change], None],
    ) -> None:
        self._names = {"room": room, "participant": participant, "connection": connection}
        self._journals = journals
        self._clock = clock
        self._tracks = tracks
        self._announce = announce
        self._live = Liveness()
        self._camera: Liveness | None = None
        self._next_beat_ns = 0
        self._last_iso = ""

    @property
    def last_ns(self) -> int | None:
        """When the last authenticated packet came."""
        return self._live.last_ns

    @property
    def is_silent(self) -> bool:
        """Say whether a silence has been noticed and lasts."""
        return self._live.is_silent

    def packet(self, now_ns: int) -> None:
        """Take note of any authenticated packet: SRTP, SRTCP, or STUN."""
        if self._live.goes_on(now_ns):
            return
        if self._live.tick(now_ns) is not None:
            self._silent(now_ns)
        change = self._live.packet(now_ns)
        if change is Change.FIRST:
            self._record("first_packet", now_ns, {"last_packet_at": self._last_packet()})
            self._next_beat_ns = now_ns
        elif change is Change.RESUMED:
            self._record("resumed", now_ns, {"track": None})
        if change is not None:
            self._announce(change)

    def camera_packet(self, now_ns: int) -> None:
        """Take note of an authenticated video packet; `packet` has been called for it before."""
        camera = self._camera
        if camera is None or camera.goes_on(now_ns):
            return
        if camera.tick(now_ns) is not None:
            self._camera_silent(camera, now_ns)
        if camera.packet(now_ns) is Change.RESUMED:
            self._record("resumed", now_ns, {"track": "camera"})

    def published(self, now_ns: int) -> None:
        """Take note that the set of published tracks has changed."""
        if "camera" not in self._tracks():
            self._camera = None
        elif self._camera is None:
            self._camera = Liveness(expected_since_ns=now_ns)
        if self._live.last_ns is not None and not self._live.is_silent:
            self._beat(now_ns)

    def tick(self, now_ns: int) -> None:
        """Notice silences, and write the beat when it is time."""
        if self._live.last_ns is None:
            return
        if self._live.tick(now_ns) is not None:
            self._silent(now_ns)
            self._announce(Change.SILENT)
        if self._camera is not None and self._camera.tick(now_ns) is not None:
            self._camera_silent(self._camera, now_ns)
        if now_ns >= self._next_beat_ns and not self._live.is_silent:
            self._beat(now_ns)

    def closed(self, reason: CloseReason, now_ns: int) -> None:
        """Write the end of the connection."""
        if self._live.last_ns is not None:
            data: dict[str, JsonValue] = {
                "last_packet_at": self._last_packet(),
                "reason": reason,
                "inferred": False,
            }
            self._record("closed", now_ns, data)

    def _beat(self, now_ns: int) -> None:
        self._next_beat_ns = now_ns + BEAT_EVERY_NS
        tracks: dict[str, JsonValue] = {
            track: {"packets": each.packets, "bytes": each.octets} for track, each in self._tracks().items()
        }
        self._record("beat", now_ns, {"last_packet_at": self._last_packet(), "tracks": tracks})

    def _silent(self, now_ns: int) -> None:
        self._record("silent", now_ns, {"last_packet_at": self._last_packet(), "track": None})

    def _camera_silent(self, camera: Liveness, now_ns: int) -> None:
        last = camera.last_ns if camera.last_ns is not None else now_ns
        self._record("silent", now_ns, {"last_packet_at": iso(self._clock.wall(last)), "track": "camera"})

    def _last_packet(self) -> str:
        if self._live.last_ns is not None:
            # A corrected clock must not take back what has been said; equal lengths sort like instants.
            self._last_iso = max(self._last_iso, iso(self._clock.wall(self._live.last_ns)))
        return self._last_iso

    def _record(self, kind: RelayFactKind, now_ns: int, data: dict[str, JsonValue]) -> None:
        self._journals.record(kind, mono_ns=now_ns, data=data, **self._names)

"""The data planes send what every slot would send by itself, count the same, and end in the same state."""

import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import MILLISECOND
from realtime.relay.compiled.library import load
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.packets import vp8
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.encoding import Encoding
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import Source
from tests.relay import planes
from tests.relay.line import Line, Wire, reader

STATE = (
    "last_sequence", "last_timestamp", "last_ns", "sequence_shift", "timestamp_shift", "picture_shift",
    "index_shift", "newest", "packets", "octets", "payload_change",
)  # fmt: skip
VIDEO_HEAD, VOICE_HEAD, MARKER, EXTENDED = 0x9060, 0x906F, 0x80, 0x1000
EXTENSION = b"\xbe\xde\x00\x01\x22abc"


class Stage:
    """Let one encoding of a camera, its other layer, and a microphone feed some slots, all by one seed."""

    def __init__(self, plane: str, seed: int, people: int = 3) -> None:
        self.rng = random.Random(seed)
        self.wire = Wire(plane)
        self.now_ns = 5 * MILLISECOND
        self.lines = [Line(self.wire, ("192.0.2.1", 1000 + each)) for each in range(people)]
        self.feeds = {source: self._producer(source) for source in ("camera", "microphone")}
        self.slots: list[Consumer] = []
        for number, line in enumerate(self.lines):
            for kind, source in (("video", "camera"), ("audio", "microphone")):
                slot = line.slot(
                    kind, 16 * number + len(kind), first_sequence=self.rng.randrange(2**15),
                    first_timestamp=self.rng.randrange(2**32), rtx_ssrc=99,
                )  # fmt: skip
                slot.negotiated(
                    payload=self.rng.choice((96, 111, 120)), rtx_payload=self.rng.choice((97, None))
                )
                if self.rng.random() < 0.7:
                    slot.outgoing.last_sequence = self.rng.randrange(65_500, 65_540)
                    slot.outgoing.last_timestamp = self.rng.randrange(2**32 - 9000, 2**32)
                slot.attach(self.feeds[source], self.now_ns)
                self.slots.append(slot)
        self.newest = {id(each): self.rng.choice((1, 40_000, 2**16 * 7 - 9)) for each in self._encodings()}

    def _producer(self, source: Source) -> Producer:
        return Producer(
            source=source, clock_map=ClockMap(), random_below=self.rng.randrange, plane=self.wire.plane
        )

    def _encodings(self) -> list[Encoding]:
        return [encoding for each in self.feeds.values() for encoding in each.encodings]

    def step(self) -> None:
        """Send packets mostly, one or a burst; now and then change something."""
        rng = self.rng
        self.now_ns += rng.choice((0, 1, 20, 3000)) * MILLISECOND
        line, slot = rng.choice(self.lines), rng.choice(self.slots)
        steps = ("packet", "burst", "full", "away", "layer", "leave", "nack")
        match rng.choices(steps, (40, 20, 2, 1, 2, 1, 3))[0]:
            case "packet":
                self._packet(rng.choice(self._encodings()))
            case "burst":
                self._burst()
            case "full":
                self.wire.is_full = not self.wire.is_full
            case "away":
                line.listen(not line.peer.is_listening)
            case "layer" if slot.producer is not None:
                slot.select(rng.choice((*slot.producer.encodings, None)), self.now_ns)
            case "leave" if slot.producer is not None:
                slot.detach()
            case "leave":
                slot.attach(self.feeds["camera" if slot.kind == "video" else "microphone"], self.now_ns)
            case _:
                newest = slot.outgoing.last_sequence
                slot.nack(tuple((newest - back) & 0xFFFF for back in range(3)), self.now_ns)

    def _burst(self) -> None:
        """Send what a wake-up may bring; how much of it finds no room is each plane's own affair."""
        encodings = self.rng.choices(self._encodings(), k=2)
        was_full, self.wire.is_full = self.wire.is_full, False
        with self.wire.plane.burst(self.wire.counters):
            for _ in range(self.rng.choice((1, 3, 3, 4, 12))):
                self._packet(self.rng.choice(encodings))
        self.wire.is_full = was_full

    def _packet(self, encoding: Encoding) -> None:
        rng = self.rng
        sequence = self.newest[id(encoding)] + rng.choice((1,) * 20 + (0, -1, 2, 5))
        self.newest[id(encoding)] = max(sequence, self.newest[id(encoding)])
        payload, descriptor, is_start = (
            _payload(rng) if encoding.is_video else (b"voice", vp8.NO_DESCRIPTOR, True)
        )
        body = EXTENSION + payload
        head = (VIDEO_HEAD if encoding.is_video else VOICE_HEAD) | rng.choice((0, MARKER))
        if rng.random() < 0.05:
            head &= ~EXTENDED
        timestamp = sequence * 960 + rng.choice((0, 2**32))
        encoding.cache.put(sequence, (head, timestamp, body, descriptor))
        encoding.subscribers.forward(
            encoding, sequence, timestamp, head, body, descriptor, is_start, self.now_ns
        )

    def outcome(self) -> dict[str, Any]:  # of many kinds, to be compared only
        """Return everything by which one could tell the planes apart."""
        counters = self.wire.counters
        return {
            "sent": self.wire.sent,
            "counted": (counters.packets_out, counters.bytes_out, +counters.dropped),
            "slots": [{name: getattr(each.outgoing, name) for name in STATE} for each in self.slots],
            "flags": [(bool(s.outgoing.is_frame_whole), bool(s.outgoing.is_held)) for s in self.slots],
            "left": [(s.resent_bytes, s._held, s._dropped_frame, s._holes) for s in self.slots],
        }


def _payload(rng: random.Random) -> tuple[bytes, vp8.Descriptor, bool]:
    """Write a picture's packet, with running numbers of either width, without some, or of a broken place."""
    picture, index = rng.choice((0, 127, 5000, 0x7FFF)), rng.randrange(256)
    is_key = rng.random() < 0.3
    rest = (b"\x00" if is_key else b"\x01") + rng.randbytes(rng.choice((0, 3, 700, 1310, 1340, 1400)))
    match rng.randrange(7):
        case 0:
            return b"\x90\xc0" + bytes([picture & 0x7F, index]) + rest, (2, picture & 0x7F, 3, index), is_key
        case 1:
            return b"\x90\x80" + bytes([picture & 0x7F]) + rest, (2, picture & 0x7F, 0, 0), is_key
        case 2:
            return b"\x90\x40" + bytes([index]) + rest, (0, 0, 2, index), is_key
        case 3:
            return b"\x10" + rest, vp8.NO_DESCRIPTOR, is_key
        case 4:
            return b"\x90\xc0\xff", (2, picture, 4, index), is_key
        case _:
            numbers = struct.pack("!HB", 0x8000 | picture, index)
            return b"\x90\xc0" + numbers + rest, (2, picture, 4, index), is_key


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_one_story_is_the_same_bit_by_bit_whether_told_to_each_alone_or_to_all_at_once(seed: int) -> None:
    stages = [Stage(plane, seed) for plane in ("alone", *planes.NAMES)]
    for _ in range(120):
        for stage in stages:
            stage.step()
    alone = stages[0].outcome()
    assert alone["sent"]
    for stage in stages[1:]:
        assert stage.outcome() == alone


def speak(stage: Stage, sequence: int) -> None:
    (voice,) = stage.feeds["microphone"].encodings
    voice.subscribers.forward(
        voice, sequence, 960 * sequence, VOICE_HEAD & ~EXTENDED, b"v", vp8.NO_DESCRIPTOR, True, stage.now_ns
    )


def show(stage: Stage, sequence: int, *, is_start: bool = False) -> None:
    camera = stage.feeds["camera"].encodings[0]
    body = EXTENSION + b"\x10\x00" + bytes(20)
    camera.subscribers.forward(
        camera, sequence, 960 * sequence, VIDEO_HEAD, body, vp8.NO_DESCRIPTOR, is_start, 9
    )


@pytest.mark.parametrize("plane", planes.NAMES)
def test_what_simply_goes_on_never_touches_a_slot(plane: str) -> None:
    stage = Stage(plane, 1)
    show(stage, 1, is_start=True)
    for slot in stage.slots:
        slot._send = slot._plain_send = _refuse
    for sequence in range(2, 50):
        show(stage, sequence)
    assert [slot.packets for slot in stage.slots if slot.kind == "video"] == [49] * 3
    with pytest.raises(AssertionError):
        show(stage, 52)


def _refuse(packet: bytes) -> bool:
    raise AssertionError("a slot was asked")


@pytest.mark.parametrize("plane", planes.NAMES)
def test_more_people_than_fit_at_once_are_all_served_and_what_they_get_decrypts(plane: str) -> None:
    people = load().slots_at_once * 2 + 5
    stages = [Stage(each, 3, people=people) for each in ("alone", plane)]
    for stage in stages:
        speak(stage, 1)
        with stage.wire.plane.burst(stage.wire.counters):
            for sequence in range(2, 6):
                speak(stage, sequence)
    assert stages[0].outcome() == stages[1].outcome()
    assert len(stages[1].wire.sent) == people
    for packets in stages[1].wire.sent.values():
        other = reader()
        assert [other.unprotect_rtp(data)[12:] for data in packets] == [b"v"] * 5


@pytest.mark.parametrize("plane", planes.NAMES)
def test_a_burst_goes_on_when_all_of_it_has_come(plane: str) -> None:
    stage = Stage(plane, 3)
    speak(stage, 1)
    before = stage.wire.counters.packets_out
    with stage.wire.plane.burst(stage.wire.counters):
        speak(stage, 2)
        speak(stage, 3)
        assert stage.wire.counters.packets_out == before
    assert stage.wire.counters.packets_out == before + 6


@pytest.mark.parametrize("plane", planes.NAMES)
def test_who_leaves_during_a_burst_still_gets_what_came_before(plane: str) -> None:
    stage = Stage(plane, 3)
    speak(stage, 1)
    leaver = stage.slots[1]
    with stage.wire.plane.burst(stage.wire.counters):
        speak(stage, 2)
        leaver.detach()
        speak(stage, 3)
    assert [slot.packets for slot in stage.slots if slot.kind == "audio"] == [2, 3, 3]


def test_an_encoding_that_fails_during_a_burst_keeps_nobody_else() -> None:
    stage = Stage("python", 3)
    speak(stage, 1)
    show(stage, 1, is_start=True)
    stage.feeds["camera"].encodings[0].subscribers._lanes = None
    stage.feeds["camera"].encodings[0].subscribers._others.append(Broken())  # type: ignore[arg-type]
    stage.feeds["camera"].encodings[0].subscribers.insert(0, Broken())  # type: ignore[arg-type]
    with stage.wire.plane.burst(stage.wire.counters):
        show(stage, 2)
        speak(stage, 2)
    assert stage.wire.counters.dropped["forward_fault"] == 1
    assert [slot.packets for slot in stage.slots if slot.kind == "audio"] == [2] * 3


class Broken:
    """Know nothing of what a subscriber is asked."""


@pytest.mark.parametrize("plane", planes.NAMES)
def test_a_peer_that_ends_takes_its_keys_out_of_reach_and_a_slot_that_leaves_is_forgotten(plane: str) -> None:
    stage = Stage(plane, 5)
    fan_out = stage.feeds["microphone"].encodings[0].subscribers
    speak(stage, 1)
    speak(stage, 2)
    route = stage.lines[0].peer.route
    assert route is not None
    assert route.is_open
    stage.lines[0].peer.close()
    assert (route.is_open, route.srtp) == (False, None)
    speak(stage, 3)
    assert stage.wire.counters.dropped["send_without_path"] == 1
    assert [slot.packets for slot in stage.slots if slot.kind == "audio"] == [3] * 3
    for slot in stage.slots:
        slot.detach()
    assert (list(fan_out), fan_out._followers, fan_out._numbers, fan_out._lanes) == ([], [], [], None)


def test_a_slot_that_follows_stands_where_the_stream_stands_and_leaves_when_its_numbers_are_written() -> None:
    stage = Stage("python", 7)
    speak(stage, 1)
    outgoing = stage.slots[1].outgoing
    before = outgoing.last_sequence, outgoing.packets, outgoing.octets
    assert outgoing.progress is None
    speak(stage, 2)
    assert outgoing.progress is not None
    assert (outgoing.last_sequence, outgoing.packets, outgoing.octets) == tuple(each + 1 for each in before)
    outgoing.timestamp_shift += 7
    assert outgoing.progress is None
    assert (outgoing.last_sequence, outgoing.packets, outgoing.octets) == tuple(each + 1 for each in before)
    speak(stage, 3)
    assert outgoing.last_timestamp == 960 * 3 + outgoing.timestamp_shift
    assert [slot.packets for slot in stage.slots if slot.kind == "audio"] == [3] * 3

"""What goes wrong with one connection stays with it."""

from pathlib import Path

from realtime.relay.packets import rtcp
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import AUDIO


def test_a_connection_whose_state_is_broken_stops_nobody_elses_timers(tmp_path: Path) -> None:
    world = World(tmp_path)
    broken, speaker, listener = (Device(world, name).join() for name in "abc")
    # What cannot be: every timer that looks at this connection's camera fails from now on.
    world.relay.connections["a"].producers["camera"] = None  # type: ignore[assignment]
    world.advance(1.2)
    speaker.speak(b"still here")
    world.advance(1.2)
    assert world.counters.dropped["tick_fault"] > 0
    assert [packet[3] for packet in listener.received(AUDIO)] == [b"still here"]
    reports = [packet for data in listener.subscriber.rtcp for packet in rtcp.parse(data)]
    assert any(isinstance(packet, rtcp.SenderReport) for packet in reports)
    assert broken.connection in world.relay.connections


def test_a_seat_that_cannot_be_cleared_keeps_no_other_that_is_forgotten(tmp_path: Path) -> None:
    world = World(tmp_path)
    devices = [Device(world, name).join() for name in "ab"]
    for device in devices:
        device.speak()
        device.go_away()
    # What cannot be: the first of them fails to close.
    world.relay.connections["a"].publishers = None  # type: ignore[assignment]
    world.advance(200)
    assert world.counters.dropped["tick_fault"] > 0
    assert "b" not in world.relay.connections

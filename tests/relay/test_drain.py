"""A planned end: no new rooms, everybody told, over when empty or when the time is up, and taken back."""

from pathlib import Path

from realtime.relay.clock import SECOND
from realtime.relay.drain import Drain
from realtime.wire.relay import DrainingEvent
from tests.relay.network import World, world


def open_connection(world: World, name: str, room: str) -> None:
    world.ask(
        "connection.open", room=room, connection=name, participant=name, microphone=True, camera=True
    )  # fmt: skip


def told(world: World) -> list[int | None]:
    return [event.seconds for event in world.events if isinstance(event, DrainingEvent)]


def test_a_draining_relay_takes_no_new_rooms_but_people_into_those_it_has(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        open_connection(one, "ana", "room-1")
        one.ask("drain", seconds=60)
        open_connection(one, "ben", "room-1")
        names = {"room": "room-2", "participant": "c", "microphone": True, "camera": True}
        assert one.refused("connection.open", connection="cleo", **names) == "draining"
        assert told(one) == [60]


def test_it_is_over_when_the_last_room_is_empty_or_when_the_time_is_up(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        open_connection(one, "ana", "room-1")
        one.ask("drain", seconds=60)
        one.advance(59, step=1)
        assert not one.relay.is_over
        assert told(one) == [60]
        one.advance(1, step=1)
        assert one.relay.is_over
        one.ask("drain", seconds=600)
        assert not one.relay.is_over
        one.ask("connection.close", connection="ana", reason="left")
        assert one.relay.is_over


def test_a_drain_is_taken_back_and_a_web_process_that_comes_later_hears_of_one(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.ask("drain", seconds=60)
        one.advance(10, step=1)
        assert DrainingEvent(seconds=50) in one.relay.state()
        one.ask("drain", seconds=None)
        assert told(one) == [60, None]
        assert not one.relay.is_over
        assert not any(isinstance(event, DrainingEvent) for event in one.relay.state())
        open_connection(one, "ana", "room-1")


def test_the_supervisors_end_is_neither_taken_back_nor_put_off(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        open_connection(one, "ana", "room-1")
        one.relay.drain(5, is_final=True)
        assert one.refused("drain", seconds=None) == "draining"
        one.ask("drain", seconds=3600)
        one.advance(5, step=1)
        assert one.relay.is_over


def test_remaining_seconds_are_rounded_up() -> None:
    drain = Drain()
    assert drain.remaining(0) is None
    drain.begin(2, is_final=False, now_ns=0)
    assert [drain.remaining(at) for at in (0, 1, SECOND, 2 * SECOND, 9 * SECOND)] == [2, 2, 1, 0, 0]

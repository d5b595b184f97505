"""What was committed is announced in order, and what comes close together comes as one message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import announcer as module
from realtime.announcer import MOST_CHANGES, MOST_WAITING, Announcer
from realtime.groups import GroupMessage, RoomEvents


class Layer:
    """A channel layer that takes its time."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.is_free = asyncio.Event()

    async def tell(self, group: str, message: GroupMessage) -> None:
        await self.is_free.wait()
        self.sent.append((group, dict(message)))

    def of(self, group: str) -> list[dict[str, Any]]:
        return [message for to, message in self.sent if to == group]


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    made = Layer()
    monkeypatch.setattr(module, "tell", made.tell)
    return made


def events(seq: int, changes: int = 1) -> RoomEvents:
    return {
        "type": "room.events",
        "seq": seq,
        "changes": [{"number": seq - changes + 1 + each} for each in range(changes)],
    }


async def settle(layer: Layer) -> None:
    layer.is_free.set()
    for _ in range(2 * MOST_WAITING):
        await asyncio.sleep(0)


async def test_every_change_comes_once_and_in_order_in_fewer_messages(layer: Layer) -> None:
    announcer = Announcer()
    for seq in range(1, 6):
        announcer.say("room.a", events(seq))
    await settle(layer)
    sent = layer.of("room.a")
    assert len(sent) < 5
    assert [change["number"] for message in sent for change in message["changes"]] == [1, 2, 3, 4, 5]
    assert sent[-1]["seq"] == 5
    assert all(message["seq"] == message["changes"][-1]["number"] for message in sent)


async def test_what_does_not_follow_or_is_no_event_stays_a_message_of_its_own(layer: Layer) -> None:
    announcer = Announcer()
    gone: GroupMessage = {"type": "connection.gone", "connection": "c", "why": "left", "but_socket": ""}
    for message in (events(1), events(2), gone, events(3), events(5), {"type": "attendance.changed"}):
        announcer.say("room.a", message)  # type: ignore[arg-type]  # a tuple of different messages
    announcer.say("room.a", {"type": "attendance.changed"})
    await settle(layer)
    kinds = [(message["type"], message.get("seq")) for message in layer.of("room.a")]
    assert kinds == [
        ("room.events", 2),
        ("connection.gone", None),
        ("room.events", 3),
        ("room.events", 5),
        ("attendance.changed", None),
    ]


async def test_a_message_stays_small_and_the_callers_own_is_left_alone(layer: Layer) -> None:
    announcer, own = Announcer(), events(1)
    announcer.say("room.a", events(0))
    announcer.say("room.a", own)
    for seq in range(2, 2 * MOST_CHANGES):
        announcer.say("room.a", events(seq))
    await settle(layer)
    assert max(len(message["changes"]) for message in layer.of("room.a")) == MOST_CHANGES
    assert own == events(1)


async def test_one_room_does_not_wait_for_another_and_none_waits_for_ever(layer: Layer) -> None:
    announcer = Announcer()
    for number in range(3 * MOST_WAITING):
        announcer.say("room.a", events(10 * number))
    announcer.say("room.b", events(1))
    await settle(layer)
    assert len(layer.of("room.a")) == MOST_WAITING
    assert len(layer.of("room.b")) == 1
    await announcer.stop()

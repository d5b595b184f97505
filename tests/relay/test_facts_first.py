"""A fact is in the journal before anything is sent or said because of it."""

from pathlib import Path

from realtime.relay.clock import WebClock
from realtime.relay.facts.journal import Journals
from realtime.relay.facts.liveness import Change
from realtime.relay.facts.witness import Witness
from realtime.wire.relay import Event
from tests.relay.device import Device
from tests.relay.network import Address, World

SECOND = 1_000_000_000


class Watched(World):
    """Note the newest fact at each datagram and each event of the relay."""

    def _send(self, data: bytes, address: Address) -> None:
        self.notes.append(("datagram", self.journals.current.last))
        super()._send(data, address)

    def _emitted(self, event: Event) -> None:
        self.notes.append((getattr(event, "state", event.event), self.journals.current.last))
        super()._emitted(event)

    notes: list[tuple[str, int]]


def numbered(world: World, kind: str) -> int:
    """Return the number of the only fact of a kind."""
    (number,) = (fact["seq"] for fact in world.facts() if fact["kind"] == kind)
    return int(number)


def test_the_end_of_a_connection_is_written_before_its_peers_or_anybody_hears_of_it(tmp_path: Path) -> None:
    Watched.notes = []
    world = Watched(tmp_path)
    Device(world, "a").join()
    before = world.journals.current.last
    Watched.notes.clear()
    world.ask("connection.close", connection="a", reason="removed")
    closed = numbered(world, "closed")
    assert closed == before + 1
    assert {what for what, _ in world.notes} == {"datagram", "closed"}
    assert {last for _, last in world.notes} == {closed}


def test_what_is_announced_of_a_presence_has_been_written(tmp_path: Path) -> None:
    clock = WebClock()
    clock.set(SECOND, since_ns=0)
    journals = Journals(directory=tmp_path, boot="boot", clock=clock)
    written: list[tuple[Change, str]] = []

    def announce(change: Change) -> None:
        facts = journals.read(boot="boot", after=0, limit=100, now_ns=0).facts
        written.append((change, facts[-1].kind if facts else ""))

    witness = Witness(
        room="r",
        participant="p",
        connection="c",
        journals=journals,
        clock=clock,
        tracks=dict,
        announce=announce,
    )
    witness.packet(0)
    witness.tick(20 * SECOND)
    witness.packet(21 * SECOND)
    assert written == [
        (Change.FIRST, "first_packet"), (Change.SILENT, "silent"), (Change.RESUMED, "resumed")
    ]  # fmt: skip
    journals.close()

"""What the relay keeps of people, while they are there and after: `python -m tests.load.churn`.

First memory: so many seats with both peer connections, connected and with keys but without media; then a
group of twelve that speaks and shows itself, until its histories are full.

Then churn: every second (`--faster 10`: ten times as often) somebody joins or leaves a call under way, each
through the control connection, ICE and DTLS. People leave in every way there is: put out by the web side,
closed by the browser, gone without a word (closed later by the web side, or by the relay itself after its
180 s); others restart ICE or build a peer connection anew. From time to time everybody goes, and what is left
is counted: memory, file descriptors, threads, objects by type, and every index of the relay. Ends with status
1 when an index holds something at rest, or objects grow.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.load.figures import Footprint, footprint, machine, say, slope
from tests.load.leavers import Crowd
from tests.load.live_world import LiveDevice, LiveWorld
from tests.load.observed import VARIABLE, Census, ask_census
from tests.relay.peer import DELTA_FRAME, KEY_FRAME
from tests.relay.process import Control, RelayProcess

GROUP = 12
# Histories are full after this many packets of each source, and nothing is said without being heard.
_PACKETS, _BATCH = 560, 8
# Objects that come and go with the clock: what is under way in the loop just now.
_SOME_OBJECTS = 40
REST_MINUTES = 10.0


class Observed:
    """A relay of its own with a window in it, and the people before it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._census = folder / "census.json"
        os.environ[VARIABLE] = str(self._census)
        self.process = RelayProcess(folder / "facts", log=folder / "relay.log", module="tests.load.observed")
        self.control = Control(self.process.control).start()
        self.world = LiveWorld(self.control)
        self.pid = self.process.process.pid

    def census(self) -> Census:
        """Have the relay count."""
        return ask_census(self.pid, self._census)

    def footprint(self) -> Footprint:
        """Ask the kernel."""
        return footprint(self.pid)

    def close(self) -> None:
        """End it."""
        self.control.socket.close()
        self.process.stop()
        self.world.close()


def seat(observed: Observed, name: str, room: str) -> LiveDevice:
    """Bring one device in and wait for its keys."""
    device = LiveDevice(observed.world.as_world(), name, room=room)
    device.join()
    assert observed.world.run_until(lambda: device.is_connected), "no keys in time"
    return device


def measure_idle(folder: Path, seats: int) -> float:
    """Say what a peer connection takes that carries nothing; give it in KiB."""
    observed = Observed(folder)
    try:
        first = seat(observed, "first", "before")  # what is made once is made now
        observed.world.ask("connection.close", connection="first", reason="left")
        first.vanish()
        observed.world.run(1)
        empty, before = observed.footprint(), observed.census()
        for number in range(seats):
            seat(observed, f"idle-{number}", f"room-{number // GROUP}")
        observed.world.run(1)
        full, after = observed.footprint(), observed.census()
        peers = 2 * seats
        each = (full.pss - empty.pss) / peers
        say(f"  process before anybody came: {empty.pss / 1024:.1f} MiB PSS")
        say(f"  {peers} idle peer connections: {each:.1f} KiB each (PSS)")
        say(f"    private dirty {(full.private - empty.private) / peers:.1f} KiB each")
        say(f"    of it allocated by C libraries {(after.native - before.native) / peers / 1024:.1f} KiB,")
        say(f"    Python objects {(after.blocks - before.blocks) / peers:.0f}")
        return each
    finally:
        observed.close()


def measure_group(folder: Path) -> None:
    """Say what a group takes whose histories are full."""
    observed = Observed(folder)
    try:
        world = observed.world
        devices = [seat(observed, f"member-{number}", "group") for number in range(GROUP)]
        world.run(1)
        before = observed.footprint()
        for number in range(_PACKETS):
            for device in devices:
                device.speak(bytes(80))
                device.show((KEY_FRAME if number % 100 == 0 else DELTA_FRAME) + bytes(1000))
            if number % _BATCH == 0:
                world.run(0.02)
        world.run(1)
        after = observed.footprint()
        added = after.pss - before.pss
        say(f"  a group of {GROUP} with full histories: {added / 1024:.1f} MiB more,")
        say(f"    {added / GROUP:.0f} KiB for each voice and picture (64 packets of 80 B, 512 of 1 kB kept)")
    finally:
        observed.close()


class Record:
    """What was seen of the relay while people came and went."""

    def __init__(self) -> None:
        self.loaded: list[tuple[float, Footprint]] = []
        self.rests: list[tuple[float, Footprint, Census]] = []

    def verdict(self) -> bool:
        """Print what grew; say whether nothing did that must not."""
        first, last = self.rests[min(1, len(self.rests) - 1)], self.rests[-1]
        hours = (last[0] - first[0]) / 3600
        say("  at rest      after   RSS MiB   PSS MiB   native MiB   blocks   files   threads")
        for at, print_, census in self.rests:
            say(
                f"  {at / 60:15.1f} min {print_.rss / 1024:9.2f} {print_.pss / 1024:9.2f}"
                f" {census.native / 2**20:12.2f} {census.blocks:8} {print_.files:7} {print_.threads:9}"
            )
        settled = self.loaded[len(self.loaded) // 5 :]
        per_hour = slope([(at / 3600, float(each.rss)) for at, each in settled])
        at_rest = slope([(at / 3600, float(each.rss)) for at, each, _ in self.rests[1:]])
        say(f"  RSS slope under load: {per_hour:+.0f} KiB an hour ({len(settled)} samples)")
        say(f"  RSS slope at rest: {at_rest:+.0f} KiB an hour ({len(self.rests) - 1} rests)")
        say(f"  index at rest: {last[2].indexes}")
        grown = {
            kind: number - first[2].kinds.get(kind, 0)
            for kind, number in last[2].kinds.items()
            if number > first[2].kinds.get(kind, 0)
        }
        say(f"  objects that grew in {hours:.2f} h between two rests: {grown or 'none'}")
        held = {name: number for name, number in last[2].indexes.items() if number and name != "journals"}
        return not held and sum(grown.values()) <= _SOME_OBJECTS


def churn(folder: Path, *, minutes: float, faster: float, seats: int, seed: int) -> bool:
    """Let people come and go; say whether the relay is afterwards as it was before."""
    observed = Observed(folder)
    try:
        crowd = Crowd(observed.world, seats=seats, seed=seed)
        record = Record()
        events = round(minutes * 60)
        rest_every = max(1, round(REST_MINUTES * 60)) if minutes > 3 * REST_MINUTES else max(1, events // 4)
        started = observed.world.clock()

        def passed() -> float:
            return (observed.world.clock() - started) / 1e9

        for number in range(events):
            if number % rest_every == 0:
                crowd.clear()
                record.rests.append((passed(), observed.footprint(), observed.census()))
            crowd.happen(1 / faster)
            if number % 15 == 14:
                record.loaded.append((passed(), observed.footprint()))
            if number % 300 == 299:
                now = record.loaded[-1][1]
                say(f"  {passed() / 60:6.1f} min: {crowd.said()}; RSS {now.rss / 1024:.1f} MiB")
        crowd.clear()
        record.rests.append((passed(), observed.footprint(), observed.census()))
        stats = observed.world.ask("stats")
        say(f"  {crowd.said()}")
        say(f"  packets in {stats['packets_in']}, out {stats['packets_out']}, dropped {stats['dropped']}")
        return record.verdict()
    finally:
        observed.close()


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", type=int, default=400, help="idle peer connections; 0 leaves them out")
    parser.add_argument("--minutes", type=float, default=60, help="a join or leave for each second of these")
    parser.add_argument("--faster", type=float, default=1, help="so many times as many events a second")
    parser.add_argument("--seats", type=int, default=GROUP, help="about so many people at a time")
    parser.add_argument("--seed", type=int, default=1, help="of who leaves when and how")
    options = parser.parse_args(arguments)
    say(f"machine: {machine()}")
    is_good = True
    with tempfile.TemporaryDirectory(prefix="iop-churn-") as name:
        folder = Path(name)
        if options.peers:
            say("memory")
            is_good = measure_idle(folder / "idle", options.peers // 2) < 200
            measure_group(folder / "group")
        if options.minutes:
            say(f"churn: {options.minutes:g} minutes' joins and leaves, {options.faster:g} a second")
            is_good &= churn(
                folder / "churn",
                minutes=options.minutes,
                faster=options.faster,
                seats=options.seats,
                seed=options.seed,
            )
    say(f"machine: {machine()}")
    say("as it should be" if is_good else "NOT as it should be")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

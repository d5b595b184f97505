"""All journals of one directory: this boot's, and those of dead boots whose facts nobody has taken."""

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from realtime.relay.clock import WebClock, iso, parse_iso
from realtime.relay.facts.journal_file import JournalFile
from realtime.wire.facts import FactsPage, Journal, JournalFact, RelayFactKind

logger = logging.getLogger("realtime.relay")


class UnknownBootError(Exception):
    """No journal of that boot is here."""


class Journals:
    """Append facts of this boot, and serve every boot's facts until they are acknowledged.

    On construction each older journal is finished: a connection without an end gets one, at its last packet.
    """

    def __init__(self, *, directory: Path, boot: str, clock: WebClock) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.boot = boot
        self._clock = clock
        self._last_at: dict[str, datetime] = {}
        self._files: dict[str, JournalFile] = {}
        self._acknowledged: dict[str, int] = {}
        for path in sorted(directory.glob("*.jsonl")):
            try:
                file = JournalFile(path)
            except BlockingIOError:
                continue  # another relay that is alive uses the same directory
            if finish(file):
                self._files[file.boot] = file
            else:
                file.delete()
        self.current = JournalFile(directory / f"{boot}.jsonl")
        self._files[boot] = self.current

    def record(
        self,
        kind: RelayFactKind,
        *,
        room: str,
        participant: str,
        connection: str,
        mono_ns: int,
        data: dict[str, JsonValue],
    ) -> None:
        """Write one fact to the journal; time never goes back within a connection."""
        at = self._clock.wall(mono_ns)
        before = self._last_at.get(connection)
        if before is not None and before > at:
            at = before
        if kind == "closed":
            self._last_at.pop(connection, None)
        else:
            self._last_at[connection] = at
        fact = JournalFact(
            seq=self.current.next_seq,
            kind=kind,
            room=room,
            participant=participant,
            connection=connection,
            at=at,
            mono_ns=mono_ns,
            data=data,
        )
        try:
            self.current.append(fact)
        except OSError:
            # Media must not stop because a disk is full; the facts wait in memory and are tried again.
            logger.exception("relay.journal_refused", extra={"event": "relay.journal_refused"})

    def retry(self) -> None:
        """Try again to write what the disk refused."""
        if self.current.waiting:
            with contextlib.suppress(OSError):
                self.current.flush()

    def boots(self) -> list[Journal]:
        """List the journals that can be read."""
        return [
            Journal(boot=boot, first=min(1, file.last), last=file.last, current=boot == self.boot)
            for boot, file in self._files.items()
        ]

    def read(self, *, boot: str, after: int, limit: int, now_ns: int) -> FactsPage:
        """Return a page of facts and the instant up to which they are complete."""
        file = self._files.get(boot)
        if file is None:
            raise UnknownBootError
        now = self._clock.wall(now_ns) if boot == self.boot else None
        facts = file.read(after, limit)
        last = facts[-1].seq if facts else min(after, file.last)
        if now is None or last < file.last or file.waiting:
            newest = facts[-1:] or file.read(last - 1, 1)
            now = newest[0].at if newest else datetime.fromisoformat("1970-01-01T00:00:00Z")
        return FactsPage(facts=facts, last=last, as_of=now)

    def acknowledge(self, *, boot: str, upto: int) -> None:
        """Delete the journal of a dead boot once all of it has been taken; anything else changes nothing."""
        file = self._files.get(boot)
        if file is None:
            return
        self._acknowledged[boot] = max(self._acknowledged.get(boot, 0), min(upto, file.last))
        if boot != self.boot and upto >= file.last:
            file.delete()
            del self._files[boot], self._acknowledged[boot]

    @property
    def unacknowledged(self) -> int:
        """Count the facts of all boots that nobody has confirmed to this process; a number for operators."""
        return sum(
            file.last + file.waiting - self._acknowledged.get(boot, 0) for boot, file in self._files.items()
        )

    def close(self) -> None:
        """Put the current journal on disk and let go of all."""
        for file in self._files.values():
            if file.is_dirty:
                file.sync()
            file.close()


def finish(file: JournalFile) -> int:
    """Write the missing `closed` facts of a boot that is dead; return the number of its last fact."""
    open_connections: dict[str, JournalFact] = {}
    last_packet: dict[str, datetime] = {}
    mono_ns = 0
    for fact in _all_facts(file):
        mono_ns = max(mono_ns, fact.mono_ns)
        if fact.kind == "closed":
            open_connections.pop(fact.connection, None)
            continue
        open_connections[fact.connection] = fact
        known = fact.data.get("last_packet_at")
        if fact.kind == "resumed":
            last_packet[fact.connection] = fact.at
        elif isinstance(known, str):
            last_packet[fact.connection] = parse_iso(known)
    for connection, fact in open_connections.items():
        file.append(
            JournalFact(
                seq=file.next_seq,
                kind="closed",
                room=fact.room,
                participant=fact.participant,
                connection=connection,
                at=fact.at,
                mono_ns=mono_ns,
                data={
                    "last_packet_at": iso(last_packet.get(connection, fact.at)),
                    "reason": "boot_ended",
                    "inferred": True,
                },
            )
        )
    if file.is_dirty:
        file.sync()
    return file.last


def _all_facts(file: JournalFile) -> Iterator[JournalFact]:
    position = 0
    while page := file.read(position, 500):
        yield from page
        position = page[-1].seq

"""What the benchmark asks of a relay, ours or another's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class RelayMissingError(Exception):
    """A relay cannot run on this machine; the argument says what to install."""


class RelayFailedError(Exception):
    """A relay did not start, or refused what it was asked; the argument says what."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a relay runs: the address it is reached at, the core it is pinned to, a folder for its files."""

    address: str
    folder: Path
    core: int | None = None

    def pinned(self, *command: str) -> list[str]:
        """Return the command with the pinning before it; the process keeps its id."""
        return list(command) if self.core is None else ["taskset", "--cpu-list", str(self.core), *command]


class RelayUnderTest(Protocol):
    """Start, sign people in and out, stop. Every call is done when it returns.

    Each participant has one publishing and one subscribing peer connection. First everybody joins and
    publishes, then everybody subscribes: `publishers` others are there by then. The client offers what it
    publishes (`sendonly`) and answers what it subscribes to (`recvonly`).
    """

    @property
    def name(self) -> str:
        """Name the relay and how it is set, for the table."""

    @property
    def pid(self) -> int:
        """Return the process that does the work; its CPU time is what is measured."""

    def start(self) -> None:
        """Start the process and wait until it can be asked; RelayMissingError says what to install."""

    def stop(self) -> None:
        """End the process; idempotent."""

    def join(self, room: str, participant: str) -> None:
        """Open a seat in a room, which comes to be with its first participant."""

    def publish(self, room: str, participant: str, offer_sdp: str) -> str:
        """Answer the offer of a participant's microphone and camera."""

    def subscribe(self, room: str, participant: str, publishers: int) -> str:
        """Offer everything that the `publishers` others in the room publish."""

    def subscribed(self, room: str, participant: str, answer_sdp: str) -> None:
        """Take the answer to `subscribe`."""

    def keepalive(self) -> None:
        """Do what the signalling needs every few seconds; called once a second, must be quick."""

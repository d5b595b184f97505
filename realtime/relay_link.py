"""What the rest of the web side knows of a relay: ask it, hear it, know whether it is there."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from realtime.wire.relay import (
    DrainingEvent,
    MediaEvent,
    Ok,
    QualityEvent,
    RelayErrorId,
    Request,
    SlotsEvent,
    SpeakersEvent,
)
from realtime.wire.relay import FactsEvent as FactsReady

logger = logging.getLogger(__name__)


class RelayUnavailableError(Exception):
    """The relay cannot be reached now, or did not answer in time."""


class RelayRefusedError(Exception):
    """The relay answered with an error of its closed list."""

    def __init__(self, error: RelayErrorId) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The relay can be asked again; another `boot` than before holds no connections."""

    boot: str


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The control link broke; media may still flow."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One measurement of the relay's clock: wall minus monotonic; the round trip bounds its error."""

    offset_ns: int
    round_trip_ns: int


RelayNews = (
    SlotsEvent | MediaEvent | SpeakersEvent | QualityEvent | DrainingEvent | FactsReady | LinkUp | LinkDown
)
Listener = Callable[[RelayNews], None]


class Relay(Protocol):
    """One relay as its callers see it. `call` replaces the request's `id`, so callers pass 0."""

    @property
    def boot(self) -> str | None:
        """Give the boot id while the relay can be asked, otherwise nothing."""
        ...

    @property
    def clock(self) -> ClockReading | None:
        """Give the last clock reading."""
        ...

    async def call(self, request: Request) -> Ok:
        """Ask and wait; raises `RelayUnavailableError` or `RelayRefusedError`."""
        ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with all news, in order, on the event loop; it must not block."""
        ...


class Listeners:
    """Keep who listens; a listener may stop while news are being told."""

    def __init__(self) -> None:
        self._listeners: dict[int, Listener] = {}
        self._next = 0

    def add(self, listener: Listener) -> Callable[[], None]:
        """Add a listener and give the function that takes it away."""
        key = self._next
        self._next += 1
        self._listeners[key] = listener

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    def tell(self, news: RelayNews) -> None:
        """Tell everybody."""
        for listener in list(self._listeners.values()):
            try:
                listener(news)
            except Exception:
                logger.exception("relay.listener_failed")

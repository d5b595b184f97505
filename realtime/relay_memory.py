"""The relay's last word on slots and speakers, for a browser that comes back after it was said."""

from __future__ import annotations

from realtime.relay_link import LinkDown, Relay, RelayNews
from realtime.wire.relay import MediaEvent, SlotsEvent, SpeakersEvent


class RelayMemory:
    """Remember by connection and by room; the relay tells everything anew when the link comes back."""

    def __init__(self, relay: Relay) -> None:
        self._slots: dict[str, SlotsEvent] = {}
        self._speakers: dict[str, SpeakersEvent] = {}
        relay.listen(self._hear)

    def slots(self, connection: str) -> SlotsEvent | None:
        """Give the table of a connection's slots, if the relay told one."""
        return self._slots.get(connection)

    def speakers(self, room: str) -> SpeakersEvent | None:
        """Give who spoke last, unless it was nobody."""
        return self._speakers.get(room)

    def _hear(self, news: RelayNews) -> None:
        match news:
            case SlotsEvent():
                self._slots[news.connection] = news
            case SpeakersEvent(participants=[]):
                self._speakers.pop(news.room, None)
            case SpeakersEvent():
                self._speakers[news.room] = news
            case MediaEvent(state="closed"):
                self._slots.pop(news.connection, None)
            case LinkDown():
                self._slots.clear()
                self._speakers.clear()
            case _:
                pass

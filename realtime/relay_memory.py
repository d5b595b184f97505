"""The relay's last word on slots, quality and speakers, for a browser that comes back after it was said."""

from __future__ import annotations

from realtime.relay_link import LinkDown, Relay, RelayNews
from realtime.wire.relay import MediaEvent, QualityEvent, SlotsEvent, SpeakersEvent


class RelayMemory:
    """Remember by connection and by room; the relay tells everything anew when the link comes back."""

    def __init__(self, relay: Relay) -> None:
        self._slots: dict[str, SlotsEvent] = {}
        self._quality: dict[str, QualityEvent] = {}
        self._speakers: dict[str, SpeakersEvent] = {}
        relay.listen(self._hear)

    def of(self, *, room: str, connection: str) -> list[RelayNews]:
        """Give what a connection in a room would have heard last."""
        known = (self._slots.get(connection), self._quality.get(connection), self._speakers.get(room))
        return [news for news in known if news is not None]

    def speaking(self, room: str) -> list[str]:
        """Give who speaks in a room, wherever in it they are."""
        found = self._speakers.get(room)
        return list(found.participants) if found else []

    def _hear(self, news: RelayNews) -> None:
        match news:
            case SlotsEvent():
                self._slots[news.connection] = news
            case QualityEvent():
                self._quality[news.connection] = news
            case SpeakersEvent(participants=[]):
                self._speakers.pop(news.room, None)
            case SpeakersEvent():
                self._speakers[news.room] = news
            case MediaEvent(state="closed"):
                self._slots.pop(news.connection, None)
                self._quality.pop(news.connection, None)
            case LinkDown():
                self._slots.clear()
                self._quality.clear()
                self._speakers.clear()
            case _:
                pass

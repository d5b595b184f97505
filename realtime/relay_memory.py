"""The relay's last word on slots, quality and speakers, for a browser that comes back after it was said."""

from __future__ import annotations

from realtime.relay_link import LinkDown, Relay, RelayNews
from realtime.wire.relay import DrainingEvent, MediaEvent, QualityEvent, SlotsEvent, SpeakersEvent


class RelayMemory:
    """Remember by connection and by room; the relay tells everything anew when the link comes back."""

    def __init__(self, relay: Relay) -> None:
        self._slots: dict[str, SlotsEvent] = {}
        self._quality: dict[str, QualityEvent] = {}
        self._speakers: dict[tuple[str, str], list[str]] = {}
        self.is_draining = False
        relay.listen(self._hear)

    def of(self, connection: str) -> list[RelayNews]:
        """Give what was said about a connection last."""
        known = (self._slots.get(connection), self._quality.get(connection))
        return [news for news in known if news is not None]

    def speaking(self, room: str) -> list[str]:
        """Give who speaks in a room, wherever in it they are."""
        heard = (who for (place, _), who in self._speakers.items() if place == room)
        return list(dict.fromkeys(each for who in heard for each in who))

    def _hear(self, news: RelayNews) -> None:
        match news:
            case SlotsEvent():
                self._slots[news.connection] = news
            case QualityEvent():
                self._quality[news.connection] = news
            case SpeakersEvent(participants=[]):
                self._speakers.pop((news.room, news.side_room), None)
            case SpeakersEvent():
                self._speakers[news.room, news.side_room] = list(news.participants)
            case MediaEvent(state="closed"):
                self._slots.pop(news.connection, None)
                self._quality.pop(news.connection, None)
            case DrainingEvent():
                self.is_draining = news.seconds is not None
            case LinkDown():
                self.is_draining = False
                self._slots.clear()
                self._quality.clear()
                self._speakers.clear()
            case _:
                pass

"""How well the peers' networks do, looked at now and then instead of at every report."""

from realtime.relay.clock import SECOND
from realtime.relay.connection import Connection
from realtime.relay.counters import Counters
from realtime.relay.relay import Relay

SURVEY_SECONDS = 5.0


def survey(relay: Relay, counters: Counters) -> None:
    """Put the present loss and round trip of every stream that flows into the distributions."""
    for connection in relay.connections.values():
        _downlink(connection, counters)


def _downlink(connection: Connection, counters: Counters) -> None:
    for subscriber in connection.subscribers:
        flowing = [each for each in (*subscriber.audio, *subscriber.video) if each.encoding is not None]
        if flowing and subscriber.peer.is_connected:
            counters.loss_out.observe(max(each.loss_fraction for each in flowing) / 256)
            counters.round_trip.observe(flowing[0].round_trip_ns / SECOND)

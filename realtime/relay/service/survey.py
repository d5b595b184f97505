"""How well the peers' networks do, looked at now and then instead of at every report."""

from realtime.relay.clock import SECOND
from realtime.relay.connection import Connection
from realtime.relay.counters import Counters
from realtime.relay.relay import Relay

SURVEY_SECONDS = 5.0


def survey(relay: Relay, counters: Counters, now_ns: int) -> None:
    """Put the present loss, jitter and round trip of what flows into the distributions."""
    for connection in relay.connections.values():
        _uplink(connection, counters, now_ns)
        _downlink(connection, counters)


def _uplink(connection: Connection, counters: Counters, now_ns: int) -> None:
    for producer in connection.producers.values():
        for encoding in producer.encodings:
            if encoding.stats is not None and encoding.is_flowing(now_ns):
                counters.loss_in.observe(encoding.loss)
                counters.jitter.observe(encoding.stats.jitter_seconds)


def _downlink(connection: Connection, counters: Counters) -> None:
    for subscriber in connection.subscribers:
        if subscriber.peer.is_connected and subscriber.has_reported:
            counters.loss_out.observe(subscriber.loss)
            counters.round_trip.observe(subscriber.round_trip_ns / SECOND)

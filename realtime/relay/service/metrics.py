"""What the relay counts, in Prometheus's text format and under the names the field uses.

Everything is read when somebody asks; nothing here is called per packet. Labels are fixed words of ours: a
metric that named a room or a person would be a record of who was in therapy when.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from realtime.relay.counters import Counters, Distribution
from realtime.relay.facts.journal import Journals
from realtime.relay.relay import Relay

# Counted by name where it happens -> the metric and the value of its label.
_DIRECTED = {
    "nack": ("NACKs", {"nack_received": "in", "nack_sent": "out"}),
    "pli": ("Picture loss indications", {"pli_received": "in", "pli_sent": "out"}),
    "fir": ("Full intra requests", {"fir_received": "in"}),
    "rtx_packets": ("Packets sent again", {"rtx_received": "in", "rtx_sent": "out"}),
}
_PLAIN = {
    "keyframe": ("keyframes", "Key frames received"),
    "layer_switch": ("layer_switches", "Changes of the encoding that a slot is sent"),
    "ice_restart": ("ice_restarts", "ICE restarts in place"),
    "path_moved": ("path_moves", "Peer connections that went on from another address"),
}
_HANDSHAKES = {
    "dtls_connected": "ok",
    "handshake_failed": "failed",
    "handshake_deadline": "timeout",
}
_Pick = Callable[[Counters], Distribution]
_IN, _OUT = {"direction": "in"}, {"direction": "out"}
_FORWARD = "From the kernel's receive stamp to the last send, sampled"
_LOSS = "Loss of each stream in and of each subscriber, every 5 s"
_HISTOGRAMS: tuple[tuple[str, str, dict[str, str], _Pick], ...] = (
    ("forward_latency_seconds", _FORWARD, {}, lambda counters: counters.forward_latency),
    ("loop_lag_seconds", "How late the event loop comes round", {}, lambda counters: counters.loop_lag),
    ("rtt_seconds", "Round trip of each subscriber, every 5 s", {}, lambda counters: counters.round_trip),
    ("jitter_seconds", "Jitter of each stream in, every 5 s", {}, lambda counters: counters.jitter),
    ("packet_loss_ratio", _LOSS, _IN, lambda counters: counters.loss_in),
    ("packet_loss_ratio", _LOSS, _OUT, lambda counters: counters.loss_out),
    ("join_seconds", "From a seat's opening to its first keys", {}, lambda counters: counters.join_time),
)


class Metrics(Collector):
    """Collect the numbers of one relay."""

    def __init__(
        self,
        *,
        relay: Relay,
        counters: Counters,
        journals: Journals,
        web_processes: Callable[[], int],
        data_plane: str,
    ) -> None:
        self._relay = relay
        self._counters = counters
        self._journals = journals
        self._web_processes = web_processes
        self._data_plane = data_plane
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Write everything as it is now."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Describe nothing ahead: there is one collector, so no names can collide."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Give one family after the other."""
        yield from self._traffic()
        yield from self._happened()
        yield from self._present()
        yield from _distributions(self._counters)

    def _traffic(self) -> Iterator[Metric]:
        counters = self._counters
        yield _by_label(
            "relay_packets",
            "Datagrams",
            "direction",
            {"in": counters.packets_in, "out": counters.packets_out},
        )
        yield _by_label(
            "relay_packet_bytes", "Bytes", "direction", {"in": counters.bytes_in, "out": counters.bytes_out}
        )
        yield _by_label("relay_dropped", "What went no further, by reason", "reason", counters.dropped)

    def _happened(self) -> Iterator[Metric]:
        counters = self._counters
        left = dict(counters.happened)
        for name, (text, directions) in _DIRECTED.items():
            values = {direction: left.pop(each, 0) for each, direction in directions.items()}
            yield _by_label(f"relay_{name}", text, "direction", values)
        for each, (name, text) in _PLAIN.items():
            yield CounterMetricFamily(f"relay_{name}", text, value=left.pop(each, 0))
        both = {**left, **counters.dropped}
        results = {result: both.get(each, 0) for each, result in _HANDSHAKES.items()}
        yield _by_label("relay_dtls_handshakes", "DTLS handshakes by result", "result", results)
        others = {name: number for name, number in left.items() if name not in _HANDSHAKES}
        yield _by_label("relay_events", "What else happened", "event", others)

    def _present(self) -> Iterator[Metric]:
        relay, journals = self._relay, self._journals
        yield GaugeMetricFamily("relay_rooms", "Rooms with anybody in them", value=len(relay.rooms))
        yield GaugeMetricFamily("relay_connections", "Seats", value=len(relay.connections))
        peers = GaugeMetricFamily("relay_peers", "Peer connections", labels=["direction", "state"])
        for (direction, state), number in self._peers().items():
            peers.add_metric([direction, state], number)
        yield peers
        plane = GaugeMetricFamily("relay_data_plane", "1 for what forwards media here", labels=["plane"])
        plane.add_metric([self._data_plane], 1)
        yield plane
        yield GaugeMetricFamily("relay_draining", "1 while an end is planned", value=int(relay.is_draining))
        yield GaugeMetricFamily(
            "relay_unacknowledged_facts",
            "Facts that no ingester has confirmed",
            value=journals.unacknowledged,
        )
        yield GaugeMetricFamily(
            "relay_waiting_facts", "Facts that the disk has refused so far", value=journals.current.waiting
        )
        yield GaugeMetricFamily("relay_web_processes", "Control connections", value=self._web_processes())
        # Both are constant whatever the rooms do; a slope is a leak.
        yield GaugeMetricFamily("relay_tasks", "Tasks of the event loop", value=len(asyncio.all_tasks()))
        yield GaugeMetricFamily("relay_threads", "Threads", value=threading.active_count())

    def _peers(self) -> dict[tuple[str, str], int]:
        ways, states = ("publish", "subscribe"), ("connected", "connecting")
        found = {(way, state): 0 for way in ways for state in states}
        for connection in self._relay.connections.values():
            peers = [each.peer for each in connection.publishers]
            peers += [each.peer for each in connection.subscribers]
            for peer in peers:
                if not peer.is_ended:
                    found[peer.direction, "connected" if peer.is_connected else "connecting"] += 1
        return found


def _by_label(name: str, text: str, label: str, values: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _distributions(counters: Counters) -> Iterator[Metric]:
    families: dict[str, HistogramMetricFamily] = {}
    for name, text, labels, pick in _HISTOGRAMS:
        if name not in families:
            families[name] = HistogramMetricFamily(f"relay_{name}", text, labels=list(labels))
        distribution = pick(counters)
        sums = list(accumulate(distribution.counts))
        bounds = [*map(str, distribution.bounds), "+Inf"]
        families[name].add_metric(
            list(labels.values()), list(zip(bounds, sums, strict=True)), sum_value=distribution.total
        )
    yield from families.values()
